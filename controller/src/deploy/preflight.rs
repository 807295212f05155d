//! What speaks against a deployment before anything of it is begun. Pure: it judges what was gathered.

pub mod architecture;
mod health;
mod image;
mod network;
mod port;
mod room;
mod service;
mod spec;
mod stop;
mod swarm;

use crate::api::{Finding, Level, Preflight};
use crate::deploy::facts::{Facts, Model};

/// What every check says.
#[must_use]
pub fn judge(facts: &Facts) -> Preflight {
    let mut findings = service::findings(facts);
    match &facts.found {
        Err(why) => findings.push(Finding::refused("docker", why, "see `canaryctl status`")),
        Ok(model @ Model::Service(served)) => {
            findings.extend(image::findings(facts, model));
            findings.extend(swarm::findings(facts, served));
        }
        Ok(model @ Model::Container(found)) => {
            findings.extend(image::findings(facts, model));
            findings.extend(architecture::findings(found));
            findings.extend(room::findings(facts, found));
            findings.extend(port::findings(facts, found));
            findings.push(health::findings(facts, found));
            findings.extend(network::findings(facts, found));
            findings.extend(stop::findings(facts, found));
            findings.extend(spec::findings(facts, found));
        }
    }
    let resolved = facts.found.as_ref().ok().and_then(|found| found.resolved().as_ref().ok());
    Preflight {
        service: facts.subject.service.name.clone(),
        image: facts.asked.clone(),
        pinned: resolved.map(|resolved| resolved.image.clone()),
        release: facts.release.clone(),
        instances: facts.instances,
        strategy: facts.strategy.to_string(),
        is_stable: facts.is_stable(),
        findings,
    }
}

/// All that forbids it, in a sentence.
#[must_use]
pub fn in_words(services: &[Preflight]) -> String {
    let refused = services.iter().flat_map(|preflight| {
        let refused = preflight.findings.iter().filter(|finding| finding.level == Level::Refused);
        refused.map(|Finding { check, what, remedy, .. }| {
            let remedy = remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
            format!("{}: {check}: {what}{remedy}", preflight.service)
        })
    });
    refused.collect::<Vec<_>>().join("\n")
}

//! Whether a copy of stable's container would be what that is.

use canary_config::origin::Aliases;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found, Maker};
use crate::docker::clone::{self, Place};
use crate::docker::faithful::{self, Terms};

const CHECK: &str = "copy";

pub(super) fn findings(facts: &Facts, found: &Found) -> Vec<Finding> {
    if let Maker::Compose { is_started, .. } = facts.maker {
        return composed(facts, if is_started { Beginning::Started } else { Beginning::Made });
    }
    let terms = Terms { place: facts.place(), volumes: facts.volumes(), privileged: facts.privileged() };
    let report = faithful::examine(&found.original, &found.others, &found.injected, terms);
    let refusals = report.refusals.into_iter().map(|one| Finding::refused(CHECK, one.what, one.remedy));
    let warnings = report.warnings.into_iter().chain(facts.copy(found).warnings);
    let warnings = warnings.map(|one| Finding::warning(CHECK, one.what, one.remedy));
    let mut findings: Vec<_> = refusals.chain(warnings).collect();
    if findings.is_empty() {
        let model = clone::name(&found.original.container);
        findings.push(Finding::ok(CHECK, format!("all that {model} is made of is carried over")));
    }
    findings
}

/// What Compose leaves behind when it has made a container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// One that waits for its start.
    Made,
    /// One that runs.
    Started,
}

/// What there is to say of containers that Compose makes.
fn composed(facts: &Facts, beginning: Beginning) -> Vec<Finding> {
    let mut findings = Vec::new();
    if beginning == Beginning::Started && facts.place() == Place::InsteadOf {
        let what = "Compose completes these containers as it starts them, and they must not run yet: it writes their `configs` \
             and `secrets`, and version 1 connects them to all networks but one";
        findings.push(Finding::refused(
            CHECK,
            what,
            "have contents in a `file`, use Compose 2 or later, or use another strategy",
        ));
    }
    if facts.aliases() == Aliases::OnPromote {
        let service = &facts.subject.service.name;
        let what = "other containers find the new ones by the names of the old ones at once: Compose gives them";
        let remedy = format!("deploy a copy, or write \"keep\" in services.{service}.docker.aliases");
        findings.push(Finding::warning(CHECK, what, remedy));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "Compose makes the containers by its file"));
    }
    findings
}

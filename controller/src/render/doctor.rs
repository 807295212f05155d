//! Everything that is wrong or doubtful at once, each with its remedy.

use canary_config::name::ServiceName;
use serde::Serialize;

use crate::api::{ContainerStatus, FreezeStatus, Overview, ServiceStatus};
use crate::render::paint::{Color, Style};
use crate::render::status::cause;
use crate::render::text::{escape, wrap};
use crate::render::{COLUMNS, freeze, park, store};
use crate::rollout::PhaseName;

/// What a look at everything has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong or doubtful.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub gravity: Gravity,
    /// Of what: `docker`, `store`, a service, or a service and its container.
    pub of: String,
    /// What is to be seen.
    pub what: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gravity {
    /// Requests are not served, or what should be watched is not.
    Wrong,
    /// It works, and may not be meant.
    Doubtful,
}

// === impl Findings ===

impl Findings {
    /// What is to be found in all services, or with one of them; what concerns all is found with each.
    #[must_use]
    pub fn of(overview: &Overview, only: Option<&str>) -> Self {
        let is_meant = |service: &&ServiceStatus| only.is_none_or(|only| service.name.as_str() == only);
        let of_all = [of_store(overview), of_docker(overview), of_freezes(overview, only)];
        let of_each = overview.services.iter().filter(is_meant).flat_map(of_service);
        let mut findings: Vec<_> = of_all.into_iter().flatten().chain(of_each).collect();
        findings.sort_by_key(|finding| finding.gravity);
        Self { findings }
    }
}

// === impl Finding ===

impl Finding {
    fn wrong(of: &str, what: impl Into<String>, remedy: Option<String>) -> Self {
        Self { gravity: Gravity::Wrong, of: of.to_owned(), what: what.into(), remedy }
    }

    fn doubtful(of: &str, what: impl Into<String>, remedy: Option<String>) -> Self {
        Self { gravity: Gravity::Doubtful, of: of.to_owned(), what: what.into(), remedy }
    }
}

/// A paragraph for each finding, the worst first, and how many there are.
#[must_use]
pub fn doctor(findings: &Findings, color: Color) -> String {
    let all = &findings.findings;
    if all.is_empty() {
        return color.paint(Style::Good, "✔ nothing is wrong, and nothing is doubtful") + "\n";
    }
    let text: String = all.iter().map(|finding| paragraph(finding, color)).collect();
    let wrong = all.iter().filter(|finding| finding.gravity == Gravity::Wrong).count();
    text + &format!("\n{wrong} wrong, {} doubtful\n", all.len() - wrong)
}

fn paragraph(finding: &Finding, color: Color) -> String {
    const INDENT: &str = "  ";
    let (glyph, style) = match finding.gravity {
        Gravity::Wrong => ("✖", Style::Bad),
        Gravity::Doubtful => ("⚠", Style::Warning),
    };
    let Finding { of, what, remedy, .. } = finding;
    let mut text = String::new();
    for (index, line) in wrap(&escape(&format!("{of}: {what}")), COLUMNS - INDENT.len()).iter().enumerate() {
        let head = if index == 0 { format!("{glyph} ") } else { INDENT.to_owned() };
        text += &(color.paint(style, &(head + line)) + "\n");
    }
    for (index, line) in remedy.iter().flat_map(|remedy| wrap(&escape(remedy), COLUMNS - 4)).enumerate() {
        text += &format!("{}{line}\n", if index == 0 { "  → " } else { "    " });
    }
    text
}

fn of_store(overview: &Overview) -> Vec<Finding> {
    let remedy = "traffic is served; what changes now may be forgotten by a crash";
    store::message(&overview.store).map(|what| Finding::wrong("store", what, Some(remedy.into()))).into_iter().collect()
}

/// The Engine itself, and the containers that could not be given to a service.
fn of_docker(overview: &Overview) -> Vec<Finding> {
    let Some(docker) = &overview.docker else { return Vec::new() };
    let remedy = "requests go where they went; nothing is started or raised until it answers";
    let trouble = docker.trouble.as_ref().map(|what| Finding::wrong("docker", what, Some(remedy.into())));
    let faults = docker.faults.iter().map(|fault| {
        let (of, what) = fault.split_once(": ").unwrap_or(("docker", fault));
        let (what, remedy) = apart(what);
        Finding::wrong(of, what, remedy)
    });
    trouble.into_iter().chain(faults).collect()
}

fn of_freezes(overview: &Overview, only: Option<&str>) -> Vec<Finding> {
    let is_meant = |of: Option<&str>| of.is_none() || only.is_none() || of == only;
    let freezes = overview.freezes.iter().filter(|freeze| is_meant(freeze.service.as_ref().map(|name| name.as_str())));
    let finding = |freeze: &FreezeStatus| {
        let of = freeze.service.as_ref().map_or("all services", ServiceName::as_str);
        let lift = freeze.service.as_ref().map_or("--all".to_owned(), ToString::to_string);
        Finding::doubtful(of, freeze::what(freeze), Some(format!("`canaryctl unfreeze {lift}` lifts it")))
    };
    freezes.map(finding).collect()
}

fn of_service(service: &ServiceStatus) -> Vec<Finding> {
    let name = service.name.as_str();
    let mut findings = Vec::new();
    if service.stable.is_none() {
        let remedy = format!("label a container `canary.service={name}`, or `canaryctl adopt {name} RELEASE`");
        findings.push(Finding::wrong(name, "no release is stable", Some(remedy)));
    } else if service.is_down() {
        let what = format!("no backend of {} is ready; its requests wait, then get 503", service.stable);
        let remedy = format!("see what its containers and probes say: `canaryctl status {name}`");
        findings.push(Finding::wrong(name, what, Some(remedy)));
    }
    if let Some(parked) = &service.parked {
        let what = park::sentence(parked, service.waiting);
        findings.push(Finding::doubtful(name, what, Some(format!("`canaryctl unpark {name}` serves its requests"))));
    }
    if matches!(service.phase, PhaseName::Held | PhaseName::Paused | PhaseName::Aborted) {
        let canary = service.canary.as_ref().map_or("the canary".to_owned(), ToString::to_string);
        let why = cause(service).unwrap_or(service.phase.label());
        let what = format!("{canary} is {}: {why}", service.phase.label());
        let verb = if service.phase == PhaseName::Aborted { "explain" } else { "status" };
        findings.push(Finding::doubtful(name, what, Some(format!("see `canaryctl {verb} {name}`"))));
    }
    findings.extend(service.containers.iter().flat_map(|container| of_container(name, container)));
    findings
}

fn of_container(service: &str, container: &ContainerStatus) -> Vec<Finding> {
    let of = format!("{service} {}", container.name);
    let log = format!("see `docker logs {}`", container.name);
    let unhealthy = (container.state == "unhealthy").then(|| {
        let why = container.detail.as_deref().unwrap_or("its health check fails");
        Finding::wrong(&of, format!("it is unhealthy: {why}"), Some(log.clone()))
    });
    let ended = (container.state == "stopped").then_some(container.detail.as_ref()).flatten();
    let ended = ended.map(|how| Finding::doubtful(&of, format!("it has ended: {how}"), Some(log.clone())));
    let restarts = (container.restarts > 0).then(|| {
        let times = if container.restarts == 1 { "once".into() } else { format!("{} times", container.restarts) };
        let what = format!("Docker has started it again {times}");
        if container.restarts < LOOP {
            Finding::doubtful(&of, what, Some(log))
        } else {
            Finding::wrong(&of, what, Some(log))
        }
    });
    let trouble = container.trouble.as_ref().map(|why| {
        let remedy = "it is tried again every few seconds".to_owned();
        Finding::wrong(&of, format!("canaryd cannot change it: {why}"), Some(remedy))
    });
    let drift = container.drift.as_ref().map(|drift| {
        let (what, remedy) = apart(drift);
        Finding::doubtful(&of, format!("it gets no request: {what}"), remedy)
    });
    let doubts = container.doubts.iter().map(|doubt| {
        let (what, remedy) = apart(doubt);
        Finding::doubtful(&of, what, remedy)
    });
    [unhealthy, ended, restarts, trouble, drift].into_iter().flatten().chain(doubts).collect()
}

/// So many restarts are a loop.
const LOOP: u64 = 3;

/// What is wrong and what to do, which one sentence says.
fn apart(sentence: &str) -> (String, Option<String>) {
    match sentence.split_once("; ") {
        Some((what, remedy)) => (what.to_owned(), Some(remedy.to_owned())),
        None => (sentence.to_owned(), None),
    }
}

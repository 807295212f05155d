//! What no copy of a container can carry over, or what would be dangerous in two of it. Pure.
//!
//! A refusal means that the copy would not be what the original is, or would break it; each says what to do about it.
//! A warning is a fact that the operator has to weigh. [`clone`](super::clone) makes the copy that is judged here.

mod host;
pub mod injected;
mod mounts;

use std::fmt;

use bollard::models::{ContainerInspectResponse, ContainerSummary};
use canary_config::origin::AnonymousVolumes;

use super::clone::{Original, Place, label, labels, name};
use super::label::{COMPOSE_NUMBER, COMPOSE_ONE_OFF, COMPOSE_PROJECT, COMPOSE_SERVICE, SWARM_TASK};

/// What no copy can carry over. There is no copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfaithful {
    /// What it is, on the container at hand.
    pub what: String,
    /// What the operator can do.
    pub remedy: String,
}

/// What the operator has to weigh. There is a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is, on the container at hand.
    pub what: String,
    /// What the operator can do.
    pub remedy: String,
}

/// All that there is to say of copies of one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// With any of these there is no copy.
    pub refusals: Vec<Unfaithful>,
    /// What to weigh.
    pub warnings: Vec<Warning>,
}

/// What the operator allows, and how the copies are to live.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether the original runs at the same time.
    pub place: Place,
    /// What becomes of volumes without a name.
    pub volumes: AnonymousVolumes,
    /// Whether a container that rules its host may be copied.
    pub privileged: Privileged,
}

/// Whether a container that rules its host may be copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privileged {
    /// No. The default.
    #[default]
    Refuse,
    /// The operator said so.
    Allow,
}

const FROM_COMPOSE: &str = "deploy it with `--from-compose`";
const RECREATE: &str = "use `strategy = \"recreate\"`, which stops the old release first";

// === impl Warning ===

impl Warning {
    /// A fact, and what can be done about it.
    #[must_use]
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

impl fmt::Display for Unfaithful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

// === impl Report ===

impl Report {
    fn refuse(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.refusals.push(Unfaithful { what: what.into(), remedy: remedy.into() });
    }

    fn warn(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.warnings.push(Warning::new(what, remedy));
    }
}

/// What there is to say of a copy of this container. `others` are all containers of the Engine; `injected` is what was
/// put into this one between its creation and its start.
#[must_use]
pub fn examine(
    original: &Original,
    others: &[ContainerSummary],
    injected: &injected::Injected,
    terms: Terms,
) -> Report {
    let mut report = Report::default();
    kind(original, &mut report);
    host::network(&original.container, terms.place, &mut report);
    host::namespaces(&original.container, others, &mut report);
    host::rights(&original.container, terms.privileged, &mut report);
    host::devices(&original.container, &mut report);
    mounts::examine(&original.container, terms, &mut report);
    injected.examine(&mut report);
    life(original, &mut report);
    report
}

/// What there is to say of a container that was made beside the one that it takes the place of, and is no copy of it.
#[must_use]
pub fn look_at(made: &ContainerInspectResponse, terms: Terms) -> Report {
    let mut report = Report::default();
    host::rights(made, terms.privileged, &mut report);
    host::devices(made, &mut report);
    mounts::examine(made, terms, &mut report);
    report
}

/// What is not a container of its own right.
fn kind(original: &Original, report: &mut Report) {
    if original.label(SWARM_TASK).is_some() {
        report.refuse("it is a task of a Swarm service", "let Swarm create it: declare the service as one of Swarm");
    }
    let is_one_off = original.label(COMPOSE_ONE_OFF).is_some_and(|is| is.eq_ignore_ascii_case("true"));
    if is_one_off || original.label(labels::TASK).is_some() {
        report.refuse("it was started for one command (`compose run`)", "start the service itself with `compose up`");
    }
}

/// How it is started, named and ended.
fn life(original: &Original, report: &mut Report) {
    let container = &original.container;
    let host = container.host_config.clone().unwrap_or_default();
    let config = container.config.clone().unwrap_or_default();
    if host.auto_remove == Some(true) {
        report.warn(
            "it was started with `--rm`, so that it is gone once it stops, and there is nothing to roll back to",
            "start it without `--rm`",
        );
    }
    if config.open_stdin == Some(true) || config.tty == Some(true) {
        report
            .warn("it has a terminal or an open input, which nobody is at in a copy", "start it without `-i` and `-t`");
    }
    if host.links.is_some_and(|links| !links.is_empty()) {
        report
            .warn("it uses `links`, which keep the address of what they name", "put both on a network, and use names");
    }
    if let Some(chosen) = chosen_name(container) {
        report.warn(
            format!("others may call it by its container name `{chosen}`, which a copy never has"),
            "remove `container_name` from the file, and call it by the name of its service",
        );
    }
}

/// The name of a Compose container that Compose did not choose: `container_name`.
fn chosen_name(container: &ContainerInspectResponse) -> Option<&str> {
    let [project, service, number] =
        [COMPOSE_PROJECT, COMPOSE_SERVICE, COMPOSE_NUMBER].map(|key| label(container, key));
    let (project, service, number) = (project?, service?, number?);
    let name = name(container);
    let is_composes = ["-", "_"].iter().any(|dash| name == [project, service, number].join(dash));
    (!is_composes).then_some(name)
}

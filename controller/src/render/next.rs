//! What is worth doing by hand.

use crate::api::ServiceStatus;
use crate::rollout::PhaseName;

/// Orders that make sense where the service stands, each with its effect.
pub(super) fn next(service: &ServiceStatus) -> Vec<(String, &'static str)> {
    let name = &service.name;
    let mut verbs = verbs(service);
    // In a freeze a promotion is refused, unless it ends a probation; and so it is while a service is parked.
    let is_stopped = service.freeze.is_some() || service.parked.is_some();
    verbs.retain(|(verb, _)| *verb != "promote" || !is_stopped || service.phase == PhaseName::Probation);
    let mut commands: Vec<_> = verbs.into_iter().map(|(verb, effect)| (format!("{verb} {name}"), effect)).collect();
    if let Some(freeze) = &service.freeze {
        let of = freeze.service.as_ref().map_or("--all".to_owned(), ToString::to_string);
        commands.push((format!("unfreeze {of}"), "lifts the freeze"));
    }
    if service.parked.is_some() {
        commands.push((format!("unpark {name}"), "serves its requests again"));
    }
    commands
}

fn verbs(service: &ServiceStatus) -> Vec<(&'static str, &'static str)> {
    const ABORT: (&str, &str) = ("abort", "sends the canary back");
    let is_last = service.step.as_ref().is_some_and(|step| step.number.saturating_add(1) >= step.of);
    let onward = match &service.step {
        // It has all requests already.
        None => "makes it stable in spite of it",
        Some(_) if is_last => "goes on to 100%",
        Some(_) => "goes on to the next step",
    };
    let onward = ("promote", onward);
    match service.phase {
        PhaseName::Idle => vec![],
        PhaseName::Draining | PhaseName::Preparing if is_commanded(service) => {
            vec![("resume", "lets it go on when it is ready"), ABORT]
        }
        PhaseName::Draining | PhaseName::Preparing => vec![ABORT],
        PhaseName::Progressing => vec![("pause", "stays at this share"), onward, ABORT],
        PhaseName::Held => vec![onward, ABORT],
        PhaseName::Paused if is_commanded(service) => vec![("resume", "lets it go on"), ABORT],
        PhaseName::Paused => vec![ABORT],
        PhaseName::Probation => vec![("undo", "takes the release back"), ("promote", "ends the probation")],
        PhaseName::Aborted => vec![("retry", "tries the release again")],
    }
}

/// Whether an operator has paused it.
fn is_commanded(service: &ServiceStatus) -> bool {
    matches!(service.pause.as_deref(), Some("command" | "both"))
}

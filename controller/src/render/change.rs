//! What a command has changed.

use canary_config::name::{ReleaseId, ServiceName};

use crate::api::{Done, Moved, Rollback};
use crate::render::COLUMNS;
use crate::render::number::{count, duration, microseconds};
use crate::render::paint::{Color, Style};
use crate::render::phase::{glyph, style};
use crate::render::text::{shorten, wrap};
use crate::rollout::{PhaseName, Reason, Transition};

/// Names in a sentence are cut to this, so that the sentence stays a line.
pub(super) const NAME_COLUMNS: usize = 28;

/// A line for each service that says what is in force now, and a warning if it is not stored.
#[must_use]
pub fn done(done: &Done, color: Color) -> String {
    let Done { service, transition, durable, rollback, peers } = done;
    let peers = peers.iter().map(|Moved { service, transition }| moved(service, transition, color));
    let warning = if *durable { String::new() } else { warning(color) };
    let left = rollback.as_ref().map(|rollback| left(rollback, color)).unwrap_or_default();
    moved(service, transition, color) + &left + &peers.collect::<String>() + &warning
}

/// When the last request was picked for the canary, and what became of those in flight.
fn left(rollback: &Rollback, color: Color) -> String {
    let Rollback { to_last_pick_us, in_flight, to_drained_ms } = rollback;
    let last = match to_last_pick_us {
        0 => "no request was picked for it after the order".to_owned(),
        us => format!("its last request was picked {} after the order", microseconds(*us)),
    };
    let in_flight = match (in_flight, to_drained_ms) {
        (0, _) => "none was in flight".to_owned(),
        (_, None) => format!("{} in flight may end in their own time", count(*in_flight)),
        (_, Some(ms)) => format!("{} in flight had ended {} after it", count(*in_flight), duration(*ms)),
    };
    color.paint(Style::Quiet, &format!("  {last}; {in_flight}")) + "\n"
}

fn moved(service: &ServiceName, transition: &Transition, color: Color) -> String {
    let subject = subject(service, transition.canary.as_ref());
    let line = format!("{} {subject}: {}", glyph(transition.to), effect(transition));
    let lines = wrap(&line, COLUMNS).into_iter().map(|line| color.paint(style(transition.to), &line) + "\n");
    lines.collect()
}

/// `web v2`: of what a sentence speaks.
pub(super) fn subject(service: &ServiceName, release: Option<&ReleaseId>) -> String {
    let service = shorten(service.as_str(), NAME_COLUMNS);
    match release {
        Some(release) => format!("{service} {}", shorten(release.as_str(), NAME_COLUMNS)),
        None => service,
    }
}

/// What is in force now.
pub(super) fn effect(transition: &Transition) -> String {
    match (transition.reason, transition.from, transition.to) {
        (Reason::Queued, ..) => return "waits for the end of the rollout that is under way".to_owned(),
        (Reason::Obsolete, ..) => return "does not wait any more".to_owned(),
        (Reason::Overtaken, ..) => return "taken back before it was in force".to_owned(),
        // The order is about what comes when it is ready.
        (Reason::Command, PhaseName::Preparing, PhaseName::Preparing)
        | (Reason::Command, PhaseName::Draining, PhaseName::Draining) => {
            return "not ready yet; the order counts from its first share on".to_owned();
        }
        // An abort while nothing was under way.
        (Reason::Command, PhaseName::Idle, PhaseName::Idle)
        | (Reason::Command, PhaseName::Aborted, PhaseName::Aborted) => {
            return "nothing waits for its turn any more".to_owned();
        }
        (Reason::Adopted | Reason::Replaced, ..) => return "stable now, unjudged".to_owned(),
        _ => {}
    }
    let weight = transition.weight;
    let step = transition.step.map(|step| format!(" (step {})", step.saturating_add(1))).unwrap_or_default();
    match transition.to {
        PhaseName::Idle => "completed; it is stable now".to_owned(),
        PhaseName::Draining => {
            format!(
                "draining (rollout {}); prepared once the release that leaves has gone",
                transition.generation.get()
            )
        }
        PhaseName::Preparing => {
            format!("preparing (rollout {}); no request until it is ready", transition.generation.get())
        }
        PhaseName::Progressing => format!("{weight}{step}"),
        PhaseName::Held => format!("held at {weight}{step}"),
        PhaseName::Paused if transition.reason == Reason::Command => {
            format!("paused at {weight}{step}; `resume` lets it go on")
        }
        PhaseName::Paused => format!("paused at {weight}{step}"),
        PhaseName::Probation => format!("{weight}, in probation; `undo` takes it back at once"),
        PhaseName::Aborted => format!("aborted, {weight}; stable has all requests"),
    }
}

fn warning(color: Color) -> String {
    let lines = [
        color.paint(Style::Warning, "⚠ in force, but not stored: a crash of canaryd would forget it"),
        color.paint(Style::Quiet, "  `canaryctl status` says what is wrong with the store"),
    ];
    lines.join("\n") + "\n"
}

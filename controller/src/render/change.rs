//! What a command has changed.

use canary_config::name::{ReleaseId, ServiceName};

use crate::api::Done;
use crate::render::COLUMNS;
use crate::render::paint::{Color, Style};
use crate::render::phase::{glyph, style};
use crate::render::text::{shorten, wrap};
use crate::rollout::{PhaseName, Transition};

/// Names in a sentence are cut to this, so that the sentence stays a line.
const NAME_COLUMNS: usize = 28;

/// A line that says what is in force now, and a warning if it is not stored.
#[must_use]
pub fn done(done: &Done, color: Color) -> String {
    let Done { transition, durable, .. } = done;
    let subject = subject(&done.service, transition.canary.as_ref());
    let line = format!("{} {subject}: {}", glyph(transition.to), effect(transition));
    let lines = wrap(&line, COLUMNS).into_iter().map(|line| color.paint(style(transition.to), &line) + "\n");
    let warning = if *durable { String::new() } else { warning(color) };
    lines.collect::<String>() + &warning
}

/// `web v2`: of what a sentence speaks.
pub(super) fn subject(service: &ServiceName, release: Option<&ReleaseId>) -> String {
    let service = shorten(service.as_str(), NAME_COLUMNS);
    match release {
        Some(release) => format!("{service} {}", shorten(release.as_str(), NAME_COLUMNS)),
        None => service,
    }
}

fn effect(transition: &Transition) -> String {
    let weight = transition.weight;
    let step = transition.step.map(|step| format!(" (step {})", step.saturating_add(1))).unwrap_or_default();
    match transition.to {
        PhaseName::Idle => "completed; it is stable now".to_owned(),
        PhaseName::Draining => "draining first; no new request until the release that leaves has gone".to_owned(),
        PhaseName::Preparing => {
            format!("preparing (rollout {}); no request until it is ready", transition.generation.get())
        }
        PhaseName::Progressing => format!("{weight}{step}"),
        PhaseName::Held => format!("held at {weight}{step}"),
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

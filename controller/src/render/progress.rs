//! What an awaited rollout does, as plain lines for a log.

use crate::api::{ServiceStatus, TrackStatus};
use crate::render::COLUMNS;
use crate::render::change::subject;
use crate::render::number::{count, factor, percent, short_count};
use crate::render::text::{escape, wrap};
use crate::render::why::why;
use crate::rollout::PhaseName;

/// What belongs to the line above.
const INDENT: &str = "  ";

/// `web v2: 10% (step 1 of 3)`: where the rollout stands. A log has no colour, and the line no time: the log has one.
#[must_use]
pub fn progress(service: &ServiceStatus) -> String {
    let release = service.canary.as_ref().unwrap_or(&service.stable);
    let mut text = subject(&service.name, Some(release)) + ": " + &place(service);
    if let (true, Some(reason)) = (is_worth_a_reason(service.phase), &service.reason) {
        text += &format!(": {}", escape(why(reason)));
    }
    let mut lines = wrap(&text, COLUMNS - INDENT.len());
    if service.phase == PhaseName::Aborted {
        lines.extend(grounds(service));
    }
    lines.join(&format!("\n{INDENT}")) + "\n"
}

fn place(service: &ServiceStatus) -> String {
    let weight = service.weight;
    let step = service
        .step
        .as_ref()
        .map(|step| format!(" (step {} of {})", short_count(step.number), short_count(step.of)))
        .unwrap_or_default();
    match service.phase {
        PhaseName::Idle => "completed, stable now".to_owned(),
        PhaseName::Draining => "draining".to_owned(),
        PhaseName::Preparing => "preparing".to_owned(),
        PhaseName::Progressing => format!("{weight}{step}"),
        PhaseName::Held => format!("held at {weight}{step}"),
        PhaseName::Paused => format!("paused at {weight}{step}"),
        PhaseName::Probation => format!("{weight}, in probation"),
        PhaseName::Aborted => "aborted".to_owned(),
    }
}

const fn is_worth_a_reason(phase: PhaseName) -> bool {
    matches!(phase, PhaseName::Held | PhaseName::Paused | PhaseName::Aborted)
}

/// The counts and the evidence that an abort rests on.
fn grounds(service: &ServiceStatus) -> Vec<String> {
    let Some(evidence) = &service.evidence else { return Vec::new() };
    let against = format!("evidence against {} of {}", factor(evidence.ln_abort), factor(evidence.ln_abort_at));
    service.tracks.iter().map(counts).chain([against]).collect()
}

fn counts(track: &TrackStatus) -> String {
    let (errors, requests) = (count(track.errors), count(track.requests));
    let noun = if track.errors == 1 { "error" } else { "errors" };
    let share = percent(track.errors, track.requests);
    format!("{}: {errors} {noun} in {requests} requests ({share})", escape(&track.track))
}

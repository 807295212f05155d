//! What an awaited rollout does, as plain lines for a log.

use canary_config::name::ReleaseId;

use crate::api::{ServiceStatus, TrackStatus};
use crate::render::COLUMNS;
use crate::render::change::{NAME_COLUMNS, subject};
use crate::render::evidence::has_begun;
use crate::render::number::{count, factor, percent, short_count};
use crate::render::status::cause;
use crate::render::text::{escape, shorten, wrap};
use crate::rollout::PhaseName;

/// What belongs to the line above.
const INDENT: &str = "  ";

/// `web v2: 10% (step 1 of 3)`: where the rollout stands. A log has no colour, and the line no time: the log has one.
#[must_use]
pub fn progress(service: &ServiceStatus) -> String {
    let release = service.canary.as_ref().unwrap_or(&service.stable);
    let mut text = subject(&service.name, Some(release)) + ": " + &place(service);
    if is_worth_a_reason(service.phase)
        && let Some(reason) = cause(service)
    {
        text += &format!(": {}", escape(reason));
    }
    let mut lines = wrap(&text, COLUMNS - INDENT.len());
    if service.phase == PhaseName::Aborted {
        lines.extend(grounds(service));
    }
    lines.join(&format!("\n{INDENT}")) + "\n"
}

/// `web v3: waits for its turn`: where a release stands that is queued, and what is before it.
#[must_use]
pub fn waiting(service: &ServiceStatus, release: &ReleaseId) -> String {
    let before = service.queue.iter().position(|waiting| waiting == release).unwrap_or_default();
    let behind = match (&service.canary, before) {
        (Some(canary), 0) => format!(" behind {}", shorten(canary.as_str(), NAME_COLUMNS)),
        (None, 0) => String::new(),
        (_, before) => format!("; before it: {}", short_count(before)),
    };
    let text = format!("{}: waits for its turn{behind}", subject(&service.name, Some(release)));
    wrap(&text, COLUMNS - INDENT.len()).join(&format!("\n{INDENT}")) + "\n"
}

fn place(service: &ServiceStatus) -> String {
    let weight = service.weight;
    let step = service
        .step
        .as_ref()
        .map(|step| format!(" (step {} of {})", short_count(step.number), short_count(step.of)))
        .unwrap_or_default();
    match service.phase {
        PhaseName::Idle if service.generation == 0 => "stable; no rollout yet".to_owned(),
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
    let Some(evidence) = service.evidence.as_ref().filter(|_| has_begun(service)) else { return Vec::new() };
    let against = format!("evidence against {} of {}", factor(evidence.ln_abort), factor(evidence.ln_abort_at));
    service.tracks.iter().map(counts).chain([against]).collect()
}

fn counts(track: &TrackStatus) -> String {
    let (errors, requests) = (count(track.errors), count(track.requests));
    let noun = if track.errors == 1 { "error" } else { "errors" };
    let share = percent(track.errors, track.requests);
    format!("{}: {errors} {noun} in {requests} requests ({share})", escape(&track.track))
}

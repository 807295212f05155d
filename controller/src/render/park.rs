//! Services that are parked by an operator's word, said before everything else.

use canary_config::name::ServiceName;

use crate::api::{Parked, ParkedStatus, ServiceStatus};
use crate::render::OVERVIEW_COLUMNS;
use crate::render::history::to_seconds;
use crate::render::number::{count, duration};
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, wrap};

/// The answer to a service's being parked or unparked.
#[must_use]
pub fn parked(parked: &Parked, color: Color) -> String {
    let Parked { service, parked, waiting, timeout_ms, requests } = parked;
    let Some(status) = parked else {
        return color.paint(Style::Good, &format!("✔ {service}: not parked")) + "\n";
    };
    let limits = match requests {
        0 => "its configuration parks no request, so that each gets 503".to_owned(),
        requests => format!("{} may wait, each for {}", count(*requests as u64), duration(*timeout_ms)),
    };
    line(service, status, *waiting, color) + &color.paint(Style::Quiet, &format!("  {limits}")) + "\n"
}

/// A paragraph, if the service is parked.
pub(super) fn lines(service: &ServiceStatus, color: Color) -> String {
    service.parked.as_ref().map(|parked| line(&service.name, parked, service.waiting, color)).unwrap_or_default()
}

/// How many requests wait, where no operator has said that they should.
pub(super) fn waiting(service: &ServiceStatus) -> Option<String> {
    let is_said = service.waiting == 0 || service.parked.is_some();
    (!is_said).then(|| format!("{} for a backend", requests(service.waiting)))
}

fn line(service: &ServiceName, parked: &ParkedStatus, waiting: usize, color: Color) -> String {
    const INDENT: &str = "  ";
    let text = format!("◷ {service}: {}", sentence(parked, waiting));
    let lines = wrap(&escape(&text), OVERVIEW_COLUMNS - INDENT.len());
    let lines: Vec<_> = lines.iter().map(|line| color.paint(Style::Warning, line)).collect();
    lines.join(&format!("\n{INDENT}")) + "\n"
}

/// By whom and until when it is parked, and what that means.
pub(super) fn sentence(parked: &ParkedStatus, waiting: usize) -> String {
    let ParkedStatus { actor, note, since, until } = parked;
    let until = match until {
        Some(until) => format!("until {}", to_seconds(until)),
        None => "until `unpark`".to_owned(),
    };
    let note = note.as_ref().map(|note| format!(": \"{note}\"")).unwrap_or_default();
    let (since, waiting) = (to_seconds(since), requests(waiting));
    format!("parked since {since} {until} by {actor}{note}; {waiting}, nothing is raised")
}

fn requests(waiting: usize) -> String {
    match waiting {
        1 => "1 request waits".to_owned(),
        waiting => format!("{} requests wait", count(waiting as u64)),
    }
}

//! The hooks and smoke tests of a rollout.

use crate::api::{CheckStatus, ServiceStatus};
use crate::render::fields::Fields;
use crate::render::number::duration;
use crate::render::paint::{Color, Style};

/// So many of the last lines of one that failed are shown.
const LINES_SHOWN: usize = 10;

/// A line for each, and under one that failed why, and what it said last; nothing if there is none.
pub(super) fn checks(service: &ServiceStatus, color: Color) -> String {
    if service.checks.is_empty() {
        return String::new();
    }
    let fields = service.checks.iter().enumerate().fold(Fields::new(color), |fields, (index, check)| {
        let label = if index == 0 { "hooks" } else { "" };
        let (text, style) = line(check);
        let fields = fields.styled(label, &text, style);
        let last = check.said.len().saturating_sub(LINES_SHOWN);
        let said = check.said[last..].iter().filter(|_| check.why.is_some());
        said.fold(fields, |fields, said| fields.styled("", &format!("│ {said}"), Style::Quiet))
    });
    "\n".to_owned() + &fields.into_text()
}

fn line(check: &CheckStatus) -> (String, Style) {
    let CheckStatus { hook, outcome, took_ms, tries, why, .. } = check;
    let took = duration(*took_ms);
    let tries = if *tries > 1 { format!(", tried {tries} times") } else { String::new() };
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    match outcome.as_str() {
        "running" => (format!("… {hook} has been running for {took}"), Style::Plain),
        "passed" => (format!("✔ {hook} passed in {took}{tries}"), Style::Good),
        "ignored" => (format!("⚠ {hook} failed after {took}{tries}, which means nothing{why}"), Style::Warning),
        _ => (format!("✖ {hook} failed after {took}{tries}{why}"), Style::Bad),
    }
}

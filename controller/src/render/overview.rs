//! All services at a glance: a line for each, and what needs a human.

use crate::api::{Overview, ServiceStatus};
use crate::render::number::{duration, ratio};
use crate::render::paint::{Color, Style};
use crate::render::phase::{PHASE_COLUMNS, glyph, phase, style};
use crate::render::status::cause;
use crate::render::table::{Cell, Column, table_within};
use crate::render::text::{escape, wrap};
use crate::render::{NOTHING, containers, freeze, park, store};
use crate::rollout::PhaseName;

/// No line is longer, so that it fits beside other windows.
pub const OVERVIEW_COLUMNS: usize = 80;

const COLUMNS_OF_SERVICES: [Column; 7] = [
    Column::of_names("SERVICE", OVERVIEW_COLUMNS),
    Column::of_words("PHASE", PHASE_COLUMNS),
    Column::of_numbers("FOR", 7),
    Column::of_numbers("WEIGHT", 6),
    Column::of_numbers("STEP", 5),
    Column::of_names("STABLE", OVERVIEW_COLUMNS),
    Column::of_names("CANARY", OVERVIEW_COLUMNS),
];

/// The freezes, every service in a line, then a line for each thing that asks a human to look.
#[must_use]
pub fn overview(overview: &Overview, color: Color) -> String {
    let mut top = store::trouble(store::message(&overview.store), color);
    top += &containers::docker(overview.docker.as_ref(), color);
    if !overview.freezes.is_empty() {
        top += &(freeze::lines(&overview.freezes, color) + "\n");
    }
    let parked: String = overview.services.iter().map(|service| park::lines(service, color)).collect();
    if !parked.is_empty() {
        top += &(parked + "\n");
    }
    if overview.services.is_empty() {
        return top + "no services\n";
    }
    let rows: Vec<_> = overview.services.iter().map(row).collect();
    let calls: String = overview.services.iter().flat_map(|service| calls(service, color)).collect();
    let gap = if calls.is_empty() { "" } else { "\n" };
    top + &table_within(OVERVIEW_COLUMNS, &COLUMNS_OF_SERVICES, &rows, color) + gap + &calls
}

fn row(service: &ServiceStatus) -> [Cell; 7] {
    let or_nothing = |text: Option<String>| Cell::plain(text.unwrap_or_else(|| NOTHING.to_owned()));
    [
        Cell::styled(service.name.as_str(), Style::Heading),
        Cell::styled(phase(service.phase), style(service.phase)),
        or_nothing(service.in_phase_ms.map(duration)),
        Cell::plain(service.weight.to_string()),
        or_nothing(service.step.as_ref().map(|step| ratio(step.number, step.of))),
        Cell::plain(service.stable.as_str()),
        or_nothing(service.canary.as_ref().map(ToString::to_string)),
    ]
}

/// The lines that ask a human to look.
fn calls(service: &ServiceStatus, color: Color) -> Vec<String> {
    let mut calls = Vec::new();
    if service.is_down() {
        let health = if service.critical { ", and canaryd's health path says so" } else { "" };
        let text = format!("✖ {}: no backend of {} is ready{health}", service.name, service.stable);
        calls.push(paragraph(&text, Style::Bad, color));
    }
    if let Some(waiting) = park::waiting(service) {
        calls.push(paragraph(&format!("◷ {}: {waiting}", service.name), Style::Warning, color));
    }
    if matches!(service.phase, PhaseName::Held | PhaseName::Paused | PhaseName::Aborted) {
        let why = cause(service).unwrap_or(service.phase.label());
        let text = format!("{} {}: {why}", glyph(service.phase), service.name);
        calls.push(paragraph(&text, style(service.phase), color));
    }
    let adrift = service.containers.iter().filter(|container| container.drift.is_some()).count();
    if adrift > 0 {
        let containers = if adrift == 1 { "container gets" } else { "containers get" };
        let text = format!("⚠ {0}: {adrift} {containers} no request; see `canaryctl status {0}`", service.name);
        calls.push(paragraph(&text, Style::Warning, color));
    }
    if !service.queue.is_empty() {
        let queue: Vec<_> = service.queue.iter().map(ToString::to_string).collect();
        let verb = if queue.len() == 1 { "waits" } else { "wait" };
        calls.push(paragraph(
            &format!("◷ {}: {} {verb} in the queue", service.name, queue.join(", ")),
            Style::Quiet,
            color,
        ));
    }
    calls
}

fn paragraph(text: &str, style: Style, color: Color) -> String {
    const INDENT: &str = "  ";
    let lines = wrap(&escape(text), OVERVIEW_COLUMNS - INDENT.len());
    let lines: Vec<_> = lines.iter().map(|line| color.paint(style, line)).collect();
    lines.join(&format!("\n{INDENT}")) + "\n"
}

//! All services at a glance: a line for each, and what needs a human.

use crate::api::{Overview, ServiceStatus};
use crate::render::number::{duration, ratio};
use crate::render::paint::{Color, Style};
use crate::render::phase::{PHASE_COLUMNS, glyph, phase, style};
use crate::render::table::{Cell, Column, table};
use crate::render::text::{escape, wrap};
use crate::render::why::why;
use crate::render::{COLUMNS, NOTHING, store};
use crate::rollout::PhaseName;

const COLUMNS_OF_SERVICES: [Column; 7] = [
    Column::of_names("SERVICE", 19),
    Column::of_words("PHASE", PHASE_COLUMNS),
    Column::of_numbers("FOR", 7),
    Column::of_numbers("WEIGHT", 6),
    Column::of_numbers("STEP", 5),
    Column::of_names("STABLE", 19),
    Column::of_names("CANARY", 19),
];

/// Every service in a line, then one for each that is held or was aborted.
#[must_use]
pub fn overview(overview: &Overview, color: Color) -> String {
    let trouble = store::trouble(store::message(&overview.store), color);
    if overview.services.is_empty() {
        return trouble + "no services\n";
    }
    let rows: Vec<_> = overview.services.iter().map(row).collect();
    let calls: String = overview.services.iter().filter_map(|service| call(service, color)).collect();
    let gap = if calls.is_empty() { "" } else { "\n" };
    trouble + &table(&COLUMNS_OF_SERVICES, &rows, color) + gap + &calls
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

/// A line that asks a human to look.
fn call(service: &ServiceStatus, color: Color) -> Option<String> {
    if !matches!(service.phase, PhaseName::Held | PhaseName::Aborted) {
        return None;
    }
    let why = escape(service.reason.as_deref().map_or(service.phase.label(), why));
    let line = format!("{} {}: {why}", glyph(service.phase), service.name);
    let lines = wrap(&line, COLUMNS);
    Some(lines.iter().map(|line| color.paint(style(service.phase), line) + "\n").collect())
}

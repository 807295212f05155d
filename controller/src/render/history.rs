//! The audit trail.

use crate::api::{History, HistoryEntry};
use crate::render::number::factor;
use crate::render::paint::{Color, Style};
use crate::render::phase::{PHASE_COLUMNS, phase, style};
use crate::render::table::{Cell, Column, table};
use crate::render::text::{escape, wrap};
use crate::render::{COLUMNS, NOTHING};
use crate::rollout::Reason;

/// `2026-05-01T12:00:05Z`.
const TIME_COLUMNS: usize = 20;

const COLUMNS_OF_ENTRIES: [Column; 6] = [
    Column::of_words("WHEN", TIME_COLUMNS),
    Column::of_names("SERVICE", 16),
    Column::of_names("RELEASE", 16),
    Column::of_words("PHASE", PHASE_COLUMNS),
    Column::of_numbers("WEIGHT", 6),
    Column::of_names("WHY", 18),
];

/// A line for each change; under it who ordered it and why, and what convicted a canary.
#[must_use]
pub fn history(history: &History, color: Color) -> String {
    if history.entries.is_empty() {
        return "no history\n".to_owned();
    }
    entries(&history.entries, color)
}

/// The same of these changes, in their order.
pub(super) fn entries(entries: &[HistoryEntry], color: Color) -> String {
    let rows: Vec<_> = entries.iter().map(row).collect();
    let table = table(&COLUMNS_OF_ENTRIES, &rows, color);
    let mut lines = table.lines();
    let mut text = lines.next().map(|heading| format!("{heading}\n")).unwrap_or_default();
    for (line, entry) in lines.zip(entries) {
        text += &format!("{line}\n{}", details(entry, color));
    }
    text
}

fn row(entry: &HistoryEntry) -> [Cell; 6] {
    let transition = entry.transition.as_ref();
    let canary = transition.and_then(|transition| transition.canary.as_ref());
    [
        Cell::plain(to_seconds(&entry.at)),
        Cell::plain(entry.service.as_ref().map_or("all", |service| service.as_str())),
        Cell::plain(canary.map_or(NOTHING, |canary| canary.as_str())),
        transition.map_or(Cell::plain(NOTHING), |transition| Cell::styled(phase(transition.to), style(transition.to))),
        Cell::plain(transition.map_or(NOTHING.to_owned(), |transition| transition.weight.to_string())),
        Cell::plain(transition.map_or(Reason::Command.label(), |transition| transition.reason.label())),
    ]
}

/// What belongs to a change, under its line.
fn details(entry: &HistoryEntry, color: Color) -> String {
    const INDENT: &str = "  ";
    let details = [order(entry), grounds(entry)].into_iter().flatten();
    let lines = details.flat_map(|detail| wrap(&escape(&detail), COLUMNS - TIME_COLUMNS - INDENT.len()));
    lines.map(|line| format!("{:TIME_COLUMNS$}{INDENT}{}\n", "", color.paint(Style::Quiet, &line))).collect()
}

/// Who said what, in which words.
pub(super) fn order(entry: &HistoryEntry) -> Option<String> {
    let note = entry.note.as_ref().map(|note| format!(", \"{note}\"")).unwrap_or_default();
    match &entry.command {
        Some(command) => Some(format!("{}: {command}{note}", entry.actor)),
        None if note.is_empty() => None,
        None => Some(format!("{}{note}", entry.actor)),
    }
}

fn grounds(entry: &HistoryEntry) -> Option<String> {
    let evidence = entry.evidence.as_ref()?;
    entry.transition.as_ref().filter(|transition| matches!(transition.reason, Reason::Breach(_)))?;
    Some(format!("evidence against {} of {}", factor(evidence.ln_abort), factor(evidence.ln_abort_at)))
}

/// RFC 3339 without what is finer than a second.
pub(super) fn to_seconds(at: &str) -> String {
    match at.split_once('.') {
        Some((seconds, _)) if at.ends_with('Z') => format!("{seconds}Z"),
        _ => at.to_owned(),
    }
}

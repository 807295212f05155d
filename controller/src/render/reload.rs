//! What a changed file has changed.

use crate::api::Reloaded;
use crate::render::COLUMNS;
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, wrap};

/// What is in force now, what waits for a restart, and what should be written otherwise.
#[must_use]
pub fn reloaded(reloaded: &Reloaded, color: Color) -> String {
    let is_same = reloaded.changed.is_empty() && reloaded.tables.is_empty() && reloaded.needs_restart.is_empty();
    let same = if is_same { "✔ nothing has changed\n" } else { "" };
    let tables =
        reloaded.tables.iter().map(|table| format!("[{table}] changed; `canaryctl status` shows what it does"));
    let changed: Vec<_> = reloaded.changed.iter().map(ToString::to_string).chain(tables).collect();
    let waiting: Vec<_> = reloaded.needs_restart.iter().map(|table| format!("[{table}]")).collect();
    let warnings = list("⚠ understood, and better written otherwise", &reloaded.warnings, Style::Warning, color);
    let changed = list("✔ in force now", &changed, Style::Good, color);
    let waiting = list("⚠ in force after a restart only", &waiting, Style::Warning, color);
    same.to_owned() + &changed + &waiting + &warnings
}

fn list(heading: &str, items: &[String], style: Style, color: Color) -> String {
    const INDENT: &str = "  ";
    if items.is_empty() {
        return String::new();
    }
    let mut text = color.paint(style, heading) + "\n";
    for line in items.iter().flat_map(|item| wrap(&escape(item), COLUMNS - INDENT.len())) {
        text += &format!("{INDENT}{line}\n");
    }
    text
}

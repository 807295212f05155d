//! Freezes: that nothing is started or raised, said before everything else.

use canary_config::name::ServiceName;

use crate::api::{FreezeStatus, Freezes};
use crate::render::OVERVIEW_COLUMNS;
use crate::render::history::to_seconds;
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, wrap};

/// The answer to a freeze or its end.
#[must_use]
pub fn freezes(freezes: &Freezes, color: Color) -> String {
    match freezes.freezes.as_slice() {
        [] => color.paint(Style::Good, "✔ no freeze is in force") + "\n",
        freezes => lines(freezes, color),
    }
}

/// A paragraph for each freeze.
pub(super) fn lines(freezes: &[FreezeStatus], color: Color) -> String {
    const INDENT: &str = "  ";
    let mut text = String::new();
    for freeze in freezes {
        let lines = wrap(&escape(&sentence(freeze)), OVERVIEW_COLUMNS - INDENT.len());
        let lines: Vec<_> = lines.iter().map(|line| color.paint(Style::Warning, line)).collect();
        text += &format!("{}\n", lines.join(&format!("\n{INDENT}")));
    }
    text
}

fn sentence(freeze: &FreezeStatus) -> String {
    let of = freeze.service.as_ref().map_or("all services", ServiceName::as_str);
    format!("❄ {of}: {}", what(freeze))
}

/// What it means, whatever it is of.
pub(super) fn what(freeze: &FreezeStatus) -> String {
    let until = match &freeze.until {
        Some(until) => format!("until {}", to_seconds(until)),
        None => "until `unfreeze`".to_owned(),
    };
    let by = match &freeze.window {
        Some(window) => format!("by the window {window} of {}", freeze.actor),
        None => format!("by {}", freeze.actor),
    };
    let note = freeze.note.as_ref().map(|note| format!(": \"{note}\"")).unwrap_or_default();
    format!("frozen {until} {by}{note}; nothing is started or raised")
}

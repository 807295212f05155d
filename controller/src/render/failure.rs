//! What went wrong, and what to do about it.

use crate::render::COLUMNS;
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, wrap};

/// `error: ...`, then `hint: ...` if there is something to do.
#[must_use]
pub fn failure(what: &str, hint: Option<&str>, color: Color) -> String {
    let error = paragraph("error:", what, Style::Bad, color);
    error + &hint.map(|hint| paragraph("hint:", hint, Style::Moving, color)).unwrap_or_default()
}

/// `warning: ...`: something that is no failure yet.
#[must_use]
pub fn warning(what: &str, color: Color) -> String {
    paragraph("warning:", what, Style::Warning, color)
}

fn paragraph(label: &str, text: &str, style: Style, color: Color) -> String {
    let lines = wrap(&escape(text), COLUMNS - label.len() - 1);
    color.paint(style, label) + " " + &lines.join(&format!("\n{:1$} ", "", label.len())) + "\n"
}

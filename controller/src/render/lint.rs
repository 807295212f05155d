//! What is wrong in a configuration file.

use crate::render::paint::{Color, Style};
use crate::render::text::escape;

/// A line for each error and warning, and one that counts them. Lines are as long as they must be: editors read them.
#[must_use]
pub fn lint(file: &str, errors: &[String], warnings: &[String], color: Color) -> String {
    let line = |label: &str, style, what: &String| format!("{} {}\n", color.paint(style, label), escape(what));
    let mut text: String = errors.iter().map(|error| line("error:", Style::Bad, error)).collect();
    text.extend(warnings.iter().map(|warning| line("warning:", Style::Warning, warning)));
    let file = escape(file);
    let verdict = match (errors.len(), warnings.len()) {
        (0, 0) => color.paint(Style::Good, &format!("✔ {file}: good")),
        (0, warnings) => color.paint(Style::Warning, &format!("⚠ {file}: good, with {}", times(warnings, "warning"))),
        (errors, 0) => color.paint(Style::Bad, &format!("✖ {file}: {}", times(errors, "error"))),
        (errors, warnings) => {
            let counts = format!("{}, {}", times(errors, "error"), times(warnings, "warning"));
            color.paint(Style::Bad, &format!("✖ {file}: {counts}"))
        }
    };
    text + &verdict + "\n"
}

fn times(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

//! Labelled lines: a label on the left, its text on the right, wrapped beside the label.

use crate::render::COLUMNS;
use crate::render::paint::{Color, Style};
use crate::render::text::{columns, escape, shorten, wrap};

/// The width of the labels, and of the first column of the tables among them.
pub(super) const LABEL_COLUMNS: usize = 11;

const GAP: &str = "  ";

/// A block of labelled lines.
pub(super) struct Fields {
    color: Color,
    text: String,
}

// === impl Fields ===

impl Fields {
    pub(super) const fn new(color: Color) -> Self {
        Self { color, text: String::new() }
    }

    /// A line that is nothing special.
    pub(super) fn plain(self, label: &str, text: &str) -> Self {
        self.styled(label, text, Style::Plain)
    }

    /// A line that says something by its style. A line without a label goes on with the one before it.
    pub(super) fn styled(mut self, label: &str, text: &str, style: Style) -> Self {
        let room = COLUMNS - LABEL_COLUMNS - GAP.len();
        for (index, line) in wrap(&escape(text), room).iter().enumerate() {
            let label = if index == 0 { shorten(&escape(label), LABEL_COLUMNS) } else { String::new() };
            let blanks = " ".repeat(LABEL_COLUMNS.saturating_sub(columns(&label)));
            let label = self.color.paint(Style::Heading, &label);
            self.text += &format!("{label}{blanks}{GAP}{}\n", self.color.paint(style, line));
        }
        self
    }

    /// A line if there is something to say.
    pub(super) fn plain_if(self, label: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.plain(label, text),
            None => self,
        }
    }

    /// A line that parts what follows from what was.
    pub(super) fn blank(mut self) -> Self {
        self.text.push('\n');
        self
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

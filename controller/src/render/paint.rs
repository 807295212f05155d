//! Colour, as ECMA-48 escapes around a text whose width is known already.

/// Whether colour is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// For a terminal.
    Always,
    /// For everything else.
    Never,
}

/// What a text is for the reader. A word or a glyph says the same without the colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Heading,
    Quiet,
    Good,
    Moving,
    Warning,
    Bad,
}

// === impl Color ===

impl Color {
    /// The text as it goes to the reader.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        match (self, style.code()) {
            (Self::Always, Some(code)) if !text.trim().is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

// === impl Style ===

impl Style {
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Heading => Some("1"),
            Self::Quiet => Some("2"),
            Self::Good => Some("32"),
            Self::Moving => Some("36"),
            Self::Warning => Some("33"),
            Self::Bad => Some("1;31"),
        }
    }
}

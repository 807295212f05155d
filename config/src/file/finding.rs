//! Something to say about a place of the file.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// Where, which key, and what there is to say. How grave it is, the type around it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    path: PathBuf,
    pub(super) position: Option<Position>,
    pub(super) key: Box<str>,
    pub(super) message: Box<str>,
}

// === impl Finding ===

impl Finding {
    pub(super) fn new(path: &Path, position: Position, key: &str, message: String) -> Self {
        Self { path: path.into(), position: Some(position), key: key.into(), message: message.into() }
    }

    pub(super) fn of_file(path: &Path, message: String) -> Self {
        Self { path: path.into(), position: None, key: "".into(), message: message.into() }
    }

    /// One line: the place, the grade if it has one, the key and the message.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, grade: &str) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        if !grade.is_empty() {
            write!(f, " {grade}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)
    }
}

/// Each on a line of its own.
pub(super) fn lines<T: fmt::Display>(all: &[T], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, one) in all.iter().enumerate() {
        let line_break = if index > 0 { "\n" } else { "" };
        write!(f, "{line_break}{one}")?;
    }
    Ok(())
}

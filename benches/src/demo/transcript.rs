//! What the demo prints, as if someone had typed it.

use std::fmt::Display;
use std::io::{self, Write};

/// A transcript that is written while it happens.
pub(super) struct Transcript<'a> {
    out: &'a mut dyn Write,
    chapters: usize,
}

// === impl Transcript ===

impl<'a> Transcript<'a> {
    /// Begins with a title.
    pub(super) fn begin(out: &'a mut dyn Write, title: &str) -> io::Result<Self> {
        writeln!(out, "{title}\n{}", "=".repeat(title.chars().count()))?;
        Ok(Self { out, chapters: 0 })
    }

    /// A new chapter.
    pub(super) fn chapter(&mut self, title: impl Display) -> io::Result<()> {
        self.chapters += 1;
        let number = self.chapters;
        self.line(format_args!("\n{number}. {title}"))
    }

    /// A command, as it is typed.
    pub(super) fn command(&mut self, command: impl Display) -> io::Result<()> {
        self.line(format_args!("$ {command}"))
    }

    /// What was measured.
    pub(super) fn figure(&mut self, figure: impl Display) -> io::Result<()> {
        self.line(format_args!("  → {figure}"))
    }

    /// A line as it is. It can be seen at once.
    pub(super) fn line(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.out, "{line}")?;
        self.out.flush()
    }
}

//! A terminal that a text is drawn on again and again.
//!
//! Nothing of the terminal is changed, neither its modes nor its cursor, so nothing is left to be restored at the end,
//! however it comes.

use std::io::{self, IsTerminal as _};

use rustix::termios::{Winsize, tcgetwinsize};

use crate::ctl::failure::Failure;
use crate::ctl::output::Output;
use crate::render;

/// What a terminal shows that does not tell its size.
const SIZE_DEFAULT: (u16, u16) = (80, 24);

/// The terminal, and what it shows.
#[derive(Debug, Default)]
pub(super) struct Screen {
    text: String,
    shown: String,
    size: (u16, u16),
}

// === impl Screen ===

impl Screen {
    /// Standard output, if it is a terminal that can be drawn on.
    pub(super) fn open() -> Option<Self> {
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        (io::stdout().is_terminal() && !is_dumb).then(Self::default)
    }

    /// Draws the text over the one before.
    pub(super) fn draw(&mut self, text: String, output: &Output) -> Result<(), Failure> {
        self.text = text;
        self.show(&self.text.clone(), output)
    }

    /// Says below the text that it may be out of date.
    pub(super) fn draw_silence(&mut self, output: &Output) -> Result<(), Failure> {
        let warning = render::warning("canaryd does not answer; asking again", output.color());
        self.show(&format!("{}\n{warning}", self.text), output)
    }

    /// What is shown already is not drawn again.
    fn show(&mut self, text: &str, output: &Output) -> Result<(), Failure> {
        let size = size();
        let frame = render::frame(text, size.0.into(), size.1.into());
        // A terminal that has grown or shrunk has moved what it shows.
        if frame != self.shown || size != self.size {
            output.bytes(frame.as_bytes())?;
            (self.shown, self.size) = (frame, size);
        }
        Ok(())
    }
}

/// Columns and rows.
fn size() -> (u16, u16) {
    match tcgetwinsize(io::stdout()) {
        Ok(Winsize { ws_col, ws_row, .. }) if ws_col > 0 && ws_row > 0 => (ws_col, ws_row),
        _ => SIZE_DEFAULT,
    }
}

//! Where the texts go: standard output for what was asked, standard error for what went wrong.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::client::Answer;
use crate::ctl::args::{ColorChoice, Format};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::render::{self, Color};

/// The two streams, and how to write to them.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    stdout_color: Color,
    stderr_color: Color,
}

// === impl Output ===

impl Output {
    pub(super) fn new(format: Format, choice: ColorChoice) -> Self {
        let stdout_color = color(choice, &io::stdout());
        Self { format, stdout_color, stderr_color: color(choice, &io::stderr()) }
    }

    /// The format that is wanted.
    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// The colour of standard output.
    pub(super) const fn color(&self) -> Color {
        self.stdout_color
    }

    /// Shows an answer: as text, or as the document that it is.
    pub(super) fn answer<T>(&self, answer: &Answer<T>, text: fn(&T, Color) -> String) -> Result<(), Failure> {
        match self.format {
            Format::Text => print(&text(&answer.value, self.stdout_color)),
            Format::Json => print(&render::json(&answer.document)),
        }
    }

    /// Shows what was found out here: as text, or as a document.
    pub(super) fn report(&self, report: &impl Serialize, text: &str) -> Result<(), Failure> {
        match self.format {
            Format::Text => print(text),
            Format::Json => print(&render::json(&serde_json::to_string(report).expect("a report has text keys only"))),
        }
    }

    /// Shows one of many answers: as text, or as a document in a line.
    pub(super) fn line(&self, document: &str, text: &str) -> Result<(), Failure> {
        match self.format {
            Format::Text => print(text),
            Format::Json => print(&render::json_line(document)),
        }
    }

    /// Shows text that is neither for people only nor a document.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        print_bytes(bytes)
    }

    /// Shows what only people read, even beside a document.
    pub(super) fn remark(&self, text: &str) -> Result<(), Failure> {
        match self.format {
            Format::Text => print(text),
            Format::Json => {
                complain(text);
                Ok(())
            }
        }
    }

    /// Shows an answer among others, of which another is the document.
    pub(super) fn remark_answer<T>(&self, answer: &Answer<T>, text: fn(&T, Color) -> String) -> Result<(), Failure> {
        let color = match self.format {
            Format::Text => self.stdout_color,
            Format::Json => self.stderr_color,
        };
        self.remark(&text(&answer.value, color))
    }

    /// Shows the last of several answers, which is the document; as text it has been told by remarks.
    pub(super) fn document(&self, document: &str) -> Result<(), Failure> {
        match self.format {
            Format::Text => Ok(()),
            Format::Json => print(&render::json(document)),
        }
    }

    /// Says something that is no failure yet.
    pub(super) fn warn(&self, what: &str) {
        complain(&render::warning(what, self.stderr_color));
    }

    /// Says why it was not done.
    pub(super) fn fail(&self, failure: &Failure) -> Exit {
        complain(&render::failure(&failure.what, failure.hint.as_deref(), self.stderr_color));
        failure.exit
    }
}

fn color(choice: ColorChoice, stream: &impl IsTerminal) -> Color {
    let is_unwanted = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match choice {
        ColorChoice::Always => Color::Always,
        ColorChoice::Auto if stream.is_terminal() && !is_unwanted("NO_COLOR") && !is_dumb => Color::Always,
        ColorChoice::Auto | ColorChoice::Never => Color::Never,
    }
}

fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A reader that has seen enough, such as `head`, is no failure, and the exit code still tells what happened.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(Exit::Unexpected, format!("standard output: {error}"), "is the disk full?")),
        Ok(()) => Ok(()),
    }
}

fn complain(text: &str) {
    // There is nowhere left to say that standard error is gone.
    let _gone = io::stderr().lock().write_all(text.as_bytes());
}

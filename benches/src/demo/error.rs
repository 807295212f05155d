//! Why the demo could not be played to its end.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use crate::client::Lost;
use crate::clock::NoDate;

/// Why the demo could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A program that it needs was not built.
    #[error("{0} is not there; build it with `cargo build --bin canaryd --bin canaryctl`, or use `make demo`")]
    NotBuilt(PathBuf),
    /// The operating system refused something.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: String,
        /// What it said.
        cause: io::Error,
    },
    /// The transcript cannot be written.
    #[error("the transcript cannot be written: {0}")]
    Transcript(#[from] io::Error),
    /// A program that was to stay ended.
    #[error("{name} ended with {status} while it was needed")]
    Ended {
        /// Which one.
        name: String,
        /// How.
        status: ExitStatus,
    },
    /// Something did not happen in time.
    #[error("{what} within {limit:?}{}", .last.as_ref().map(|last| format!("; {last}")).unwrap_or_default())]
    Late {
        /// What did not happen.
        what: String,
        /// In which time.
        limit: Duration,
        /// What was seen instead.
        last: Option<String>,
    },
    /// `canaryctl` said something that its types do not allow, or refused a question.
    #[error("`{command}`: {why}")]
    Answer {
        /// As it was asked.
        command: String,
        /// What is wrong.
        why: String,
    },
    /// The history has a date that is none.
    #[error("history: {0}")]
    Date(#[from] NoDate),
    /// An origin did not say what it served.
    #[error(transparent)]
    Stats(#[from] Lost),
    /// A signal came.
    #[error("interrupted by {0}")]
    Interrupted(&'static str),
}

// === impl DemoError ===

impl DemoError {
    /// For `map_err`: what was tried when the operating system refused.
    pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |cause| Self::System { what, cause }
    }
}

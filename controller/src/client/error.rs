//! Why there is no answer to work with.

use std::io;
use std::path::PathBuf;

use crate::api::Problem;
use crate::client::{ANSWER_BYTES_MAX, ANSWER_TIMEOUT};

/// Why a request was not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there, or we may not connect. Nothing was sent.
    #[error("canaryd is unreachable at {socket}: {why}", socket = socket.display())]
    Unreachable {
        /// Where it was looked for.
        socket: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// canaryd understood, and says why it was not done.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// What came back is no answer. What was ordered may be done or not.
    #[error(transparent)]
    BadAnswer(#[from] BadAnswer),
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// The connection ended first.
    #[error("the connection ended before canaryd's answer did")]
    Cut,
    /// It was not complete in time.
    #[error("canaryd did not answer within {}s", ANSWER_TIMEOUT.as_secs())]
    Slow,
    /// It is longer than any answer should be.
    #[error("canaryd's answer is longer than {} MiB", ANSWER_BYTES_MAX >> 20)]
    TooLarge,
    /// It is not HTTP.
    #[error("what answers at the socket does not speak HTTP: {0}")]
    NotHttp(String),
    /// It is HTTP, and not what canaryd says.
    #[error("canaryd's answer cannot be understood: {0}")]
    NotUnderstood(String),
    /// It is an error of HTTP without a reason.
    #[error("the answer is HTTP status {0} without a reason; is this the socket of canaryd?")]
    Status(u16),
}

// === impl Error ===

impl Error {
    /// Whether it is what a restart of canaryd looks like, so that asking again may help.
    #[must_use]
    pub fn is_restart(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::BadAnswer(BadAnswer::Cut))
    }
}

// === impl BadAnswer ===

impl BadAnswer {
    /// What an error of HTTP means for the answer.
    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::NotHttp(error.to_string()) } else { Self::Cut }
    }
}

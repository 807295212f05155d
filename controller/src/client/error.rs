//! Why there is no answer to work with.

use std::io;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use crate::api::{DeployProblem, Problem, ProblemKind};
use crate::client::{ANSWER_BYTES_MAX, Endpoint};

/// Why a request was not answered as it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there, or we may not connect. Nothing was sent.
    #[error("canaryd is unreachable at {place}: {why}")]
    Unreachable {
        /// Where it was looked for.
        place: Endpoint,
        /// What the system says.
        why: io::Error,
    },
    /// canaryd understood, and says why it was not done.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// The checks before a deployment forbid it.
    #[error("{}", .0.message)]
    Preflight(Box<DeployProblem>),
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
    #[error("canaryd did not answer within {}s", .0.as_secs())]
    Slow(Duration),
    /// It is longer than any answer should be.
    #[error("canaryd's answer is longer than {} MiB", ANSWER_BYTES_MAX >> 20)]
    TooLarge,
    /// It is not HTTP.
    #[error("what answers there does not speak HTTP: {0}")]
    NotHttp(String),
    /// It is HTTP, and not what canaryd says.
    #[error("canaryd's answer cannot be understood: {0}")]
    NotUnderstood(String),
    /// It is an error of HTTP without a reason.
    #[error("the answer is HTTP status {0} without a reason; is this canaryd?")]
    Status(u16),
    /// It is an error of HTTP of a kind that is not known here.
    #[error("{message} (HTTP status {status})")]
    Other {
        /// The status.
        status: u16,
        /// What a newer canaryd says.
        message: String,
    },
}

/// What every problem of canaryd says, also one of a kind that is not known here.
#[derive(Deserialize)]
struct Message {
    message: String,
}

// === impl Error ===

impl Error {
    /// What an answer means that is no success.
    pub(super) fn of(status: StatusCode, document: &str) -> Self {
        if let Ok(problem) = serde_json::from_str::<DeployProblem>(document)
            && !problem.services.is_empty()
        {
            return Self::Preflight(Box::new(problem));
        }
        if let Ok(problem) = serde_json::from_str::<Problem>(document) {
            return problem.into();
        }
        let status = status.as_u16();
        match serde_json::from_str::<Message>(document) {
            Ok(Message { message }) => BadAnswer::Other { status, message }.into(),
            Err(_) => BadAnswer::Status(status).into(),
        }
    }

    /// Whether it is what a restart of canaryd looks like, so that asking again may help.
    #[must_use]
    pub const fn is_restart(&self) -> bool {
        matches!(self, Self::Unreachable { .. }) || self.is_cut()
    }

    /// Whether the same order is still on its way, so that nobody knows yet whether it will be done.
    #[must_use]
    pub const fn is_in_progress(&self) -> bool {
        matches!(self, Self::Problem(Problem { kind: ProblemKind::InProgress, .. }))
    }

    /// Whether the connection broke before the answer, so that nobody knows what was done.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        matches!(self, Self::BadAnswer(BadAnswer::Cut))
    }
}

// === impl BadAnswer ===

impl BadAnswer {
    /// What an error of HTTP means for the answer.
    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::NotHttp(error.to_string()) } else { Self::Cut }
    }
}

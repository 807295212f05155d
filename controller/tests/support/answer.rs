//! An answer over HTTP, with what tests want to know of it.

use canary_controller::api::{Done, Problem, ProblemKind};
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

// === impl Answer ===

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body of a 200.
    pub(crate) fn good<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// A command that was done and is durable.
    pub(crate) fn done(&self) -> Done {
        let done: Done = self.good();
        assert!(done.durable, "{}", self.text);
        done
    }

    /// The problem of an answer with this status; its kind fits the status, and it says something.
    pub(crate) fn problem(&self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.text);
        let problem: Problem = self.json();
        let expected: &[ProblemKind] = match status {
            400 => &[ProblemKind::BadRequest],
            401 => &[ProblemKind::Unauthorized],
            403 => &[ProblemKind::Forbidden],
            404 => &[ProblemKind::NotFound],
            405 => &[ProblemKind::MethodNotAllowed],
            408 => &[ProblemKind::TooSlow],
            409 => &[ProblemKind::Refused, ProblemKind::Mismatch, ProblemKind::InProgress],
            413 => &[ProblemKind::TooLarge],
            415 => &[ProblemKind::UnsupportedMediaType],
            421 => &[ProblemKind::Misdirected],
            422 => &[ProblemKind::Unprocessable],
            503 => &[ProblemKind::StoreUnavailable, ProblemKind::Overloaded],
            _ => &[ProblemKind::Internal],
        };
        assert!(expected.contains(&problem.kind), "{}", self.text);
        assert!(!problem.message.is_empty());
        problem
    }

    fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}

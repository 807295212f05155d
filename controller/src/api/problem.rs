//! The answer to what was not done.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to what was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, ToSchema)]
#[error("{message}")]
pub struct Problem {
    /// Its kind, from which the exit code follows.
    pub kind: ProblemKind,
    /// What, where, and what to do.
    #[schema(example = "there is no service `wbe`; declared are web")]
    pub message: String,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The request could not be understood (HTTP 400).
    BadRequest,
    /// It lacks the token, or has a wrong one (HTTP 401).
    Unauthorized,
    /// It comes from a page of another site (HTTP 403).
    Forbidden,
    /// There is no such service, release or page (HTTP 404).
    NotFound,
    /// The page does not take this method (HTTP 405).
    MethodNotAllowed,
    /// The body took too long to come (HTTP 408).
    TooSlow,
    /// The phase does not allow it, or the configuration does not (HTTP 409).
    Refused,
    /// The checks before a deployment forbid it (HTTP 409).
    Preflight,
    /// Another rollout is under way than the one that is meant (HTTP 409).
    Mismatch,
    /// A command with the same `Idempotency-Key` is still on its way: it may yet be done, or not. Ask again with the
    /// same key (HTTP 409).
    InProgress,
    /// The body is too large (HTTP 413).
    TooLarge,
    /// The body is no JSON, or does not say that it is (HTTP 415).
    UnsupportedMediaType,
    /// It names a host that is not ours (HTTP 421).
    Misdirected,
    /// Its form is right, and it contradicts itself or what was said before (HTTP 422).
    Unprocessable,
    /// It cannot be kept, so it was not done (HTTP 503).
    StoreUnavailable,
    /// Too many ask at once (HTTP 503).
    Overloaded,
    /// The fault is canaryd's (HTTP 500).
    Internal,
}

// === impl Problem ===

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

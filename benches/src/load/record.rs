//! What a client remembers of a request.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::clock::Moment;
use crate::origin;

/// A request as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was sent.
    pub sent: Moment,
    /// Until its whole answer was read, or given up.
    pub took: Duration,
    /// What came back.
    pub answer: Answer,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A whole answer.
    Whole {
        /// Its status.
        status: StatusCode,
        /// The release that named itself; nobody, if the proxy itself answered.
        release: Option<ReleaseName>,
    },
    /// None, or a part of one.
    Lost,
}

/// A release's name, cut to a size that makes a record small and of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReleaseName {
    bytes: [u8; Self::LENGTH_MAX],
}

// === impl Record ===

impl Record {
    /// Whether the client got what it asked for.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        match &self.answer {
            Answer::Whole { status, .. } => !status.is_success(),
            Answer::Lost => true,
        }
    }

    /// Whether this release answered.
    #[must_use]
    pub fn is_by(&self, name: &str) -> bool {
        match &self.answer {
            Answer::Whole { release, .. } => *release == Some(ReleaseName::new(name.as_bytes())),
            Answer::Lost => false,
        }
    }
}

// === impl Answer ===

impl Answer {
    /// What this response says.
    #[must_use]
    pub fn of(response: &Response<Bytes>) -> Self {
        let release = response.headers().get(origin::RELEASE).map(|name| ReleaseName::new(name.as_bytes()));
        Self::Whole { status: response.status(), release }
    }
}

// === impl ReleaseName ===

impl ReleaseName {
    const LENGTH_MAX: usize = 15;

    /// The beginning of a name.
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes.iter_mut().zip(name).for_each(|(slot, byte)| *slot = *byte);
        Self { bytes }
    }
}

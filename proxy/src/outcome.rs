//! How one attempt at one backend ended, and who is to blame.

use http::StatusCode;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The backend answered, with anything but a server error.
    Success,
    /// The backend answered 500 to 599.
    ServerError,
    /// No connection could be had: refused, unreachable, or too slow.
    ConnectFailed,
    /// The connection broke before the answer was whole.
    Reset,
    /// The backend accepted the request and kept silent for too long.
    TimedOut,
    /// No answer had begun when stable's usual time was over several times: the attempt was dropped, and stable asked.
    /// It is slow, and no failure.
    Unanswered,
    /// The client went away, or broke the protocol.
    ClientGone,
    /// The fault was ours.
    Internal,
}

/// Who an outcome speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Nobody: the attempt went well.
    Nobody,
    /// The backend, and so its release.
    Backend,
    /// The client; it says nothing about the release.
    Client,
    /// Us; it says nothing about the release.
    Us,
}

// === impl Outcome ===

impl Outcome {
    /// Every outcome, in the order of [`Outcome::index`].
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::ServerError,
        Self::ConnectFailed,
        Self::Reset,
        Self::TimedOut,
        Self::Unanswered,
        Self::ClientGone,
        Self::Internal,
    ];

    /// Its place in [`Outcome::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The outcome of an answer with this status.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        if status.is_server_error() { Self::ServerError } else { Self::Success }
    }

    /// Who is to blame.
    #[must_use]
    pub const fn blame(self) -> Blame {
        match self {
            Self::Success | Self::Unanswered => Blame::Nobody,
            Self::ServerError | Self::ConnectFailed | Self::Reset | Self::TimedOut => Blame::Backend,
            Self::ClientGone => Blame::Client,
            Self::Internal => Blame::Us,
        }
    }

    /// Whether it speaks against a release: a failure of its own, or no answer in time.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self.blame(), Blame::Backend) || matches!(self, Self::Unanswered)
    }

    /// Its value of the label `outcome`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::ServerError => "server_error",
            Self::ConnectFailed => "connect_failed",
            Self::Reset => "reset",
            Self::TimedOut => "timed_out",
            Self::Unanswered => "unanswered",
            Self::ClientGone => "client_gone",
            Self::Internal => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_knows_its_place() {
        assert!(Outcome::ALL.iter().enumerate().all(|(index, outcome)| outcome.index() == index));
    }
}

//! The exit codes of `canaryctl`: a promise to scripts. The help text is built from this list.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::api::ProblemKind;

/// How `canaryctl` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done; an awaited rollout reached 100 %.
    Done = 0,
    /// Something that should not happen: an answer that cannot be read, or a fault of canaryd.
    Unexpected = 1,
    /// The command line is wrong, or a file that it names, or it names a service or a release that does not exist.
    Usage = 2,
    /// Nobody answers, or we are not let in.
    Unreachable = 3,
    /// This phase or the configuration does not allow it, or it could not be stored; nothing has changed.
    Refused = 4,
    /// The checks before a deployment forbid it; nothing has changed.
    Preflight = 5,
    /// It is in force, but not stored: a crash would forget it.
    NotDurable = 6,
    /// The awaited rollout was aborted, or the last one that `status --exit-code` saw.
    Aborted = 10,
    /// The awaited rollout did not end in time. It goes on.
    TimedOut = 11,
    /// The awaited rollout is held: it waits for a human or for more traffic. Or `status --exit-code` saw one that is
    /// held or paused, a service without a ready backend, or a store in trouble.
    Held = 12,
    /// The user interrupted it. A rollout that was waited for goes on.
    Interrupted = 130,
}

// === impl Exit ===

impl Exit {
    /// Every code, in rising order.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Unreachable,
        Self::Refused,
        Self::Preflight,
        Self::NotDurable,
        Self::Aborted,
        Self::TimedOut,
        Self::Held,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in the words of the help text.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; an awaited rollout reached 100%; all is well",
            Self::Unexpected => "an answer that cannot be read, or a fault of canaryd",
            Self::Usage => "wrong command line or file, or no such service or release",
            Self::Unreachable => "canaryd is unreachable, or does not let us in",
            Self::Refused => "not allowed now, or not storable; nothing has changed",
            Self::Preflight => "the checks before a deployment forbid it; nothing has changed",
            Self::NotDurable => "in force, but not stored: a crash would forget it",
            Self::Aborted => "the awaited rollout was aborted; with `status --exit-code` the last one",
            Self::TimedOut => "the awaited rollout did not end in time; it goes on",
            Self::Held => "the awaited rollout is held; with `status --exit-code` anything needs a human",
            Self::Interrupted => "interrupted; a rollout that was waited for goes on",
        }
    }

    /// The list for the help text, one line each.
    #[must_use]
    pub fn table() -> String {
        let mut table = String::new();
        for exit in Self::ALL {
            let _infallible = writeln!(table, "  {:>3}  {}", exit.code(), exit.meaning());
        }
        table
    }
}

impl From<ProblemKind> for Exit {
    fn from(kind: ProblemKind) -> Self {
        match kind {
            // What does not exist was named on the command line.
            ProblemKind::BadRequest
            | ProblemKind::NotFound
            | ProblemKind::MethodNotAllowed
            | ProblemKind::TooLarge
            | ProblemKind::UnsupportedMediaType
            | ProblemKind::Unprocessable => Self::Usage,
            // As a socket that may not be opened.
            ProblemKind::Unauthorized | ProblemKind::Forbidden | ProblemKind::Misdirected => Self::Unreachable,
            ProblemKind::TooSlow
            | ProblemKind::Refused
            | ProblemKind::Mismatch
            | ProblemKind::StoreUnavailable
            | ProblemKind::Overloaded => Self::Refused,
            ProblemKind::Preflight => Self::Preflight,
            // Nobody can say yet that nothing has changed.
            ProblemKind::InProgress | ProblemKind::Internal => Self::Unexpected,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_a_promise() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 130]);
    }

    #[test]
    fn a_problem_ends_with_the_code_of_its_kind() {
        let kinds = [
            ProblemKind::BadRequest,
            ProblemKind::NotFound,
            ProblemKind::Refused,
            ProblemKind::StoreUnavailable,
            ProblemKind::Internal,
        ];
        assert_eq!(kinds.map(|kind| Exit::from(kind).code()), [2, 2, 4, 4, 1]);
    }
}

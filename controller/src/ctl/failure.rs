//! Why a command was not done, what to do about it, and the exit code that says so.

use std::io;
use std::path::Path;

use canary_config::file::ConfigErrors;

use crate::api::{Problem, ProblemKind};
use crate::client::{BadAnswer, Endpoint, Error};
use crate::ctl::exit_code::Exit;

/// A command that was not done.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

// === impl Failure ===

impl Failure {
    /// The same, with nothing to do about it that is not said already.
    pub(super) fn plain(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: None }
    }

    pub(super) fn new(exit: Exit, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit, what: what.into(), hint: Some(hint.into()) }
    }

    /// A configuration that is wrong: its first fault. `lint` says all of them.
    pub(super) fn of_file(errors: &ConfigErrors, file: &Path) -> Self {
        let first = errors.iter().next().map_or_else(|| file.display().to_string(), ToString::to_string);
        Self::new(Exit::Usage, first, format!("`canaryctl lint {}` says all that is wrong with it", file.display()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let what = error.to_string();
        match error {
            Error::Unreachable { place, why } => Self::new(Exit::Unreachable, what, remedy(&place, &why)),
            Error::Problem(Problem { kind, message }) => Self::new(kind.into(), message, advice(kind)),
            Error::Preflight(problem) => Self::new(problem.kind.into(), problem.message, advice(problem.kind)),
            Error::BadAnswer(answer) => Self::new(Exit::Unexpected, what, next_step(&answer)),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { exit: Exit::Unexpected, what: error.to_string(), hint: None }
    }
}

fn remedy(place: &Endpoint, why: &io::Error) -> &'static str {
    match why.kind() {
        _ if place.is_remote() => "is canaryd running, and is `admin.address` in its canaryd.toml what --url says?",
        io::ErrorKind::PermissionDenied => {
            "be root or in the group of the socket; `admin.socket_group` and `admin.socket_mode` in canaryd.toml set it"
        }
        _ => "is canaryd running? name its socket with --socket PATH or CANARYD_SOCKET",
    }
}

const fn advice(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::BadRequest | ProblemKind::MethodNotAllowed | ProblemKind::UnsupportedMediaType => {
            "canaryctl and canaryd may be of different versions; compare --version"
        }
        ProblemKind::TooLarge => {
            "nothing has changed; a deployment may bring 64 KiB of variables, and a reason is shorter"
        }
        ProblemKind::Unauthorized => "name the file with its token by --token-file",
        ProblemKind::Forbidden | ProblemKind::Misdirected => {
            "nothing has changed; `admin.hosts` in canaryd.toml says by which names --url may call it"
        }
        ProblemKind::NotFound => "`canaryctl status` lists the services, canaryd.toml declares their releases",
        ProblemKind::Unprocessable => "nothing has changed; the message says what does not fit together",
        ProblemKind::Preflight => "nothing has changed; `canaryctl preflight` asks again",
        ProblemKind::Refused | ProblemKind::Mismatch => {
            "nothing has changed; `canaryctl status` says where things stand"
        }
        ProblemKind::InProgress => "it may be done or not; see `canaryctl history`",
        ProblemKind::TooSlow | ProblemKind::Overloaded => "nothing has changed; try again in a moment",
        ProblemKind::StoreUnavailable => "nothing has changed; `canaryctl status` says what is wrong with the store",
        ProblemKind::Internal => "the fault is canaryd's; its log says more",
    }
}

const fn next_step(answer: &BadAnswer) -> &'static str {
    match answer {
        BadAnswer::Cut | BadAnswer::Slow(_) => "a command may be done or not; `canaryctl status` shows it",
        BadAnswer::TooLarge => "ask for less: name a service, or lower --limit",
        BadAnswer::NotHttp(_) | BadAnswer::Status(_) => "name the control socket with --socket PATH or CANARYD_SOCKET",
        BadAnswer::NotUnderstood(_) | BadAnswer::Other { .. } => {
            "canaryctl and canaryd may be of different versions; compare --version"
        }
    }
}

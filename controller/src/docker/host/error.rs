//! Why an Engine did not do what it was asked for.

use std::time::Duration;

use bollard::errors::Error;

use super::Verb;
use crate::docker::version::ApiVersion;

/// The most that is shown of what an Engine says.
const SAID_CHARACTERS_MAX: usize = 400;

/// What went wrong, on which container or image, and what to do. No value of a variable is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Nobody answers there.
    #[error("Docker at {at} does not answer: {why}; see that it runs, and that canaryd may use it")]
    Unreachable {
        /// Where.
        at: String,
        /// What the connection says.
        why: String,
    },
    /// It does not know what canaryd says.
    #[error(
        "Docker at {at} speaks version {found:?} of its interface, and canaryd needs {} or later; \
         update Docker to 20.10 or later",
        ApiVersion::OLDEST
    )]
    TooOld {
        /// Where.
        at: String,
        /// What it speaks.
        found: String,
    },
    /// The container is not there, or not any more.
    #[error("there is no container {0}; it was removed meanwhile")]
    NoContainer(String),
    /// The service of Swarm is not there, or not any more.
    #[error("there is no service {0} in the Swarm; it was removed meanwhile")]
    NoService(String),
    /// The image is not there.
    #[error("{0}")]
    NoImage(String),
    /// What the registry asks for is not to be had.
    #[error("{0}")]
    NoCredentials(String),
    /// Somebody between canaryd and Docker, or Docker itself, forbids it.
    #[error(
        "canaryd is forbidden to {what} {subject}: {why}; let the socket proxy allow it, or use Docker's own socket"
    )]
    Forbidden {
        /// As in "cannot ...".
        what: &'static str,
        /// Of what.
        subject: String,
        /// What was said.
        why: String,
    },
    /// It took too long; it may be done yet.
    #[error("cannot {what} {subject}: it takes longer than {} s; see what keeps Docker busy", .limit.as_secs())]
    Late {
        /// As in "cannot ...".
        what: &'static str,
        /// Of what.
        subject: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// A container was made, but not as it was asked for. It was removed again.
    #[error(
        "{container} came out other than it was asked for, and was removed: {}; \
         deploy it with `--from-compose`, or set what differs as this Docker has it", .differences.join(", ")
    )]
    Unlike {
        /// Its name.
        container: String,
        /// Where it differs, in the words of Docker's interface.
        differences: Vec<String>,
    },
    /// The container's logs are somewhere else.
    #[error("{container} keeps no logs that Docker can read (log driver {driver}); look where that driver sends them")]
    NoLogs {
        /// Its name.
        container: String,
        /// What takes its logs.
        driver: String,
    },
    /// Anything else, as Docker says it.
    #[error("cannot {what} {subject}: {why}")]
    Failed {
        /// As in "cannot ...".
        what: &'static str,
        /// Of what.
        subject: String,
        /// What Docker says.
        why: String,
    },
}

// === impl HostError ===

impl HostError {
    pub(super) fn of(at: &str, verb: Verb<'_>, error: &Error) -> Self {
        let what = verb.what;
        match error {
            Error::DockerResponseServerError { status_code: 404, message } if message.contains("No such container") => {
                Self::NoContainer(verb.subject())
            }
            Error::DockerResponseServerError { status_code: 404, message } if message.starts_with("service ") => {
                Self::NoService(verb.subject())
            }
            Error::DockerResponseServerError { status_code: 401 | 403 | 405, message } => {
                Self::Forbidden { what, subject: verb.subject(), why: said(message) }
            }
            Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message } => {
                Self::failed(verb, message)
            }
            Error::RequestTimeoutError => Self::failed(verb, "it takes too long"),
            Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. }
            | Error::SocketNotFoundError(_) => Self::Unreachable { at: at.into(), why: said(&chain(error)) },
            other => Self::failed(verb, &other.to_string()),
        }
    }

    pub(super) fn failed(verb: Verb<'_>, why: &str) -> Self {
        Self::Failed { what: verb.what, subject: verb.subject(), why: said(why) }
    }
}

/// What an Engine says, without the values of these variables, should it have repeated one. This is asked of its own
/// words: of what is shown, the end is cut off and the lines are one.
pub(super) fn without(error: Error, env: &[String]) -> Error {
    let redacted = |message: &str| {
        let values =
            env.iter().flat_map(|entry| [entry.as_str(), entry.split_once('=').map_or("", |(_, value)| value)]);
        // A value of a digit or two would take the message apart and be no secret.
        let secrets = values.filter(|secret| secret.len() > 3);
        // It may be quoted.
        let mut shapes: Vec<String> =
            secrets.flat_map(|secret| [secret.to_owned(), secret.escape_debug().to_string()]).collect();
        // What is part of another one would leave the rest of that.
        shapes.sort_by_key(|shape| std::cmp::Reverse(shape.len()));
        shapes.iter().fold(message.to_owned(), |message, shape| message.replace(shape, "***"))
    };
    match error {
        Error::DockerResponseServerError { status_code, message } => {
            Error::DockerResponseServerError { status_code, message: redacted(&message) }
        }
        Error::DockerStreamError { error } => Error::DockerStreamError { error: redacted(&error) },
        other => other,
    }
}

/// Foreign words on one line, and not too many.
pub(super) fn said(message: &str) -> String {
    let line = message.trim().trim_end_matches('.');
    let shown: String = line.chars().take(SAID_CHARACTERS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() > SAID_CHARACTERS_MAX { shown + "..." } else { shown }
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(message: &str, env: &[&str]) -> String {
        let verb = Verb { what: "create", subject: "web-1" };
        let env: Vec<String> = env.iter().map(|&entry| entry.to_owned()).collect();
        let error = Error::DockerResponseServerError { status_code: 400, message: message.to_owned() };
        HostError::of("", verb, &without(error, &env)).to_string()
    }

    #[test]
    fn what_docker_says_is_told_on_one_line_and_without_secrets() {
        let told = shown("invalid\nvariable: A=hunter2", &["A=hunter2", "B=1"]);
        assert_eq!(told, "cannot create web-1: invalid variable: ***");
    }

    #[test]
    fn a_secret_is_known_before_its_lines_are_one_and_its_end_is_cut_off() {
        let key = "-----BEGIN-----\nhunter2\n-----END-----";
        let env = [format!("KEY={key}"), format!("LONG={}", "x".repeat(SAID_CHARACTERS_MAX))];
        let env: Vec<&str> = env.iter().map(String::as_str).collect();
        for message in [format!("bad: {key}"), format!("bad: {key:?}"), format!("bad: {}", &env[1]["LONG=".len()..])] {
            let told = shown(&message, &env);
            assert!(!told.contains("hunter2") && !told.contains("xxx") && told.contains("***"), "{told}");
        }
        // One that is part of another.
        assert_eq!(shown("bad: hunter2-more", &["A=hunter2", "B=hunter2-more"]), "cannot create web-1: bad: ***");
    }

    #[test]
    fn each_answer_says_what_to_do() {
        let verb = Verb { what: "stop", subject: "web-1" };
        let of = |status_code, message: &str| {
            HostError::of("", verb, &Error::DockerResponseServerError { status_code, message: message.into() })
                .to_string()
        };
        assert_eq!(of(404, "No such container: x"), "there is no container web-1; it was removed meanwhile");
        assert_eq!(of(500, "it is stuck."), "cannot stop web-1: it is stuck");
        let forbidden =
            "canaryd is forbidden to stop web-1: no; let the socket proxy allow it, or use Docker's own socket";
        assert_eq!(of(403, "no"), forbidden);
    }
}

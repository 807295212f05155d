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

    /// Without the values of these variables, should Docker have repeated one.
    pub(super) fn without(self, env: &[String]) -> Self {
        let Self::Failed { what, subject, mut why } = self else { return self };
        for entry in env {
            let value = entry.split_once('=').map_or("", |(_, value)| value);
            for secret in [entry.as_str(), value] {
                // A value of a digit or two would take the message apart and be no secret.
                if secret.len() > 3 {
                    why = why.replace(secret, "***");
                }
            }
        }
        Self::Failed { what, subject, why }
    }
}

/// Foreign words on one line, and not too many.
fn said(message: &str) -> String {
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

    #[test]
    fn what_docker_says_is_told_on_one_line_and_without_secrets() {
        let verb = Verb { what: "create", subject: "web-1" };
        let message = "invalid\nvariable: A=hunter2".to_owned();
        let error = HostError::of("", verb, &Error::DockerResponseServerError { status_code: 400, message });
        let error = error.without(&["A=hunter2".into(), "B=1".into()]);
        assert_eq!(error.to_string(), "cannot create web-1: invalid variable: ***");
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

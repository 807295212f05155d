//! An Engine of Docker, and what it is asked to do: one verb a method, each with a limit and an error that says what to
//! do. It decides nothing, and repeats nothing.
//!
//! The verbs on containers that there are lie in `container`, a new one's way in `creation` and `injection`, images in
//! `image`, services of a Swarm in `service`, what a container says and uses in `logs` and `usage`, and commands that run to their end in `task`.

mod capacity;
mod container;
mod creation;
mod ending;
pub(in crate::docker) mod endpoint;
mod error;
mod image;
mod injection;
mod logs;
mod service;
mod task;
mod usage;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use canary_config::docker::DockerHost;
use tokio::time::timeout;

pub use self::capacity::Capacity;
pub use self::container::{GRACE, Volumes};
pub use self::ending::Ending;
pub use self::error::HostError;
pub use self::image::{Resolved, Source};
pub(crate) use self::logs::tail;
pub use self::task::{TaskEnd, TaskReport};
pub use self::usage::Usage;
use super::clone::SHORT_ID_DIGITS;
use super::version::ApiVersion;

/// What an Engine does at once, it does within this time.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Each verb has a limit of its own; this one of the client's only has to be longer.
const CLIENT_TIMEOUT: Duration = Duration::from_hours(24);
/// The digits of a container's id.
const ID_DIGITS: usize = 64;

/// An Engine that answers.
#[derive(Clone)]
pub struct Host {
    docker: Docker,
    at: String,
    /// Where its files are, when they may be on this machine.
    is_local: bool,
    api: ApiVersion,
}

/// What is being asked for, for the messages.
#[derive(Clone, Copy)]
struct Verb<'a> {
    /// As in "cannot ...".
    what: &'static str,
    /// Of which container or image.
    subject: &'a str,
}

// === impl Verb ===

impl Verb<'_> {
    /// As it is shown: an id has no more digits than Docker shows.
    fn subject(self) -> String {
        let is_id = self.subject.len() == ID_DIGITS && self.subject.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.subject[..if is_id { SHORT_ID_DIGITS } else { self.subject.len() }].to_owned()
    }
}

// === impl Host ===

impl Host {
    /// Connects, and asks for the version.
    ///
    /// # Errors
    /// When nobody answers there, or one that is too old.
    pub async fn connect(host: &DockerHost) -> Result<Self, HostError> {
        let at = endpoint::shown(host);
        let docker = endpoint::client(host, CLIENT_TIMEOUT)?;
        let verb = Verb { what: "ask for the version of", subject: "Docker" };
        let unknown = Self { docker, at, is_local: matches!(host, DockerHost::Unix(_)), api: ApiVersion::OLDEST };
        let version = unknown.within(REQUEST_TIMEOUT, verb, unknown.docker.version()).await?;
        let found = version.api_version.unwrap_or_default();
        match found.parse() {
            Ok(api) if api >= ApiVersion::OLDEST => Ok(Self { api, ..unknown }),
            _ => Err(HostError::TooOld { at: unknown.at, found }),
        }
    }

    /// The version of the interface that it speaks.
    #[must_use]
    pub fn api(&self) -> ApiVersion {
        self.api
    }

    /// One request with its answer, within a limit.
    async fn within<T>(
        &self,
        limit: Duration,
        verb: Verb<'_>,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, HostError> {
        match timeout(limit, request).await {
            Ok(answer) => answer.map_err(|error| HostError::of(&self.at, verb, &error)),
            Err(_) => Err(HostError::Late { what: verb.what, subject: verb.subject(), limit }),
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("at", &self.at).field("api", &self.api).finish_non_exhaustive()
    }
}

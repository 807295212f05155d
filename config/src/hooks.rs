//! What is done on the way of a rollout besides sending requests: hooks, and the tests that a release has to pass.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};

/// The hooks of a service. Each may be done more than once for the same rollout: after a restart, and where it is tried
/// again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before a new container is started, such as a migration. One that recreates stops the old ones first.
    pub pre_deploy: Option<Hook>,
    /// When the new release is ready, and before its first share.
    pub pre_traffic: Option<Hook>,
    /// Before the new release gets all requests.
    pub pre_promote: Option<Hook>,
    /// When it has got them.
    pub post_promote: Option<Hook>,
    /// When it has been sent back.
    pub on_abort: Option<Hook>,
}

/// At which point of a rollout a hook is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookName {
    /// See [`Hooks::pre_deploy`].
    PreDeploy,
    /// See [`Hooks::pre_traffic`].
    PreTraffic,
    /// See [`Hooks::pre_promote`].
    PrePromote,
    /// See [`Hooks::post_promote`].
    PostPromote,
    /// See [`Hooks::on_abort`].
    OnAbort,
}

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What is done.
    pub action: HookAction,
    /// One try that takes longer has failed. Default 5 min before a deployment, else 60 s.
    pub deadline: Duration,
    /// How often it is tried again after a failure. Default 0, a webhook 2.
    pub retries: u32,
    /// What a failure of the last try means. Default abort; ignore, where there is nothing to abort any more.
    pub on_failure: OnFailure,
    /// Whether stable still is as good as before, once the new release has served. Default true; only `pre_deploy` may
    /// say that it is not.
    pub is_reversible: bool,
}

/// What a hook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// Runs this to its end in a container of its own, of the new release's image. Never empty.
    Command(Vec<String>),
    /// Posts what is going on, as JSON, to this address of http or https.
    Webhook(Uri),
}

/// What it means that a hook has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The release is sent back.
    Abort,
    /// Nothing.
    Ignore,
}

/// The tests that a new release has to pass before its first share and when it has all requests, and stable after
/// `pre_deploy`. They count nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smoke {
    /// What every instance is asked, in this order.
    pub requests: Vec<SmokeRequest>,
    /// What is run to its end for every instance in a container of its own, of its release's image.
    pub command: Option<Vec<String>>,
    /// One test of one instance that takes longer has failed. Default 60 s.
    pub deadline: Duration,
    /// How often a test is tried again after a failure. Default 2.
    pub retries: u32,
}

/// One request of a smoke test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmokeRequest {
    /// The path, perhaps with a query.
    pub path: Box<str>,
    /// Default GET.
    pub method: Method,
    /// The status of a good answer. Default any from 200 to 399.
    pub status: Option<u16>,
    /// What the first MiB of the body of a good answer contains.
    pub contains: Option<Box<str>>,
    /// Fields that are sent along.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

// === impl Hooks ===

impl Hooks {
    /// Whether a release may be sent back without a human's word after it has served.
    #[must_use]
    pub fn are_reversible(&self) -> bool {
        self.pre_deploy.as_ref().is_none_or(|hook| hook.is_reversible)
    }

    /// The hook of this name.
    #[must_use]
    pub const fn get(&self, name: HookName) -> Option<&Hook> {
        match name {
            HookName::PreDeploy => self.pre_deploy.as_ref(),
            HookName::PreTraffic => self.pre_traffic.as_ref(),
            HookName::PrePromote => self.pre_promote.as_ref(),
            HookName::PostPromote => self.post_promote.as_ref(),
            HookName::OnAbort => self.on_abort.as_ref(),
        }
    }
}

// === impl HookName ===

impl HookName {
    /// Every point, in the order of a rollout's way.
    pub const ALL: [Self; 5] = [Self::PreDeploy, Self::PreTraffic, Self::PrePromote, Self::PostPromote, Self::OnAbort];

    /// The key of the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreDeploy => "pre_deploy",
            Self::PreTraffic => "pre_traffic",
            Self::PrePromote => "pre_promote",
            Self::PostPromote => "post_promote",
            Self::OnAbort => "on_abort",
        }
    }

    /// How long one try may take, if the file says nothing.
    #[must_use]
    pub const fn deadline(self) -> Duration {
        match self {
            Self::PreDeploy => Duration::from_mins(5),
            _ => Duration::from_mins(1),
        }
    }

    /// What a failure means, if the file says nothing.
    #[must_use]
    pub const fn on_failure(self) -> OnFailure {
        match self {
            Self::PreDeploy | Self::PreTraffic | Self::PrePromote => OnFailure::Abort,
            Self::PostPromote | Self::OnAbort => OnFailure::Ignore,
        }
    }
}

// === impl HookAction ===

impl HookAction {
    /// How often it is tried again, if the file says nothing.
    #[must_use]
    pub const fn retries(&self) -> u32 {
        match self {
            Self::Command(_) => 0,
            Self::Webhook(_) => 2,
        }
    }
}

// === impl OnFailure ===

impl OnFailure {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Abort, Self::Ignore];

    /// The word for it in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::Ignore => "ignore",
        }
    }
}

//! Hooks and smoke tests: what is done beside the engine at the points of a rollout, and how it went.
//!
//! When one is due, the [`engine`](crate::engine) decides, and what a failure means; here it is only done: a command in a
//! container of its own (`room`), a webhook (`webhook`), or requests to instances (`smoke`), each in its time and as
//! often as it may be tried. None is ever broken off but by its deadline: half of a migration is worse than all of one,
//! and one beside itself is worse than that (`turns`).
//! What whoever is called gets to know is in `circumstances`.

mod circumstances;
mod exchange;
mod report;
mod room;
mod smoke;
mod tries;
mod turns;
mod webhook;

use std::time::Duration;

use canary_config::hooks::{Hook, HookAction, HookName, Smoke};
use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub use self::circumstances::Circumstances;
pub use self::report::Report;
pub use self::room::{Model, Room};
pub use self::smoke::Target;
pub use self::turns::Turns;
use crate::rollout::{Charge, Generation};

/// What may have to be done at the points of a rollout, in the order of its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Check {
    /// The hook before a new container is started.
    PreDeploy,
    /// The hook before the first share.
    PreTraffic,
    /// The smoke tests before the first share.
    SmokeBefore,
    /// The hook before all requests.
    PrePromote,
    /// The hook after it has got them.
    PostPromote,
    /// The smoke tests after it has got them.
    SmokeAfter,
    /// The hook after an abort.
    OnAbort,
}

/// Something to be done for a rollout.
#[derive(Clone, Debug)]
pub struct Job {
    /// Which check it is.
    pub check: Check,
    /// What is to be done.
    pub deed: Deed,
    /// What is going on.
    pub circumstances: Circumstances,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A hook, and where its command would be run.
    Hook(Box<Hook>, Room),
    /// Smoke tests of these instances.
    Smoke(Smoke, Vec<Target>),
}

/// How a job went.
#[derive(Clone, Debug)]
pub struct Ran {
    /// For which service.
    pub service: ServiceName,
    /// For which try.
    pub generation: Generation,
    /// Which check it was.
    pub check: Check,
    /// How it went.
    pub report: Report,
}

/// Does jobs beside the engine, each by itself.
#[derive(Clone, Debug)]
pub struct Runner {
    turns: Turns,
    done: mpsc::UnboundedSender<Ran>,
}

// === impl Check ===

impl Check {
    /// Every check, in the order of a rollout's way.
    pub const ALL: [Self; 7] = [
        Self::PreDeploy,
        Self::PreTraffic,
        Self::SmokeBefore,
        Self::PrePromote,
        Self::PostPromote,
        Self::SmokeAfter,
        Self::OnAbort,
    ];

    /// The hook that it is, unless it is a smoke test.
    #[must_use]
    pub const fn hook(self) -> Option<HookName> {
        match self {
            Self::PreDeploy => Some(HookName::PreDeploy),
            Self::PreTraffic => Some(HookName::PreTraffic),
            Self::PrePromote => Some(HookName::PrePromote),
            Self::PostPromote => Some(HookName::PostPromote),
            Self::OnAbort => Some(HookName::OnAbort),
            Self::SmokeBefore | Self::SmokeAfter => None,
        }
    }

    /// Its value of the label `hook`.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.hook().map_or("smoke", HookName::as_str)
    }

    /// As a sentence names it.
    #[must_use]
    pub fn in_words(self) -> String {
        self.hook().map_or_else(|| "smoke test".to_owned(), |hook| format!("{} hook", hook.as_str()))
    }

    /// What a release is charged with that has failed it.
    #[must_use]
    pub const fn charge(self) -> Charge {
        match self.hook() {
            Some(_) => Charge::Hook,
            None => Charge::SmokeTest,
        }
    }
}

// === impl Job ===

impl Job {
    /// Does it, as often as it may be tried.
    pub async fn run(&self, turns: &Turns) -> Report {
        match &self.deed {
            Deed::Hook(hook, room) => run_hook(self.check, hook, &self.circumstances, room, turns).await,
            Deed::Smoke(smoke, targets) => run_smoke(self.check, smoke, &self.circumstances, targets, turns).await,
        }
    }
}

// === impl Runner ===

impl Runner {
    /// One that reports there.
    #[must_use]
    pub fn new(turns: Turns, done: mpsc::UnboundedSender<Ran>) -> Self {
        Self { turns, done }
    }

    /// Whose turn it is to run a command.
    #[must_use]
    pub const fn turns(&self) -> &Turns {
        &self.turns
    }

    /// Begins a job.
    pub fn begin(&self, job: Job) {
        let Self { turns, done } = self.clone();
        tokio::spawn(async move {
            let report = job.run(&turns).await;
            let Circumstances { service, generation, .. } = job.circumstances;
            // An engine that has ended needs to know no more.
            let _ = done.send(Ran { service, generation, check: job.check, report });
        });
    }
}

/// Does a hook, as often as it may be tried. A deployment does so with `pre_deploy`, before its first container is made.
pub async fn run_hook(check: Check, hook: &Hook, circumstances: &Circumstances, room: &Room, turns: &Turns) -> Report {
    tries::of(hook.retries, || attempt(check, hook, circumstances, room, turns)).await
}

async fn attempt(check: Check, hook: &Hook, circumstances: &Circumstances, room: &Room, turns: &Turns) -> Report {
    match &hook.action {
        HookAction::Webhook(url) => webhook::post(url, circumstances.json(check), hook.deadline).await,
        HookAction::Command(command) => room.run(command, &circumstances.env(check), check, hook.deadline, turns).await,
    }
}

/// Does the smoke tests of these instances, each as often as it may be tried, until one has failed. A deployment does so
/// with stable's, after `pre_deploy`.
pub async fn run_smoke(
    check: Check,
    smoke: &Smoke,
    circumstances: &Circumstances,
    targets: &[Target],
    turns: &Turns,
) -> Report {
    let mut all = Report::nothing();
    for target in targets {
        for request in &smoke.requests {
            let tried = tries::of(smoke.retries, || smoke::ask(target.address, request, smoke.deadline)).await;
            all = all.and(tried);
            if all.result.is_err() {
                return all;
            }
        }
        if let Some(command) = &smoke.command {
            let mut env = circumstances.env(check);
            env.push(target.variable());
            let run = || target.room.run(command, &env, check, smoke.deadline, turns);
            all = all.and(tries::of(smoke.retries, run).await);
            if all.result.is_err() {
                return all;
            }
        }
    }
    all
}

/// How long a try may take, in words.
fn too_late(deadline: Duration) -> String {
    format!("it was not over within {}", humantime::format_duration(deadline))
}

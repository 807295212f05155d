//! Whether a backend can serve, asked again and again.
//!
//! One task for each backend of a release in use asks at the probe's interval and tells the engine when the answer has
//! changed for good: up after `rise` passes in a row, down after `fall` failures. A backend that never passed is down.

mod ask;
mod streak;

use std::net::SocketAddr;
use std::time::Duration;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Probe;
use canary_proxy::pool::BackendId;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use self::ask::Failing;
use self::streak::Streak;

/// From one probe to the next while a backend has never been up: requests may wait for it, and nobody is served before.
/// Its first passes need not be far apart.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);
/// The same after one that failed.
const FIRST_RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// Whose backend it is, and which.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeKey {
    /// The service.
    pub service: ServiceName,
    /// The release.
    pub release: ReleaseId,
    /// The backend.
    pub backend: BackendId,
}

/// What the probes have made of a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// It can serve.
    Up,
    /// It cannot, or has not shown that it can.
    #[default]
    Down,
}

/// A change that the probes found: of a backend's condition, or of the cause of its failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which backend.
    pub key: ProbeKey,
    /// Which watch found it: one that was ended meanwhile has nothing to say any more.
    pub watch: WatchId,
    /// What it is now.
    pub condition: Condition,
    /// Why the last probe that failed did.
    pub why: Option<String>,
}

/// The number of a watch; no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchId(u64);

/// Starts watches, whose findings all go to one place.
#[derive(Debug)]
pub struct Watchers {
    findings: mpsc::Sender<Finding>,
    last: WatchId,
}

/// A backend that is being watched, until this is dropped.
#[derive(Debug)]
pub struct Watch {
    /// Its number.
    pub id: WatchId,
    task: AbortHandle,
}

// === impl Condition ===

impl Condition {
    /// Its word in the log.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

// === impl Watchers ===

impl Watchers {
    /// Watches report to whoever holds the other end.
    #[must_use]
    pub fn new(findings: mpsc::Sender<Finding>) -> Self {
        Self { findings, last: WatchId(0) }
    }

    /// Begins to watch a backend that is known to be in this condition.
    #[must_use]
    pub fn start(&mut self, key: ProbeKey, address: SocketAddr, probe: Probe, known: Condition) -> Watch {
        self.last = WatchId(self.last.0 + 1);
        let (id, findings) = (self.last, self.findings.clone());
        let streak = Streak::new(known, probe.rise, probe.fall);
        Watch { id, task: tokio::spawn(watch(id, key, address, probe, streak, findings)).abort_handle() }
    }
}

// === impl Watch ===

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(
    id: WatchId,
    key: ProbeKey,
    address: SocketAddr,
    probe: Probe,
    mut streak: Streak,
    findings: mpsc::Sender<Finding>,
) {
    let (mut is_new, mut said) = (streak.condition() == Condition::Down, None);
    loop {
        let mut is_new_cause = false;
        let is_passed = match ask::ask(address, &probe).await {
            Ok(()) => {
                said = None;
                Some(true)
            }
            Err(Failing::Backend(why)) => {
                // Each cause once: what fails on for the same one has nothing new to say.
                is_new_cause = said.as_ref() != Some(&why);
                if is_new_cause {
                    tracing::warn!(service = %key.service, release = %key.release, backend = %key.backend, why, "probe");
                }
                said = Some(why);
                Some(false)
            }
            Err(Failing::Ourselves(why)) => {
                tracing::warn!(service = %key.service, backend = %key.backend, why, "a probe could not be sent");
                None
            }
        };
        let is_new_condition = is_passed.and_then(|is_passed| streak.note(is_passed)).is_some();
        if is_new_condition || is_new_cause {
            let finding = Finding { key: key.clone(), watch: id, condition: streak.condition(), why: said.clone() };
            if findings.send(finding).await.is_err() {
                return;
            }
        }
        is_new &= streak.condition() == Condition::Down;
        let pause = match is_passed {
            Some(true) if is_new => FIRST_INTERVAL,
            Some(false) if is_new => FIRST_RETRY_INTERVAL,
            _ => probe.interval,
        };
        tokio::time::sleep(pause.min(probe.interval)).await;
    }
}

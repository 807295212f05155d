//! What holds where the file says nothing. Each type's documentation repeats its own defaults for the reader.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use crate::cohort::Assignment;
use crate::criteria::{Alpha, BlastRadius, Criteria, Guardrails, Profile};
use crate::daemon::{Admin, Limits, Metrics, Proxy, Store};
use crate::docker::{Docker, DockerHost, DockerMode};
use crate::plan::{Gate, OnBusy, OnThinEvidence, Plan, Step, Strategy};
use crate::service::{Parking, Probe, Timeouts};
use crate::usage::{Factor, UsageLimits};
use crate::weight::Weight;

/// The shares that a rollout goes through on its way to 100 %, in basis points.
const STEPS_BP: [u16; 2] = [1_000, 2_500];
/// The same where traffic is so thin that a small share would tell nothing for hours.
const LOW_TRAFFIC_STEPS_BP: [u16; 2] = [2_500, 5_000];
pub(crate) const STEP_MIN_DURATION: Duration = Duration::from_secs(60);
pub(crate) const STEP_MAX_DURATION: Duration = Duration::from_secs(15 * 60);

/// How long the instances that joined last are watched before the next ones join.
pub(crate) const ROLLING_MIN_DURATION: Duration = Duration::from_secs(10);

/// How long a human may take to approve of a step.
pub(crate) const APPROVAL_DEADLINE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a release that has to go first may take to end what it has begun.
pub(crate) const fn drain_timeout() -> Duration {
    Duration::from_secs(30)
}

/// The shares below 100 % that a rollout goes through.
pub(crate) fn weights(profile: Profile) -> impl Iterator<Item = Weight> {
    let steps = match profile {
        Profile::Balanced | Profile::Strict | Profile::Calm => STEPS_BP,
        Profile::LowTraffic => LOW_TRAFFIC_STEPS_BP,
    };
    steps.into_iter().filter_map(Weight::from_bp)
}

impl Default for Admin {
    fn default() -> Self {
        Self { socket: "/run/canaryd/canaryd.sock".into(), socket_group: None, socket_mode: 0o600, remote: None }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 9901)), bearer_token: None }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { path: "/var/lib/canaryd/canaryd.db".into() }
    }
}

impl Default for Proxy {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN);
        Self { workers, drain_timeout: Duration::from_secs(30) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            connections_per_ip: 1_024,
            head_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(180),
            body_idle: Duration::from_secs(60),
            head_bytes: 64 * 1_024,
            head_fields: 128,
            target_bytes: 8 * 1_024,
        }
    }
}

impl Default for Docker {
    fn default() -> Self {
        let host = DockerHost::Unix("/var/run/docker.sock".into());
        Self { mode: DockerMode::default(), host, keep_releases: 3, registry_auth_file: None }
    }
}

impl Default for Probe {
    fn default() -> Self {
        let two_seconds = Duration::from_secs(2);
        Self { path: None, interval: two_seconds, timeout: two_seconds, rise: 2, fall: 2 }
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), read: Duration::from_secs(60), keep_alive: Duration::from_secs(90) }
    }
}

impl Default for Parking {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), requests: 1_000 }
    }
}

impl Default for UsageLimits {
    fn default() -> Self {
        Self { memory: Some(Factor::FOUR), processor: None, sustained: Duration::from_secs(30) }
    }
}

impl Default for Plan {
    fn default() -> Self {
        let step = |weight| Step {
            weight,
            instances: None,
            min_duration: STEP_MIN_DURATION,
            max_duration: STEP_MAX_DURATION,
            gate: Gate::Evidence,
        };
        Self {
            strategy: Strategy::Canary,
            steps: weights(Profile::default()).map(step).collect(),
            ready_timeout: Duration::from_secs(60),
            on_thin_evidence: OnThinEvidence::Hold,
            probation: Duration::from_secs(10 * 60),
            criteria: Criteria::default(),
            assignment: Assignment::Request,
            on_busy: OnBusy::Reject,
            drain_timeout: drain_timeout(),
        }
    }
}

impl Default for Criteria {
    fn default() -> Self {
        Self {
            alpha: Alpha::DEFAULT,
            profile: Profile::default(),
            guardrails: Guardrails::default(),
            blast_radius: BlastRadius::default(),
        }
    }
}

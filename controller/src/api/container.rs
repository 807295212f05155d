//! The containers of a service, and what does not belong.

use canary_config::name::ReleaseId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{ComposeStatus, schema};

/// One container of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerStatus {
    /// Its id, as Docker shortens it for people; the value of the label `backend`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The release that it runs.
    #[schema(value_type = schema::ReleaseId)]
    pub release: ReleaseId,
    /// Its image, as it was asked for.
    pub image: String,
    /// Where Compose has it from, or what it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<ComposeStatus>,
    /// What it does: `starting`, `running`, `unhealthy`, `leaving`, `paused` or `stopped`.
    pub state: String,
    /// Where it listens, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Requests and tunnels that are open at it.
    pub open: usize,
    /// How often Docker has started it again.
    pub restarts: u64,
    /// Why it is unhealthy, or how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What canaryd could not do with it. It is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Why it gets no request although it runs, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// What it uses, if its release is stable or on trial while a rollout is under way; looked at every 5 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageStatus>,
    /// What is doubtful about how it was made, and what to do about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// What a container uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageStatus {
    /// Its memory, without what the kernel takes back first.
    pub memory_bytes: u64,
    /// The most that it may have: its own limit, or all that the machine has.
    pub memory_bytes_max: Option<u64>,
    /// Thousandths of a processor, of late; nothing before the second look.
    pub processor_milli: Option<u64>,
    /// The time that processors spent on it since it started.
    pub processor_total_us: u64,
}

/// Where a release on trial stands to what it may use, relative to stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LimitStatus {
    /// What is limited: `memory` by the container, or `processor` by the request.
    pub resource: String,
    /// How many times as much as stable is allowed, in thousandths.
    pub limit_milli: u32,
    /// What stable used when both were compared last: bytes, or nanoseconds.
    pub stable: Option<u64>,
    /// What the release on trial used then.
    pub canary: Option<u64>,
    /// Why nothing is said at present.
    pub not_judged: Option<String>,
    /// For how long it has been beyond the limit without a break; nothing while it is not.
    pub exceeded_ms: Option<u64>,
}

/// How the Docker Engine is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DockerHealth {
    /// Why its containers are not seen now, and what helps. Requests go where they went, and nothing is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What is wrong with containers that want to belong to a service, and what to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

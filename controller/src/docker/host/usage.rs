//! What a container uses, at one moment.

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptions;
use futures_util::StreamExt as _;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};

/// The memory that the kernel takes back first, by the version of its control groups.
const RECLAIMABLE: [&str; 2] = ["inactive_file", "total_inactive_file"];

/// What a container uses, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Its memory, without what the kernel takes back first.
    pub memory_bytes: u64,
    /// The most memory that it may have: its own limit, or all that the machine has.
    pub memory_bytes_max: Option<u64>,
    /// The time that processors spent on it since it started, in nanoseconds.
    pub cpu_nanos: u64,
}

// === impl Host ===

impl Host {
    /// What a running container uses now, without waiting for a second look.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn usage(&self, container: &str) -> Result<Usage, HostError> {
        let verb = Verb { what: "measure", subject: container };
        let mut stats = Box::pin(self.docker.stats(container, Some(StatsOptions { stream: false, one_shot: true })));
        let first = async { stats.next().await.transpose() };
        let stats = self.within(REQUEST_TIMEOUT, verb, first).await?;
        stats.as_ref().and_then(usage).ok_or_else(|| HostError::failed(verb, "it does not run"))
    }
}

fn usage(stats: &ContainerStatsResponse) -> Option<Usage> {
    let memory = stats.memory_stats.as_ref()?;
    let details = memory.stats.as_ref();
    let reclaimable = RECLAIMABLE.iter().find_map(|key| details?.get(*key)).copied().unwrap_or_default();
    Some(Usage {
        memory_bytes: memory.usage?.saturating_sub(reclaimable),
        memory_bytes_max: memory.limit.filter(|limit| *limit > 0),
        cpu_nanos: stats.cpu_stats.as_ref()?.cpu_usage.as_ref()?.total_usage?,
    })
}

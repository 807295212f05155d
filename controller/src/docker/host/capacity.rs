//! What the machine of an Engine has, and what is left of it.

use std::path::Path;

use bollard::models::ContainerSummaryStateEnum;

use super::{Host, HostError, REQUEST_TIMEOUT, Verb};

/// Of so many containers the memory is asked for.
const MEASURED_MAX: usize = 200;

/// What a machine has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Its architecture, as its kernel calls it: `x86_64`.
    pub architecture: String,
    /// Its memory.
    pub memory_bytes: u64,
    /// What running containers use of it.
    pub memory_used_bytes: u64,
    /// What is free where images and containers lie. Unknown when the Engine's files are not to be seen from here.
    pub disk_free_bytes: Option<u64>,
}

// === impl Host ===

impl Host {
    /// What the machine has and what is left of it.
    ///
    /// # Errors
    /// When the Engine does not answer.
    pub async fn capacity(&self) -> Result<Capacity, HostError> {
        let verb = Verb { what: "look at", subject: "the machine of Docker" };
        let info = self.within(REQUEST_TIMEOUT, verb, self.docker.info()).await?;
        let running = self.containers().await?;
        let running = running.iter().filter(|one| one.state == Some(ContainerSummaryStateEnum::RUNNING));
        let mut memory_used_bytes = 0;
        for container in running.filter_map(|container| container.id.as_deref()).take(MEASURED_MAX) {
            // One that ended meanwhile uses nothing.
            memory_used_bytes += self.usage(container).await.map_or(0, |usage| usage.memory_bytes);
        }
        let root = info.docker_root_dir.filter(|_| self.is_local);
        Ok(Capacity {
            architecture: info.architecture.unwrap_or_default(),
            memory_bytes: info.mem_total.unwrap_or_default().unsigned_abs(),
            memory_used_bytes,
            disk_free_bytes: root.and_then(|root| free(Path::new(&root))),
        })
    }
}

/// What is free on the disk of a folder.
fn free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

//! The backends of one release that can serve, and the choice among them.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use canary_config::name::ReleaseId;
use rand::{Rng, RngExt as _};

use crate::meter::{Meter, PoolMeter};

/// So many digits of a container's id tell it from every other one of a host.
const CONTAINER_DIGITS: usize = 12;

/// Who a backend is: the configured address, or the container. Never an address alone where containers come and go: a
/// freed address is the next container's at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(Arc<str>);

/// One instance of a release.
#[derive(Debug)]
pub struct Backend {
    /// Who it is.
    pub id: BackendId,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its own counters.
    pub meter: Arc<Meter>,
    /// Which kept connections are its own.
    group: u64,
    ejected: AtomicBool,
}

/// The ready backends of one release. Who is not ready is not in it.
#[derive(Clone, Debug)]
pub struct Pool {
    /// The release that they all run.
    pub release: ReleaseId,
    /// Those that pass their probes.
    pub ready: Vec<Arc<Backend>>,
    /// What this release was given and answered in its present role.
    pub meter: Arc<PoolMeter>,
}

// === impl BackendId ===

impl BackendId {
    /// The identity of a container, as Docker shortens it for people.
    #[must_use]
    pub fn container(id: &str) -> Self {
        Self(id.get(..CONTAINER_DIGITS).unwrap_or(id).into())
    }

    /// The identity of a backend that the configuration names by its address.
    #[must_use]
    pub fn configured(address: SocketAddr) -> Self {
        Self(address.to_string().into())
    }

    /// Its value of the label `backend`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

// === impl Backend ===

impl Backend {
    /// A backend that nobody has asked anything yet.
    #[must_use]
    pub fn new(id: BackendId, address: SocketAddr) -> Self {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let group = hasher.finish() & !1;
        Self { id, address, meter: Arc::default(), group, ejected: AtomicBool::new(false) }
    }

    /// It has gone, and its address may be another's by now. Tables that still show it, and requests that were picked for
    /// it and have not been sent, must not reach it. It comes back, if ever, as another backend.
    pub fn eject(&self) {
        self.ejected.store(true, Ordering::Release);
    }

    /// Whether it has gone.
    #[must_use]
    pub fn is_ejected(&self) -> bool {
        self.ejected.load(Ordering::Acquire)
    }

    /// The number of its kept connections, always even. No two backends share theirs, whatever their addresses.
    pub(crate) const fn group(&self) -> u64 {
        self.group
    }
}

// === impl Pool ===

impl Pool {
    /// The less busy of two backends taken by chance (power of two choices), or nothing where none is ready.
    ///
    /// One look at every backend would send all workers to the same idle one at the same instant.
    #[must_use]
    pub fn choose(&self, rng: &mut impl Rng) -> Option<&Arc<Backend>> {
        match self.ready.as_slice() {
            [] => None,
            [only] => Some(only),
            many => {
                let first = rng.random_range(0..many.len());
                let second = (first + rng.random_range(1..many.len())) % many.len();
                Some(less_busy(&many[first], &many[second]))
            }
        }
    }

    /// The least busy backend but for one that has failed already.
    #[must_use]
    pub fn other_than(&self, failed: &BackendId) -> Option<&Arc<Backend>> {
        self.none_of(std::slice::from_ref(failed))
    }

    /// The least busy backend but for those that have failed already.
    #[must_use]
    pub fn none_of(&self, failed: &[BackendId]) -> Option<&Arc<Backend>> {
        let untried = self.ready.iter().filter(|backend| !failed.contains(&backend.id));
        untried.min_by_key(|backend| backend.meter.in_flight())
    }
}

fn less_busy<'a>(first: &'a Arc<Backend>, second: &'a Arc<Backend>) -> &'a Arc<Backend> {
    if second.meter.in_flight() < first.meter.in_flight() { second } else { first }
}

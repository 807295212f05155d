//! Whose turn it is to run a command: of one service, a check has one under way at most, whatever becomes of canaryd or
//! of its Engine. What is left of an earlier one is brought to its end before the next begins, and when canaryd starts.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use canary_config::docker::DockerHost;
use canary_config::name::ServiceName;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::docker::host::{Host, HostError};
use crate::docker::owner::Owner;

/// An Engine that cannot be looked at is looked at again after so long.
const PAUSE: Duration = Duration::from_secs(5);

/// Gives turns. Cheap to clone; all clones give the same ones.
#[derive(Clone, Debug)]
pub struct Turns {
    owner: Owner,
    places: Arc<Mutex<HashMap<Place, Arc<Semaphore>>>>,
}

/// What has one command under way at most.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Place {
    service: ServiceName,
    check: String,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, and nobody asks it anything")] OwnedSemaphorePermit);

// === impl Turns ===

impl Turns {
    /// Those of this canaryd.
    #[must_use]
    pub fn new(owner: Owner) -> Self {
        Self { owner, places: Arc::default() }
    }

    /// By what it knows the containers that it makes.
    pub(super) const fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Waits for the turn of a check, and for the end of what is left of the one before. Each has a deadline.
    pub(super) async fn take(&self, host: &Host, service: &ServiceName, check: &str) -> Result<Turn, HostError> {
        let turn = Arc::clone(&self.place(service, check)).acquire_owned().await;
        let turn = Turn(turn.expect("no place is ever closed"));
        for left in host.tasks(&self.owner).await?.into_iter().filter(|left| left.is_of(service, check)) {
            tracing::warn!(%service, hook = check, container = left.name, "left by an earlier canaryd; it is waited for");
            host.end_task(&left).await?;
        }
        Ok(turn)
    }

    /// Begins to bring to its end what an earlier canaryd has left at an Engine, however long that one is away.
    pub fn clear_up(&self, docker: DockerHost) {
        let this = self.clone();
        tokio::spawn(async move {
            while let Err(error) = this.clear_up_once(&docker).await {
                tracing::debug!(%error, "what hooks have left cannot be looked for yet");
                tokio::time::sleep(PAUSE).await;
            }
        });
    }

    async fn clear_up_once(&self, docker: &DockerHost) -> Result<(), HostError> {
        let host = Host::connect(docker).await?;
        let left = host.tasks(&self.owner).await?;
        let of: BTreeSet<_> = left.into_iter().map(|left| (left.service, left.check)).collect();
        let ends = of.into_iter().filter_map(|(service, check)| {
            let (service, host) = (service.parse::<ServiceName>().ok()?, host.clone());
            Some(async move { self.take(&host, &service, &check).await.map(drop) })
        });
        // One that takes its time keeps nobody else waiting.
        futures_util::future::try_join_all(ends).await.map(drop)
    }

    fn place(&self, service: &ServiceName, check: &str) -> Arc<Semaphore> {
        // Nothing that is done while it is held can panic.
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(Place { service: service.clone(), check: check.to_owned() });
        Arc::clone(place.or_insert_with(|| Arc::new(Semaphore::new(1))))
    }
}

//! The places for connections. Who comes when all are taken gets that of the connection that has had nothing to do for
//! longest; while all are busy it waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// So many places, and who sits idle in them.
#[derive(Clone)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// One connection's place. It is free again when this is dropped.
pub(super) struct Place {
    evicted: Arc<Notify>,
    idle: Arc<Idle>,
    _permit: OwnedSemaphorePermit,
}

/// A request that is being answered in a place. Until this is dropped, nobody else gets the place.
pub(super) struct Busy {
    evicted: Arc<Notify>,
    idle: Arc<Idle>,
}

/// The connections that have nothing to do, the oldest first.
#[derive(Default)]
struct Idle {
    queue: Mutex<VecDeque<Arc<Notify>>>,
    grown: Notify,
}

// === impl Places ===

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), idle: Arc::default() }
    }

    /// Waits for a place, and makes somebody leave who does not need it.
    pub(super) async fn take(&self) -> Place {
        let evicted = Arc::<Notify>::default();
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            let was_idle = self.idle.queue().pop_front();
            if let Some(connection) = &was_idle {
                connection.notify_one();
            }
            tokio::select! {
                permit = Arc::clone(&self.free).acquire_owned() => match permit {
                    Ok(permit) => break permit,
                    Err(_) => std::future::pending().await,
                },
                () = self.idle.grown.notified(), if was_idle.is_none() => {}
            }
        };
        self.idle.add(Arc::clone(&evicted));
        Place { evicted, idle: Arc::clone(&self.idle), _permit: permit }
    }
}

// === impl Place ===

impl Place {
    /// Waits until somebody else is to have it.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// What marks requests of this connection as being answered.
    pub(super) fn occupant(&self) -> Occupant {
        Occupant { evicted: Arc::clone(&self.evicted), idle: Arc::clone(&self.idle) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.idle.remove(&self.evicted);
    }
}

/// Whoever has a place.
pub(super) struct Occupant {
    evicted: Arc<Notify>,
    idle: Arc<Idle>,
}

// === impl Occupant ===

impl Occupant {
    /// Begins to answer a request; nothing if somebody else is to have the place already.
    pub(super) fn begin(&self) -> Option<Busy> {
        let was_idle = self.idle.remove(&self.evicted);
        was_idle.then(|| Busy { evicted: Arc::clone(&self.evicted), idle: Arc::clone(&self.idle) })
    }
}

// === impl Busy ===

impl Drop for Busy {
    fn drop(&mut self) {
        self.idle.add(Arc::clone(&self.evicted));
    }
}

// === impl Idle ===

impl Idle {
    fn add(&self, connection: Arc<Notify>) {
        self.queue().push_back(connection);
        self.grown.notify_one();
    }

    /// Whether it was there.
    fn remove(&self, connection: &Arc<Notify>) -> bool {
        let mut queue = self.queue();
        let place = queue.iter().position(|idle| Arc::ptr_eq(idle, connection));
        place.and_then(|place| queue.remove(place)).is_some()
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Arc<Notify>>> {
        // Nothing here panics while it holds the queue.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

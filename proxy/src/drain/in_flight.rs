//! A count of what is going on, and the moment when nothing is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many things are going on now: the requests of the data plane, or the connections of a worker.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Count>);

/// One of them. It has ended when this is dropped, however that came about.
#[derive(Debug)]
pub struct InFlightGuard(Arc<Count>);

#[derive(Debug, Default)]
struct Count {
    now: AtomicUsize,
    /// Whether anybody waits for zero. Until then, an end costs one atomic operation and no lock.
    awaited: AtomicBool,
    zero: Notify,
}

// === impl InFlight ===

impl InFlight {
    /// Counts one more, until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> InFlightGuard {
        self.0.now.fetch_add(1, Ordering::Relaxed);
        InFlightGuard(Arc::clone(&self.0))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.now.load(Ordering::SeqCst)
    }

    /// Resolves when there are none.
    pub(crate) async fn none(&self) {
        // This store and the load below, against the subtraction and the load in `drop`: with one order over all four,
        // either the last guard sees that it is awaited, or we see that it is gone.
        self.0.awaited.store(true, Ordering::SeqCst);
        loop {
            let mut zero = std::pin::pin!(self.0.zero.notified());
            zero.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            zero.await;
        }
    }
}

// === impl InFlightGuard ===

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let last = self.0.now.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.0.awaited.load(Ordering::SeqCst) {
            self.0.zero.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_guard_wakes_whoever_waits() {
        let in_flight = InFlight::default();
        let guards: Vec<_> = (0..3).map(|_| in_flight.enter()).collect();
        assert_eq!(in_flight.count(), 3);
        tokio::join!(in_flight.none(), async { drop(guards) });
        assert_eq!(in_flight.count(), 0);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_end_is_missed_when_threads_race() {
        for _ in 0..2_000 {
            let in_flight = InFlight::default();
            let guard = in_flight.enter();
            let ends = tokio::spawn(async move { drop(guard) });
            in_flight.none().await;
            ends.await.unwrap();
        }
    }
}

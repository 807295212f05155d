//! The end of the data plane's life: no new connections, idle ones closed, requests in flight ended or cut off.
//!
//! [`Drain`] begins it and reports how it went; [`Draining`] is what connections look at; [`InFlight`] counts.

mod in_flight;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pingora::server::ShutdownWatch;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

pub use in_flight::{InFlight, InFlightGuard};

/// The handle of whoever decides when the end begins.
#[derive(Clone, Debug)]
pub struct Drain(Arc<Shared>);

/// The view of whoever must notice it. Cheap to clone, and to ask.
#[derive(Clone, Debug)]
pub struct Draining {
    shared: Arc<Shared>,
    begun: ShutdownWatch,
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request in flight was answered.
    Clean,
    /// The limit came first: so many requests were still in flight.
    CutOff(usize),
}

#[derive(Debug)]
struct Shared {
    begun: watch::Sender<bool>,
    /// The same fact as in `begun`; reading that takes a lock, which the way of a request must not.
    draining: AtomicBool,
    deadline: OnceLock<Instant>,
    in_flight: InFlight,
    left: OnceLock<usize>,
}

// === impl Drain ===

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

impl Drain {
    /// A drain that has not begun.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            begun: watch::Sender::new(false),
            draining: AtomicBool::new(false),
            deadline: OnceLock::new(),
            in_flight: InFlight::default(),
            left: OnceLock::new(),
        }))
    }

    /// Begins to drain: listeners close and idle connections end at once, requests in flight may take until `limit` from
    /// now. What is left then is cut off, whether anybody awaits [`Drain::drained`] or not. Only the first call counts.
    pub fn begin(&self, limit: Duration) {
        // The deadline is set first, so that whoever sees the beginning finds it.
        self.0.deadline.get_or_init(|| Instant::now() + limit);
        self.0.draining.store(true, Ordering::Release);
        self.0.begun.send_replace(true);
    }

    /// A view for connections and the request path.
    #[must_use]
    pub fn draining(&self) -> Draining {
        Draining { shared: Arc::clone(&self.0), begun: self.0.begun.subscribe() }
    }

    /// The counter of the requests in flight. The request path enters it once per request.
    #[must_use]
    pub fn in_flight(&self) -> InFlight {
        self.0.in_flight.clone()
    }

    /// Resolves when the drain has begun and no request is in flight, or when its limit has passed. A request whose head
    /// was still coming in when this resolved is not lost: the workers wait for it, so join them before the process ends.
    pub async fn drained(&self) -> Drained {
        self.draining().begun().await;
        match self.until_deadline(self.0.in_flight.none()).await {
            // Nothing is in flight any more either once a worker has dropped what was.
            Some(()) if self.0.left.get().is_none() => Drained::Clean,
            _ => self.cut_off(),
        }
    }

    /// Awaits `end`, but not beyond the deadline of a drain that has begun.
    pub(crate) async fn until_deadline<T>(&self, end: impl Future<Output = T>) -> Option<T> {
        let deadline = *self.0.deadline.get().expect("the deadline is set before the drain is announced");
        timeout_at(deadline, end).await.ok()
    }

    /// Takes the number of requests that the limit cuts off. Every worker asks before it drops anything, and the first
    /// answer stands: later there would be fewer of them, because they were dropped.
    pub(crate) fn cut_off(&self) -> Drained {
        match *self.0.left.get_or_init(|| self.0.in_flight.count()) {
            0 => Drained::Clean,
            left => Drained::CutOff(left),
        }
    }
}

// === impl Draining ===

impl Draining {
    /// Whether the drain has begun. One atomic load.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Acquire)
    }

    /// Resolves when the drain has begun.
    pub async fn begun(&mut self) {
        // An error would mean that the sender is gone, which `shared` holds.
        let _ = self.begun.wait_for(|begun| *begun).await;
    }

    /// The same, in the form that pingora asks for.
    pub(crate) fn watch(&self) -> &ShutdownWatch {
        &self.begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_drain_without_requests_is_clean_at_once() {
        let drain = Drain::new();
        let started = Instant::now();
        drain.begin(LIMIT);
        assert_eq!(drain.drained().await, Drained::Clean);
        assert_eq!(started.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_in_flight_is_waited_for() {
        let drain = Drain::new();
        let request = drain.in_flight().enter();
        drain.begin(LIMIT);
        let ends = async {
            tokio::time::advance(LIMIT / 2).await;
            drop(request);
        };
        let (drained, ()) = tokio::join!(drain.drained(), ends);
        assert_eq!(drained, Drained::Clean);
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_limit_cuts_off_is_counted_once() {
        let drain = Drain::new();
        let requests = [drain.in_flight().enter(), drain.in_flight().enter()];
        drain.begin(LIMIT);
        let started = Instant::now();
        assert_eq!(drain.drained().await, Drained::CutOff(2));
        assert_eq!(started.elapsed(), LIMIT);
        drop(requests);
        assert_eq!(drain.cut_off(), Drained::CutOff(2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_worker_has_dropped_is_still_reported() {
        let drain = Drain::new();
        let request = drain.in_flight().enter();
        drain.begin(LIMIT);
        let cuts = async {
            drain.cut_off();
            drop(request);
        };
        let (drained, ()) = tokio::join!(drain.drained(), cuts);
        assert_eq!(drained, Drained::CutOff(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_beginning_does_not_move_the_deadline() {
        let drain = Drain::new();
        let _request = drain.in_flight().enter();
        drain.begin(LIMIT);
        drain.begin(LIMIT * 10);
        let started = Instant::now();
        assert_eq!(drain.drained().await, Drained::CutOff(1));
        assert_eq!(started.elapsed(), LIMIT);
    }

    #[tokio::test]
    async fn the_view_sees_the_beginning_however_late_it_was_taken() {
        let drain = Drain::new();
        let mut early = drain.draining();
        assert!(!early.is_draining());
        drain.begin(LIMIT);
        assert!(early.is_draining() && *early.watch().borrow());
        early.begun().await;
        drain.draining().begun().await;
    }
}

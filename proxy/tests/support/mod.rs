//! A running edge with a trivial proxy in it, and clients and origins that read and write raw bytes.

mod app;
mod child;
mod peer;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use canary_config::daemon::{Limits, Listener};
use canary_proxy::caps::Caps;
use canary_proxy::drain::{Drain, Drained};
use canary_proxy::listener::Bound;
use canary_proxy::worker::{WorkerPanicked, Workers};
use tokio::sync::Semaphore;

pub(crate) use app::{App, Fuse};
pub(crate) use child::Child;
pub(crate) use peer::{Answer, Peer, get, post};

/// No wait of a test is longer. It is a bound for what hangs, never a measure of what works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How often something is tried that becomes possible after an event on the other side of a socket.
pub(crate) const TRIES_MAX: usize = 100_000;

/// A data plane and everything that a test may ask about it.
pub(crate) struct Edge {
    pub(crate) address: SocketAddr,
    pub(crate) caps: Arc<Caps>,
    pub(crate) drain: Drain,
    /// Every request that reached the proxy, as `METHOD path`.
    pub(crate) seen: Receiver<String>,
    /// Lets one request to `/wait` go on for each permit.
    pub(crate) gate: Arc<Semaphore>,
    workers: Workers,
    runtime: tokio::runtime::Runtime,
}

/// Limits that no test meets by accident.
pub(crate) fn limits() -> Limits {
    Limits {
        connections: 10_000,
        connections_per_ip: 10_000,
        head_timeout: PATIENCE * 2,
        keep_alive: PATIENCE * 2,
        body_idle: PATIENCE * 2,
        head_bytes: 64 * 1024,
        head_fields: 128,
        target_bytes: 8 * 1024,
    }
}

impl Edge {
    pub(crate) fn start() -> Self {
        Self::with(&limits(), 2, None, Fuse::default())
    }

    pub(crate) fn with_limits(limits: &Limits) -> Self {
        Self::with(limits, 2, None, Fuse::default())
    }

    /// An edge with one worker that sends everything to the origin.
    pub(crate) fn in_front_of(origin: &TcpListener) -> Self {
        Self::with(&limits(), 1, Some(origin.local_addr().unwrap()), Fuse::default())
    }

    pub(crate) fn with(limits: &Limits, workers: usize, origin: Option<SocketAddr>, fuse: Fuse) -> Self {
        let bound = Bound::bind(&listener("127.0.0.1:0".parse().unwrap())).unwrap();
        let address = bound.local_addr();
        let (caps, drain, gate) = (Caps::new(limits), Drain::new(), Arc::new(Semaphore::new(0)));
        let (sender, seen) = mpsc::channel();
        let app = App { seen: sender, gate: Arc::clone(&gate), draining: drain.draining(), origin, fuse };
        let in_flight = drain.in_flight();
        let make = |_: &_| app.for_worker(in_flight.clone());
        let count = NonZeroUsize::new(workers).unwrap();
        let workers = Workers::start(count, vec![bound], make, limits, &caps, &drain).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { address, caps, drain, seen, gate, workers, runtime }
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::connect(self.address).unwrap()
    }

    /// The next request that the proxy sees.
    pub(crate) fn next_seen(&self) -> String {
        self.seen.recv_timeout(PATIENCE).unwrap()
    }

    /// Asserts that the proxy has not seen any request that was not asked for yet.
    pub(crate) fn assert_nothing_seen(&self) {
        assert_eq!(self.seen.try_iter().collect::<Vec<_>>(), Vec::<String>::new());
    }

    pub(crate) fn drained(&self) -> Drained {
        self.runtime.block_on(self.drain.drained())
    }

    pub(crate) fn join(&mut self) -> Result<(), WorkerPanicked> {
        let joined = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, self.workers.join()).await });
        joined.expect("the workers should have ended")
    }
}

pub(crate) fn listener(address: SocketAddr) -> Listener {
    Listener { name: "web".parse().unwrap(), address, trusted_proxies: Vec::new(), health_path: None }
}

/// Tries until it is true.
pub(crate) fn eventually(what: &str, mut is_true: impl FnMut() -> bool) {
    assert!(
        (0..TRIES_MAX).any(|_| is_true() || {
            std::thread::yield_now();
            false
        }),
        "{what} did not come about"
    );
}

/// Whether nobody listens at the address.
pub(crate) fn refuses(address: SocketAddr) -> bool {
    Peer::connect(address).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

//! The whole data plane with a table that the test publishes, origins that do as they are told, and raw clients.

mod message;
mod origin;
mod peer;
mod shape;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use canary_config::daemon::{Limits, Listener};
use canary_proxy::access_log::{self, AccessLog};
use canary_proxy::caps::Caps;
use canary_proxy::drain::Drain;
use canary_proxy::ledger::Ledger;
use canary_proxy::listener::Bound;
use canary_proxy::meter::Answers;
use canary_proxy::outcome::Outcome;
use canary_proxy::routes::{self, RouteWriter};
use canary_proxy::service::Edge;
use canary_proxy::table::Route;
use canary_proxy::track::Track;
use canary_proxy::worker::Workers;
use ipnet::IpNet;

pub(crate) use message::Message;
pub(crate) use origin::{Act, Dead, Origin, named, ok, says};
pub(crate) use peer::{Peer, get, post};
pub(crate) use shape::{Shape, stable};

pub(crate) use crate::support::limits;

/// No wait of a test is longer. It is a bound for what hangs, never a measure of what works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a test sets so that it runs out.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

/// A running edge.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) edge: Edge,
    pub(crate) drain: Drain,
    writer: RouteWriter,
    lines: Lines,
    _log: access_log::Writer,
    _workers: Workers,
}

/// How it is to be run.
pub(crate) struct Setup {
    pub(crate) workers: usize,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) health_path: Option<&'static str>,
}

/// What the access log has written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

// === impl Setup ===

impl Default for Setup {
    fn default() -> Self {
        Self { workers: 2, limits: limits(), trusted_proxies: Vec::new(), health_path: None }
    }
}

impl Setup {
    pub(crate) fn start(self) -> Stage {
        let Self { workers, limits, trusted_proxies, health_path } = self;
        let health_path = health_path.map(Box::from);
        let (name, address) = ("web".parse().unwrap(), ([127, 0, 0, 1], 0).into());
        let listener = Listener { name, address, trusted_proxies, health_path };
        let bound = Bound::bind(&listener).unwrap();
        let (address, drain, lines) = (bound.local_addr(), Drain::new(), Lines::default());
        let (writer, routes) = routes::cell();
        let (access_log, log) = AccessLog::start(lines.clone()).unwrap();
        let edge = Edge {
            routes,
            draining: drain.draining(),
            in_flight: drain.in_flight(),
            limits: Arc::new(limits.clone()),
            trusted_proxies: listener.trusted_proxies.into(),
            health_path: listener.health_path.map(Arc::from),
            unrouted: Arc::new(Answers::default()),
            access_log,
        };
        let count = NonZeroUsize::new(workers).unwrap();
        let workers =
            Workers::start(count, vec![bound], |_| edge.clone(), &limits, &Caps::new(&limits), &drain).unwrap();
        Stage { address, edge, drain, writer, lines, _log: log, _workers: workers }
    }
}

// === impl Stage ===

impl Stage {
    /// An edge that serves this route.
    pub(crate) fn of(route: &Arc<Route>) -> Self {
        Setup::default().of(route)
    }

    /// Replaces the table by one with this route alone.
    pub(crate) fn publish(&mut self, route: &Arc<Route>) {
        self.writer.publish(vec![Arc::clone(route)]);
    }

    pub(crate) async fn connect(&self) -> Peer {
        Peer::connect(self.address).await
    }

    /// One exchange on a connection of its own.
    pub(crate) async fn ask(&self, request: &str) -> Message {
        self.connect().await.ask(request).await
    }

    /// Waits until everything that was asked so far is booked: the last thing that a request does is to leave.
    pub(crate) async fn settled(&self) {
        until("every request to be booked", || self.drain.in_flight().count() == 0).await;
    }

    /// The entries of the access log, when so many have been written.
    pub(crate) async fn entries(&self, count: usize) -> Vec<serde_json::Value> {
        until("the access log to be written", || self.lines.count() >= count).await;
        let text = String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Setup {
    pub(crate) fn of(self, route: &Arc<Route>) -> Stage {
        let mut stage = self.start();
        stage.publish(route);
        stage
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.drain.begin(Duration::ZERO);
    }
}

// === impl Lines ===

impl Lines {
    fn count(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|byte| **byte == b'\n').count()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Awaits, but not for ever.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("in vain: waited for {what}"))
}

/// Waits until something is true.
pub(crate) async fn until(what: &str, is_true: impl Fn() -> bool) {
    within(what, async {
        while !is_true() {
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
    })
    .await;
}

/// What an arm was scored, without what did not happen.
pub(crate) fn scored(ledger: &Ledger, track: Track) -> Vec<(Outcome, u64)> {
    let arm = ledger.arm(track);
    let count = |outcome| match outcome {
        Outcome::Success => arm.successes().counts().iter().sum(),
        Outcome::ClientGone => arm.abandoned().counts().iter().sum(),
        failure => arm.ended_by(failure),
    };
    Outcome::ALL.iter().map(|outcome| (*outcome, count(*outcome))).filter(|(_, count)| *count > 0).collect()
}

/// Whether neither arm was scored.
pub(crate) fn is_untouched(ledger: &Ledger) -> bool {
    scored(ledger, Track::Stable).is_empty() && scored(ledger, Track::Canary).is_empty()
}

//! The threads of the data plane. Each has its own runtime, and for each listener its own proxy with its own pool of
//! connections to backends; they share the sockets, the caps and the drain, and whatever the proxies share.
//!
//! One thread for all work of a connection costs a third less processor time than a runtime that moves it around.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use canary_config::daemon::Limits;
use pingora::proxy::{HttpProxy, ProxyHttp, http_proxy};
use pingora::server::configuration::ServerConf;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::caps::Caps;
use crate::connection::ConnectionLoop;
use crate::drain::{Drain, InFlight};
use crate::listener::accept::AcceptLoop;
use crate::listener::{Bound, ListenerInfo};

/// How often pingora may try a request. The rules for a retry are the proxy's own; this only bounds a mistake in them.
pub(crate) const UPSTREAM_TRIES_MAX: usize = 36;

/// How many idle connections to backends a worker keeps for a listener.
const UPSTREAM_POOL_MAX: usize = 1024;

/// The running data plane.
#[derive(Debug)]
pub struct Workers {
    ended: mpsc::Receiver<Result<(), WorkerPanicked>>,
    running: usize,
}

/// A worker is gone that should be there. The others serve on, but the process is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{worker} panicked: {message}; restart canaryd and report this")]
pub struct WorkerPanicked {
    worker: String,
    message: String,
}

/// Everything that one worker needs.
struct Worker<P> {
    runtime: Runtime,
    listeners: Vec<(TcpListener, Arc<ConnectionLoop<P>>)>,
    caps: Arc<Caps>,
    drain: Drain,
}

// === impl Workers ===

impl Workers {
    /// Starts `count` workers that accept on all listeners, each with a proxy of its own made by `make` for each of them.
    ///
    /// # Errors
    /// If a runtime, a thread or a handle cannot be had. Nothing serves then, but for threads that were started before
    /// the one that failed; they end with the process or the drain.
    pub fn start<P>(
        count: NonZeroUsize,
        listeners: Vec<Bound>,
        make: impl Fn(&ListenerInfo) -> P,
        limits: &Limits,
        caps: &Arc<Caps>,
        drain: &Drain,
    ) -> io::Result<Self>
    where
        P: ProxyHttp + Send + Sync + 'static,
        P::CTX: Send + Sync,
    {
        let mut workers = Vec::with_capacity(count.get());
        for _ in 0..count.get() {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let mut with_proxies = Vec::with_capacity(listeners.len());
            for (index, bound) in listeners.iter().enumerate() {
                let proxy = proxy(make(&bound.info(index)));
                let connections = ConnectionLoop::new(proxy, limits, drain.draining());
                // A socket belongs to the runtime in which it becomes one of tokio's.
                let _entered = runtime.enter();
                with_proxies.push((TcpListener::from_std(bound.try_clone()?)?, Arc::new(connections)));
            }
            workers.push(Worker { runtime, listeners: with_proxies, caps: Arc::clone(caps), drain: drain.clone() });
        }
        // Only the workers hold the sockets now, so that they close when the workers let go of them.
        drop(listeners);
        let (sender, ended) = mpsc::channel(count.get());
        for (index, worker) in workers.into_iter().enumerate() {
            let sender = sender.clone();
            let name = format!("worker-{index}");
            thread::Builder::new().name(name.clone()).spawn(move || {
                let panicked = |panic| WorkerPanicked { worker: name, message: message(panic) };
                let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| worker.run())).map_err(panicked);
                // There is room for every worker, so this fails only if nobody asks any more.
                let _ = sender.try_send(end);
            })?;
        }
        Ok(Self { ended, running: count.get() })
    }

    /// Resolves when all workers have ended, which is after a drain; or as soon as one has panicked. To be awaited while
    /// the workers serve, and again after an error, for the others. Can be dropped and called again.
    pub async fn join(&mut self) -> Result<(), WorkerPanicked> {
        while self.running > 0 {
            let Some(end) = self.ended.recv().await else { return Ok(()) };
            self.running -= 1;
            end?;
        }
        Ok(())
    }
}

fn proxy<P: ProxyHttp>(app: P) -> HttpProxy<P> {
    let conf = ServerConf {
        max_retries: UPSTREAM_TRIES_MAX,
        upstream_keepalive_pool_size: UPSTREAM_POOL_MAX,
        ..ServerConf::default()
    };
    http_proxy(&Arc::new(conf), app)
}

fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().map_or("no message", |message| message).to_owned(),
    }
}

// === impl Worker ===

impl<P> Worker<P>
where
    P: ProxyHttp + Send + Sync + 'static,
    P::CTX: Send + Sync,
{
    fn run(self) {
        let Self { runtime, listeners, caps, drain } = self;
        runtime.block_on(async {
            let open = InFlight::default();
            let mut accepting = JoinSet::new();
            let mut proxies = Vec::with_capacity(listeners.len());
            for (listener, connections) in listeners {
                proxies.push(Arc::clone(&connections));
                let (caps, draining, open) = (Arc::clone(&caps), drain.draining(), open.clone());
                accepting.spawn(AcceptLoop { connections, caps, draining, open }.run(listener));
            }
            while let Some(end) = accepting.join_next().await {
                if let Err(error) = end
                    && let Ok(panic) = error.try_into_panic()
                {
                    std::panic::resume_unwind(panic);
                }
            }
            if drain.until_deadline(open.none()).await.is_none() {
                let left = drain.cut_off();
                tracing::warn!(?left, connections = open.count(), "the drain's limit cuts off what is left");
            }
            for proxy in proxies {
                proxy.cleanup().await;
            }
        });
        // Drops every task that is left, and does not wait for name lookups.
        runtime.shutdown_background();
    }
}

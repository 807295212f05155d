//! The whole of canaryd: what is opened in which order, and how it ends.
//!
//! Everything that can fail for good is opened before anything serves: the file, the store, the sockets. Then the
//! control plane runs here and the data plane on threads of its own. The first SIGTERM or SIGINT drains, the second
//! stops at once, SIGHUP reads the file again.

mod error;
mod metrics;
mod opened;
mod signals;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use canary_proxy::access_log::AccessLog;
use canary_proxy::caps::Caps;
use canary_proxy::drain::{Drain, Drained};
use canary_proxy::listener::ListenerInfo;
use canary_proxy::meter::Answers;
use canary_proxy::routes;
use canary_proxy::service::Edge;
use canary_proxy::worker::Workers;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::opened::Opened;
use self::signals::{Signal, Signals};
use crate::admin::{self, Admin};
use crate::engine::{Engine, Input, PageSources, Started, Starting};
use crate::store::Keeper;

pub use self::error::DaemonError;

/// How long answers of the control plane that are under way at the end may take.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// What runs, until a signal ends it.
struct Running {
    admin: Admin,
    drain: Drain,
    drain_timeout: Duration,
    workers: Workers,
    keeper: Keeper,
    stop: watch::Sender<bool>,
    parts: JoinSet<(&'static str, io::Result<()>)>,
}

/// Runs canaryd with this configuration file until a signal ends it.
///
/// # Errors
/// When it cannot start, or a part of it fails for good.
pub async fn run(config_path: PathBuf) -> Result<(), DaemonError> {
    let mut signals = Signals::new().map_err(DaemonError::Signals)?;
    let opened = Opened::open(&config_path)?;
    let (access_log, writer) = opened.access_log()?;
    let end = start(opened, config_path, access_log)?.until_signal(&mut signals).await;
    // Every clone of the access log is gone with the workers, so the writer ends when all is written.
    if let Some(writer) = writer {
        let written = tokio::task::spawn_blocking(|| writer.finish());
        let _ = tokio::time::timeout(LAST_ANSWERS, written).await;
    }
    end
}

fn start(opened: Opened, config_path: PathBuf, access_log: AccessLog) -> Result<Running, DaemonError> {
    let Opened { config, store, loaded, listeners, admin: socket, remote, metrics: page_listener } = opened;
    let (drain, caps, unrouted) = (Drain::new(), Caps::new(&config.limits), Arc::<Answers>::default());
    let (routes, reader) = routes::cell();
    let page = PageSources { unrouted: Arc::clone(&unrouted), access_log: access_log.clone(), caps: Arc::clone(&caps) };
    let starting = Starting { config: config.clone(), routes, store, loaded, page };
    let Started { engine, handle, keeper, store } = Engine::start(starting)?;
    let edge = Edge {
        routes: reader,
        draining: drain.draining(),
        in_flight: drain.in_flight(),
        limits: Arc::new(config.limits.clone()),
        trusted_proxies: Arc::default(),
        health_path: None,
        unrouted,
        access_log,
    };
    let of_listener = |info: &ListenerInfo| Edge {
        trusted_proxies: config.listeners[info.index].trusted_proxies.clone().into(),
        health_path: config.listeners[info.index].health_path.as_deref().map(Arc::from),
        ..edge.clone()
    };
    for (listener, bound) in config.listeners.iter().zip(&listeners) {
        tracing::info!(listener = %listener.name, address = %bound.local_addr(), "listening");
    }
    let workers = Workers::start(config.proxy.workers, listeners, of_listener, &config.limits, &caps, &drain)
        .map_err(DaemonError::Workers)?;
    let admin = Admin::new(handle.clone(), store, Arc::new(config_path));
    let (stop, stopped) = watch::channel(false);
    let mut parts = JoinSet::new();
    parts.spawn(async {
        engine.run().await;
        ("engine", Ok(()))
    });
    let (control, stopped_too) = (admin.clone(), stopped.clone());
    parts.spawn(async { ("control socket", admin::serve(socket, control, stopped_too).await) });
    if let Some(remote) = remote {
        let (control, stopped_too) = (admin.clone(), stopped.clone());
        parts.spawn(async { ("control interface", admin::serve_remote(remote, control, stopped_too).await) });
    }
    let token = config.metrics.bearer_token;
    parts.spawn(async { ("metrics page", metrics::serve(page_listener, token, handle, stopped).await) });
    Ok(Running { admin, drain, drain_timeout: config.proxy.drain_timeout, workers, keeper, stop, parts })
}

// === impl Running ===

impl Running {
    async fn until_signal(mut self, signals: &mut Signals) -> Result<(), DaemonError> {
        let end = loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Reload => self.reload(),
                    Signal::Stop => break Ok(()),
                },
                ended = self.workers.join() => break ended.map_err(DaemonError::Worker),
                Some(ended) = self.parts.join_next() => break Err(DaemonError::of_part(ended)),
            }
        };
        // Without one of its parts the rest ends in order too, rather than serve on unjudged.
        let drained = self.drain(signals).await;
        end.and(drained)
    }

    /// Reads the file again, beside everything else: a disk may be slow.
    fn reload(&self) {
        let admin = self.admin.clone();
        tokio::spawn(async move {
            // What was changed, the engine says itself.
            if let Err(problem) = admin.reload().await {
                tracing::error!(problem = problem.message, "not reloaded; everything is as it was");
            }
        });
    }

    /// Ends in order. A second signal, or a drain that takes too long, ends at once; nothing decided is lost by it.
    async fn drain(mut self, signals: &mut Signals) -> Result<(), DaemonError> {
        self.drain.begin(self.drain_timeout);
        tracing::info!(in_flight = self.drain.in_flight().count(), limit = ?self.drain_timeout, "draining");
        // An engine that is gone has nothing left to decide, and a disk that hangs must not hold up the end.
        let stopped = tokio::time::timeout(LAST_ANSWERS, self.admin.engine.ask(Input::Stop));
        tokio::select! {
            _ = stopped => {}
            () = signals.stop() => {
                tracing::warn!(requests = self.drain.in_flight().count(), "stopped at once");
                return Ok(());
            }
        }
        tokio::select! {
            drained = self.drain.drained() => match drained {
                Drained::Clean => tracing::info!("drained"),
                Drained::CutOff(requests) => tracing::warn!(requests, "cut off at the drain's limit"),
            },
            () = signals.stop() => {
                tracing::warn!(requests = self.drain.in_flight().count(), "stopped at once");
                return Ok(());
            }
        }
        let ended = self.workers.join().await.map_err(DaemonError::Worker);
        // What was in flight has been scored meanwhile: it is kept as well.
        let _ = tokio::time::timeout(LAST_ANSWERS, self.admin.engine.ask(Input::Stop)).await;
        self.stop.send_replace(true);
        // The engine ends when nobody can ask it any more.
        drop(self.admin);
        let parts = self.parts.join_all();
        let _ = tokio::time::timeout(LAST_ANSWERS, parts).await;
        let keeper = self.keeper;
        let _ = tokio::time::timeout(LAST_ANSWERS, tokio::task::spawn_blocking(|| keeper.stop())).await;
        ended
    }
}

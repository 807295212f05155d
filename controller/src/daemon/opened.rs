//! What must be had before anything serves: the file, the store, the sockets, the log.

use std::fs::OpenOptions;
use std::io;
use std::net::TcpListener;
use std::path::Path;

use canary_config::daemon::{self, Config};
use canary_config::file::Reading;
use canary_proxy::access_log::{AccessLog, Writer};
use canary_proxy::listener::{BindError, Bound};

use crate::admin::{AdminSocket, RemoteListener};
use crate::clock;
use crate::daemon::DaemonError;
use crate::rollout::{Rollout, Stop};
use crate::store::{self, Loaded, Seed, Store};

/// Everything that is open before the start.
pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) store: Box<dyn Store>,
    pub(super) loaded: Loaded,
    pub(super) listeners: Vec<Bound>,
    pub(super) admin: AdminSocket,
    pub(super) remote: Option<RemoteListener>,
    pub(super) metrics: TcpListener,
}

// === impl Opened ===

impl Opened {
    pub(super) fn open(config_path: &Path) -> Result<Self, DaemonError> {
        let Reading { result, warnings } = Reading::of_file(config_path);
        for warning in warnings.iter() {
            tracing::warn!("{warning}");
        }
        let config = result?;
        // The store's lock comes first: it tells two canaryds apart before either touches what the other uses.
        let (store, loaded) = open_store(&config.store.path)?;
        let listeners: Result<Vec<_>, BindError> = config.listeners.iter().map(Bound::bind).collect();
        let metrics = bind(&config.metrics)?;
        let remote = config.admin.remote.as_ref().map(RemoteListener::bind).transpose()?;
        let admin = AdminSocket::bind(&config.admin)?;
        Ok(Self { listeners: listeners?, config, store, loaded, admin, remote, metrics })
    }

    /// Opens the access log, and starts its writer if it goes anywhere.
    pub(super) fn access_log(&self) -> Result<(AccessLog, Option<Writer>), DaemonError> {
        let failed = |why| DaemonError::AccessLog { path: self.log_path(), why };
        let started = match &self.config.access_log {
            daemon::AccessLog::Off => return Ok((AccessLog::off(), None)),
            daemon::AccessLog::Stdout => AccessLog::start(io::stdout()),
            daemon::AccessLog::File(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
                AccessLog::start(file)
            }
        };
        let (log, writer) = started.map_err(failed)?;
        Ok((log, Some(writer)))
    }

    fn log_path(&self) -> std::path::PathBuf {
        match &self.config.access_log {
            daemon::AccessLog::File(path) => path.clone(),
            daemon::AccessLog::Stdout | daemon::AccessLog::Off => "standard output".into(),
        }
    }
}

/// Opens the store. One that is not in order is replaced by what is known without it: traffic is served, and every
/// rollout is refused.
fn open_store(path: &Path) -> Result<(Box<dyn Store>, Loaded), DaemonError> {
    match store::open(path, clock::today())? {
        store::Opened::Ready { store, loaded } => Ok((store, loaded)),
        store::Opened::Degraded { stables, store, .. } => {
            let services = stables.into_iter().map(|(service, stable)| (service, Rollout::new(stable).save()));
            let loaded = Loaded {
                services: services.collect(),
                stop: Stop::Orderly,
                freezes: Vec::new(),
                answered: Vec::new(),
                papers: Vec::new(),
                seed: Seed::fresh(),
            };
            Ok((store, loaded))
        }
    }
}

fn bind(metrics: &daemon::Metrics) -> Result<TcpListener, DaemonError> {
    let bind = || {
        let listener = TcpListener::bind(metrics.address)?;
        listener.set_nonblocking(true)?;
        tracing::info!(listener = "metrics", address = %listener.local_addr()?, "listening");
        Ok(listener)
    };
    bind().map_err(|why| DaemonError::Metrics { address: metrics.address, why })
}

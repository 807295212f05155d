//! Why canaryd cannot start, or cannot go on.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use canary_config::file::ConfigErrors;
use canary_proxy::listener::BindError;
use canary_proxy::worker::WorkerPanicked;
use tokio::task::JoinError;

use crate::admin::{RemoteError, SocketError};
use crate::engine::StartError;
use crate::store::Locked;

/// Why canaryd cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The file cannot be read, or says what cannot be done.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    /// A listener's address cannot be had.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// The address of the metrics page cannot be had.
    #[error("metrics.address: cannot listen on {address}: {why}; stop what listens there, or change the address")]
    Metrics {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        why: io::Error,
    },
    /// The control socket cannot be made.
    #[error("{0}")]
    Socket(#[from] SocketError),
    /// The address of the control interface cannot be had.
    #[error("{0}")]
    Remote(#[from] RemoteError),
    /// Another canaryd has the store.
    #[error("{0}")]
    Store(#[from] Locked),
    /// What was kept does not fit what is declared.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The access log cannot be opened.
    #[error("access_log.output: {} cannot be opened: {why}; see that canaryd may write there", path.display())]
    AccessLog {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Signals cannot be received.
    #[error("signals cannot be received: {0}")]
    Signals(#[source] io::Error),
    /// No threads for the data plane.
    #[error("proxy.workers: the threads cannot be started: {0}")]
    Workers(#[source] io::Error),
    /// A thread of the data plane has ended.
    #[error("{0}")]
    Worker(#[from] WorkerPanicked),
    /// A part of the control plane has ended.
    #[error("the {part} has ended: {why}; restart canaryd and report this")]
    Part {
        /// Which one.
        part: &'static str,
        /// Why, as far as it is known.
        why: String,
    },
}

// === impl DaemonError ===

impl DaemonError {
    /// What the unexpected end of a part means.
    pub(super) fn of_part(ended: Result<(&'static str, io::Result<()>), JoinError>) -> Self {
        match ended {
            Ok((part, Ok(()))) => Self::Part { part, why: "nobody told it to".into() },
            Ok((part, Err(why))) => Self::Part { part, why: why.to_string() },
            Err(panic) => Self::Part { part: "control plane", why: panic.to_string() },
        }
    }

    /// Whether the fault is in what an operator has written or prepared, rather than in canaryd.
    #[must_use]
    pub fn is_in_the_setting(&self) -> bool {
        !matches!(self, Self::Signals(_) | Self::Workers(_) | Self::Worker(_) | Self::Part { .. })
    }
}

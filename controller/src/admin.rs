//! The control socket: JSON under `/v1`, and what an orchestrator asks for health.
//!
//! Every handler turns a request into an [`Input`](crate::engine::Input) of the engine and its answer into JSON. Bad input is answered with
//! what is wrong and where, before the engine has heard of it; a command is never half done.

mod body;
mod command;
mod fallback;
mod named;
mod peer;
mod problem;
mod query;
mod read;
mod socket;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::sync::watch;

use crate::engine::EngineHandle;
use crate::store::StoreHandle;

pub use self::socket::{AdminSocket, SocketError};

/// The largest body of a command, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// What the handlers need.
#[derive(Clone)]
pub struct Admin {
    /// Decides.
    pub engine: EngineHandle,
    /// Remembers; asked for history without troubling the engine.
    pub store: StoreHandle,
    /// The file that a reload reads.
    pub config_path: Arc<PathBuf>,
}

/// Serves the socket until told to stop.
///
/// # Errors
/// When the socket fails for good.
pub async fn serve(socket: AdminSocket, admin: Admin, mut stop: watch::Receiver<bool>) -> std::io::Result<()> {
    let (listener, _file) = socket.into_listener()?;
    let app = router(admin).into_make_service_with_connect_info::<peer::Peer>();
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // An owner that is gone wants no more answers either.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await
}

fn router(admin: Admin) -> Router {
    let v1 = Router::new()
        .route("/services", get(read::overview))
        .route("/services/{service}", get(read::service))
        .route("/services/{service}/start", post(command::start))
        .route("/services/{service}/promote", post(command::promote))
        .route("/services/{service}/abort", post(command::abort))
        .route("/services/{service}/undo", post(command::undo))
        .route("/history", get(read::history))
        .route("/reload", post(command::reload));
    Router::new()
        .nest("/v1", v1)
        .route("/healthz", get(read::healthz))
        .route("/readyz", get(read::readyz))
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .fallback(fallback::not_found)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(admin)
}

//! The control interface: JSON under `/v1`, and what an orchestrator asks for health. On the control socket, and over
//! TCP for whoever has the token.
//!
//! Every handler turns a request into an [`Input`](crate::engine::Input) of the engine and its answer into JSON. Bad
//! input is answered with what is wrong and where, before the engine has heard of it; a command is never half done.
//! The pages and their description in `document` are made from the same list.

mod account;
mod backup;
mod body;
mod command;
mod deploy;
mod document;
mod events;
mod fallback;
mod forecast;
mod freeze;
mod history;
mod key;
mod named;
mod park;
mod peer;
mod problem;
mod query;
mod read;
mod refused;
mod reload;
mod remote;
mod rollouts;
mod since;
mod site;
mod socket;
mod why;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::serve::ListenerExt as _;
use tokio::sync::{Semaphore, watch};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::events::Streams;
use self::peer::Peer;
use crate::deploy::Deployer;
use crate::engine::EngineHandle;
use crate::server;
use crate::store::StoreHandle;

pub use self::document::text as document;
pub use self::remote::{RemoteError, RemoteListener};
pub use self::socket::{AdminSocket, SocketError};

/// Connections to the control socket.
const LOCAL_CONNECTIONS_MAX: usize = 256;

/// Connections over TCP. Strangers may hold them for as long as the server's deadlines allow.
const REMOTE_CONNECTIONS_MAX: usize = 128;

/// What the handlers need.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Decides.
    pub engine: EngineHandle,
    /// Remembers; asked for history without troubling the engine.
    pub store: StoreHandle,
    /// The file that a reload reads.
    pub config_path: Arc<PathBuf>,
    deployer: Deployer,
    streams: Arc<Semaphore>,
}

// === impl Admin ===

impl Admin {
    /// Answers for this engine and this store.
    #[must_use]
    pub fn new(engine: EngineHandle, store: StoreHandle, config_path: Arc<PathBuf>) -> Self {
        let deployer = Deployer::new(engine.clone());
        Self { engine, store, config_path, deployer, streams: Streams::places() }
    }
}

/// Serves the socket until told to stop.
///
/// # Errors
/// When the socket cannot be served.
pub async fn serve(socket: AdminSocket, admin: Admin, stop: watch::Receiver<bool>) -> io::Result<()> {
    let (listener, _file) = socket.into_listener()?;
    let app = pages(admin, &stop);
    server::serve(listener, app, LOCAL_CONNECTIONS_MAX, Peer::of_unix, stop).await;
    Ok(())
}

/// Serves the same over TCP until told to stop.
///
/// # Errors
/// When the listener cannot be served.
pub async fn serve_remote(listener: RemoteListener, admin: Admin, stop: watch::Receiver<bool>) -> io::Result<()> {
    let (listener, door) = listener.into_parts()?;
    let listener = listener.tap_io(|stream| {
        // Without it a small answer may wait for the acknowledgement of the last one.
        let _ = stream.set_nodelay(true);
    });
    let app = pages(admin, &stop).layer(from_fn_with_state(door, remote::at_the_door));
    server::serve(listener, app, REMOTE_CONNECTIONS_MAX, Peer::of_tcp, stop).await;
    Ok(())
}

fn pages(admin: Admin, stop: &watch::Receiver<bool>) -> Router {
    let streams = Streams::new(Arc::clone(&admin.streams), stop.clone());
    routes()
        .0
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .fallback(fallback::not_found)
        .layer(Extension(streams))
        .layer(from_fn(query::only_where_it_is_read))
        .layer(from_fn(site::only_our_own))
        .with_state(admin)
}

/// Every page, and what the document says of them.
fn routes() -> (Router<Admin>, OpenApi) {
    let v1 = OpenApiRouter::new()
        .routes(routes!(read::overview))
        .routes(routes!(read::service))
        .routes(routes!(rollouts::rollouts))
        .routes(routes!(rollouts::rollout))
        .routes(routes!(account::account))
        .routes(routes!(account::last_account))
        .routes(routes!(history::history))
        .routes(routes!(events::events))
        .routes(routes!(forecast::forecast))
        .routes(routes!(why::why))
        .routes(routes!(backup::backup))
        .routes(routes!(read::openapi))
        .routes(routes!(command::start))
        .routes(routes!(command::start_together))
        .routes(routes!(command::promote))
        .routes(routes!(command::retry))
        .routes(routes!(command::pause))
        .routes(routes!(command::resume))
        .routes(routes!(command::abort))
        .routes(routes!(command::undo))
        .routes(routes!(command::adopt))
        .routes(routes!(deploy::preflight))
        .routes(routes!(deploy::deploy))
        .routes(routes!(deploy::deploy_together))
        .routes(routes!(deploy::made))
        .routes(routes!(deploy::rollback))
        .routes(routes!(freeze::freeze))
        .routes(routes!(freeze::unfreeze))
        .routes(routes!(freeze::freeze_all))
        .routes(routes!(freeze::unfreeze_all))
        .routes(routes!(park::park))
        .routes(routes!(park::unpark))
        .routes(routes!(reload::reload));
    let (router, document) = OpenApiRouter::with_openapi(document::whole())
        .nest("/v1", v1)
        .routes(routes!(read::openapi_json))
        .routes(routes!(read::healthz))
        .routes(routes!(read::readyz))
        .split_for_parts();
    (router, document::complete(document))
}

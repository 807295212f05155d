//! HTTP/1.1 for the control plane: the control socket, the same over TCP, and the metrics page.
//!
//! Whatever a client could keep to itself has a limit: connections, the time until a head is complete, the time an
//! answer waits to be read. When all places are taken, an idle connection makes room for a new one; while all are busy,
//! clients wait in the system's queue and cost no descriptor. What is asked and answered is the affair of the
//! [`Router`].

mod places;
mod stall;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Extension};
use axum::serve::Listener;
use http_body_util::BodyExt as _;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::places::{Place, Places};
use self::stall::Stall;

/// From the moment at which a head is expected to its end; a connection between two requests is kept no longer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may wait for its reader to take more of it.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Serves until told to stop, and then until the answers that are under way have ended. Handlers find what `peer_of`
/// says of the other end as [`ConnectInfo`].
pub(crate) async fn serve<L: Listener, P: Clone + Send + Sync + 'static>(
    mut listener: L,
    app: Router,
    connections_max: usize,
    peer_of: impl Fn(&L::Io) -> P,
    mut stop: watch::Receiver<bool>,
) {
    let places = Places::new(connections_max);
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            let (stream, _) = listener.accept().await;
            (stream, places.take().await)
        };
        let (stream, place) = tokio::select! {
            accepted = accepted => accepted,
            () = stopped(&mut stop) => break,
        };
        while connections.try_join_next().is_some() {}
        let app = app.clone().layer(Extension(ConnectInfo(peer_of(&stream))));
        connections.spawn(converse(stream, place, app, stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Answers what comes on one connection.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    place: Place,
    app: Router,
    mut stop: watch::Receiver<bool>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES_MAX);
    let (app, occupant) = (TowerToHyperService::new(app), place.occupant());
    let answer = service_fn(|request| {
        let (begun, answer) = (occupant.begin(), app.call(request));
        async {
            // Who has to leave does so before anything is done for it.
            let Some(busy) = begun else { return std::future::pending().await };
            let response = answer.await?;
            // It is busy until the answer's last piece is on its way.
            Ok::<_, Infallible>(response.map(|body| {
                body.map_frame(move |frame| {
                    let _busy = &busy;
                    frame
                })
            }))
        }
    });
    let stream = TokioIo::new(Stall::new(stream, STALL_TIMEOUT));
    let mut connection = std::pin::pin!(builder.serve_connection(stream, answer));
    tokio::select! {
        // A connection that breaks is its client's affair.
        _ = connection.as_mut() => return,
        () = place.evicted() => return,
        () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Waits until told to stop. An owner that is gone wants no more answers either.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

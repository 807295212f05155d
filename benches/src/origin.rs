//! A small HTTP service that stands behind a proxy. It knows what it served, and may be told to fail.
//!
//! `/healthz` is always 200, `/stats` is a [`Stats`] as JSON; neither counts. Every other path is answered with the
//! release's name, in the body and in `X-Release`.

mod stats;

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use canary_config::weight::Weight;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

pub use self::stats::Stats;

/// Names the release that answered.
pub const RELEASE: HeaderName = HeaderName::from_static("x-release");

/// Connections that are served at the same time; more wait in the listener's queue.
const CONNECTIONS_MAX: usize = 1_024;

/// How an origin behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Behaviour {
    /// The release that it says it is. A visible ASCII text.
    pub release: HeaderValue,
    /// The share of requests that it answers with 500, drawn for each by chance.
    pub fail: Weight,
    /// Where the draws begin. The same seed fails the same requests, counted from the first.
    pub seed: u64,
    /// How long it thinks before it answers.
    pub latency: Duration,
}

/// A service that can be asked what it did.
#[derive(Debug)]
pub struct Origin {
    behaviour: Behaviour,
    journal: Mutex<Journal>,
}

#[derive(Debug)]
struct Journal {
    dice: SmallRng,
    stats: Stats,
}

// === impl Origin ===

impl Origin {
    /// An origin that has served nothing yet.
    #[must_use]
    pub fn new(behaviour: Behaviour) -> Self {
        let dice = SmallRng::seed_from_u64(behaviour.seed);
        Self { behaviour, journal: Mutex::new(Journal { dice, stats: Stats::default() }) }
    }

    /// Serves until the listener breaks.
    ///
    /// # Errors
    /// The listener broke.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) -> io::Result<Infallible> {
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let permit = Arc::clone(&permits).acquire_owned().await.map_err(io::Error::other)?;
            let (stream, _) = listener.accept().await?;
            let origin = Arc::clone(&self);
            tokio::spawn(async move {
                origin.serve_connection(stream).await;
                drop(permit);
            });
        }
    }

    /// What it has served so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner).stats
    }

    async fn serve_connection(&self, stream: TcpStream) {
        let service =
            service_fn(async |request: Request<Incoming>| Ok::<_, Infallible>(self.answer(request.uri().path()).await));
        // Only latency is lost without it, and a client that leaves is no concern of a service.
        let _ = stream.set_nodelay(true);
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, path: &str) -> Response<Full<Bytes>> {
        match path {
            "/healthz" => self.response(StatusCode::OK, Bytes::from_static(b"ok\n")),
            "/stats" => match serde_json::to_vec(&self.stats()) {
                Ok(stats) => self.response(StatusCode::OK, stats.into()),
                Err(_) => self.response(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new()),
            },
            _ => {
                let status = self.draw();
                if !self.behaviour.latency.is_zero() {
                    tokio::time::sleep(self.behaviour.latency).await;
                }
                self.response(status, [self.behaviour.release.as_bytes(), b"\n"].concat().into())
            }
        }
    }

    /// Counts a request and decides how it ends.
    fn draw(&self) -> StatusCode {
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let is_failure = journal.dice.random_range(0..Weight::FULL.bp()) < self.behaviour.fail.bp();
        journal.stats.count(is_failure, crate::clock::Moment::now());
        if is_failure { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    }

    fn response(&self, status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        response.headers_mut().insert(RELEASE, self.behaviour.release.clone());
        response
    }
}

#[cfg(test)]
mod tests;

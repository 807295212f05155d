//! A small backend whose health and failures can be switched while it runs.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// A backend of one release. `/slow` waits for [`Origin::let_go`].
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    release: String,
    is_healthy: AtomicBool,
    /// One request in so many fails; 0 is none.
    failing_every: AtomicU64,
    served: AtomicU64,
    probed: AtomicU64,
    waiting: AtomicU64,
    gate: Semaphore,
}

// === impl Origin ===

impl Origin {
    pub(crate) async fn start(release: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port of loopback");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            release: release.to_owned(),
            is_healthy: AtomicBool::new(true),
            failing_every: AtomicU64::new(0),
            served: AtomicU64::new(0),
            probed: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            gate: Semaphore::new(0),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&state))).abort_handle();
        Self { address, state, task }
    }

    pub(crate) fn set_healthy(&self) {
        self.state.is_healthy.store(true, Ordering::SeqCst);
    }

    pub(crate) fn set_sick(&self) {
        self.state.is_healthy.store(false, Ordering::SeqCst);
    }

    /// From now on one request in so many fails; 0 is none.
    pub(crate) fn fail_every(&self, requests: u64) {
        self.state.failing_every.store(requests, Ordering::SeqCst);
    }

    /// Requests that were no probes.
    pub(crate) fn served(&self) -> u64 {
        self.state.served.load(Ordering::SeqCst)
    }

    pub(crate) fn probed(&self) -> u64 {
        self.state.probed.load(Ordering::SeqCst)
    }

    /// Requests that have come to `/slow`.
    pub(crate) fn waiting(&self) -> u64 {
        self.state.waiting.load(Ordering::SeqCst)
    }

    /// Answers so many requests to `/slow`.
    pub(crate) fn let_go(&self, requests: usize) {
        self.state.gate.add_permits(requests);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Each answer is written in two pieces; the second must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let answer = service_fn(|request| answer(&state, request));
            // A connection that breaks is its client's affair.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(state: &State, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = match request.uri().path() {
        "/healthz" => state.health(),
        "/slow" => {
            state.waiting.fetch_add(1, Ordering::SeqCst);
            if let Ok(permit) = state.gate.acquire().await {
                permit.forget();
            }
            StatusCode::OK
        }
        _ => state.serve(),
    };
    let answer = Response::builder().status(status).header("x-release", &state.release);
    Ok(answer.body(Full::from("an origin\n")).expect("a plain answer"))
}

// === impl State ===

impl State {
    fn health(&self) -> StatusCode {
        self.probed.fetch_add(1, Ordering::SeqCst);
        if self.is_healthy.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }

    fn serve(&self) -> StatusCode {
        let number = self.served.fetch_add(1, Ordering::SeqCst) + 1;
        let every = self.failing_every.load(Ordering::SeqCst);
        let is_failing = every > 0 && number.is_multiple_of(every);
        if is_failing { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    }
}

//! A small backend whose health and manners can be switched while it runs, and which knows what it was asked.

use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use super::manner::{Body, Manner, whole};
use super::until;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;

/// A backend of one release. `/slow` waits for [`Origin::let_go`].
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    release: String,
    is_healthy: AtomicBool,
    manner: Mutex<Manner>,
    served: AtomicU64,
    /// How often it got each POST, by its path.
    executed: Mutex<BTreeMap<String, u64>>,
    /// What came with them.
    posted: Mutex<Vec<String>>,
    probed: AtomicU64,
    waiting: AtomicU64,
    gate: Semaphore,
}

// === impl Origin ===

impl Origin {
    pub(crate) async fn start(release: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port of loopback");
        let address = listener.local_addr().expect("it is bound");
        Self::of(release, address, |state| serve(listener, state))
    }

    /// Stops as a process does: whoever is connected is cut off, and whoever comes is refused.
    pub(crate) fn leave(&self) {
        self.task.abort();
    }

    /// Starts again after it has left.
    pub(crate) async fn return_to_its_address(&mut self) {
        let listener = until("the address to be free", async || {
            TcpListener::bind(self.address).await.map_err(|error| error.to_string())
        })
        .await;
        self.task = tokio::spawn(serve(listener, Arc::clone(&self.state))).abort_handle();
    }

    /// One that has stopped to listen before it answers its first probe: whoever comes afterwards is refused.
    pub(crate) fn refusing(release: &str) -> Self {
        let bound = |address: SocketAddr| {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.set_reuseaddr(true).expect("a new socket takes it");
            socket.bind(address).expect("a free port of loopback");
            socket
        };
        let socket = bound(([127, 0, 0, 1], 0).into());
        let address = socket.local_addr().expect("it is bound");
        // Nobody else gets the port for as long as this lasts.
        let reserved = bound(address);
        let listener = socket.listen(BACKLOG).expect("it is bound");
        Self::of(release, address, async move |state| {
            let probe = listener.accept().await;
            drop(listener);
            if let Ok((stream, _)) = probe {
                serve_connection(stream, state).await;
            }
            pending::<()>().await;
            drop(reserved);
        })
    }

    fn of<F: Future<Output = ()> + Send + 'static>(
        release: &str,
        address: SocketAddr,
        serve: impl FnOnce(Arc<State>) -> F,
    ) -> Self {
        let state = Arc::new(State {
            release: release.to_owned(),
            is_healthy: AtomicBool::new(true),
            manner: Mutex::new(Manner::Well),
            served: AtomicU64::new(0),
            executed: Mutex::default(),
            posted: Mutex::default(),
            probed: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            gate: Semaphore::new(0),
        });
        let task = tokio::spawn(serve(Arc::clone(&state))).abort_handle();
        Self { address, state, task }
    }

    pub(crate) fn set_healthy(&self) {
        self.state.is_healthy.store(true, Ordering::SeqCst);
    }

    pub(crate) fn set_sick(&self) {
        self.state.is_healthy.store(false, Ordering::SeqCst);
    }

    /// From now on requests come to this.
    pub(crate) fn behave(&self, manner: Manner) {
        *self.state.manner.lock().expect("no request panics") = manner;
    }

    /// From now on one request in so many fails.
    pub(crate) fn fail_every(&self, requests: u64) {
        self.behave(Manner::FailsEvery(requests));
    }

    /// Requests that were no probes.
    pub(crate) fn served(&self) -> u64 {
        self.state.served.load(Ordering::SeqCst)
    }

    /// How often it got each POST, by its path.
    pub(crate) fn executed(&self) -> BTreeMap<String, u64> {
        self.state.executed.lock().expect("no request panics").clone()
    }

    /// What came with every POST, the first one first.
    pub(crate) fn posted(&self) -> Vec<String> {
        self.state.posted.lock().expect("no request panics").clone()
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
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(serve_connection(stream, Arc::clone(&state)));
    }
}

async fn serve_connection(stream: TcpStream, state: Arc<State>) {
    // Each answer is written in two pieces; the second must not wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request| Box::pin(answer(&state, request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    let ended = poll_fn(|cx| Pin::new(&mut connection).poll_without_shutdown(cx)).await;
    let stream = connection.into_parts().io.into_inner();
    if ended.is_err() {
        // What breaks off here is reset. Where the client broke it, that is its affair.
        let _ = stream.set_zero_linger();
    }
}

async fn answer(state: &State, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (status, body) = match request.uri().path() {
        "/healthz" => (state.health(), whole("an origin\n")),
        "/slow" => {
            state.waiting.fetch_add(1, Ordering::SeqCst);
            if let Ok(permit) = state.gate.acquire().await {
                permit.forget();
            }
            state.manner().answer(1).await?
        }
        _ => state.serve(request).await?,
    };
    let answer = Response::builder().status(status).header("x-release", &state.release);
    Ok(answer.body(body).expect("a plain answer"))
}

// === impl State ===

impl State {
    fn health(&self) -> StatusCode {
        self.probed.fetch_add(1, Ordering::SeqCst);
        if self.is_healthy.load(Ordering::SeqCst) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    }

    async fn serve(&self, request: Request<Incoming>) -> io::Result<(StatusCode, Body)> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        if head.method == Method::POST {
            let text = String::from_utf8_lossy(&body).into_owned();
            self.posted.lock().expect("no request panics").push(text);
            let mut executed = self.executed.lock().expect("no request panics");
            *executed.entry(head.uri.path().to_owned()).or_default() += 1;
        }
        let number = self.served.fetch_add(1, Ordering::SeqCst) + 1;
        self.manner().answer(number).await
    }

    fn manner(&self) -> Manner {
        *self.manner.lock().expect("no request panics")
    }
}

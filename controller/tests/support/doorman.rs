//! A socket proxy in front of an Engine: over TCP, for those who only look.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, UnixStream};
use tokio::task::JoinHandle;

/// It hands on each GET, and refuses all else, until it is dropped.
pub(crate) struct Doorman {
    pub(crate) address: SocketAddr,
    refused: Arc<Mutex<Vec<String>>>,
    work: JoinHandle<()>,
}

// === impl Doorman ===

impl Doorman {
    pub(crate) async fn before(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port of loopback");
        let address = listener.local_addr().expect("it is bound");
        let refused = Arc::<Mutex<Vec<String>>>::default();
        let list = Arc::clone(&refused);
        let work = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (socket, list) = (socket.clone(), Arc::clone(&list));
                let serve = service_fn(move |request| answer(request, socket.clone(), Arc::clone(&list)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), serve));
            }
        });
        Self { address, refused, work }
    }

    /// What was refused so far.
    pub(crate) fn refused(&self) -> Vec<String> {
        self.refused.lock().expect("nobody panics who holds it").clone()
    }
}

impl Drop for Doorman {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn answer(
    request: Request<Incoming>,
    socket: PathBuf,
    refused: Arc<Mutex<Vec<String>>>,
) -> Result<Response<BoxBody<Bytes, hyper::Error>>, String> {
    if request.method() != Method::GET {
        let what = format!("{} {}", request.method(), request.uri().path());
        refused.lock().expect("nobody panics who holds it").push(what);
        let mut no = Response::new(Full::default().map_err(|never| match never {}).boxed());
        *no.status_mut() = StatusCode::FORBIDDEN;
        return Ok(no);
    }
    let stream = UnixStream::connect(socket).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) =
        client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    Ok(answer.map(BodyExt::boxed))
}

//! An HTTP client on one connection, over TCP or the unix socket.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::{Answer, PATIENCE, Tally};

/// A request that got no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Not even the head of one came.
    Lost(String),
    /// The head came, and the body broke off.
    Cut(String),
}

/// A kept connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    connection: AbortHandle,
}

// === impl Client ===

impl Client {
    pub(crate) async fn tcp(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
        Self::over(stream).await
    }

    pub(crate) async fn unix(path: &Path) -> Result<Self, String> {
        let stream = UnixStream::connect(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
        Self::over(stream).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Self, String> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(async {
            // What went wrong is told to whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Self { sender, connection: connection.abort_handle() })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, String> {
        let request = Request::get(path).header("host", "edge.test").body(Full::default());
        self.send(request.expect("a plain request")).await
    }

    pub(crate) async fn head(&mut self, path: &str) -> Result<Answer, String> {
        let request = Request::head(path).header("host", "edge.test").body(Full::default());
        self.send(request.expect("a plain request")).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let what = format!("{} {}", request.method(), request.uri());
        self.exchange(request).await.map_err(|broken| match broken {
            Broken::Lost(why) | Broken::Cut(why) => format!("{what}: {why}"),
        })
    }

    /// Sends a request, and says how far its answer came.
    pub(crate) async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Broken> {
        let answer = async {
            let lost = |error: hyper::Error| Broken::Lost(error.to_string());
            self.sender.ready().await.map_err(lost)?;
            let (head, body) = self.sender.send_request(request).await.map_err(lost)?.into_parts();
            let body = body.collect().await.map_err(|error| Broken::Cut(error.to_string()))?.to_bytes();
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, text })
        };
        let in_time = timeout(PATIENCE, answer).await;
        in_time.unwrap_or_else(|_| Err(Broken::Lost(format!("no answer in {PATIENCE:?}"))))
    }

    /// So many requests, one after the other: all of them begin after this is called.
    pub(crate) async fn sample(address: SocketAddr, requests: u64) -> Tally {
        let mut client = Self::tcp(address).await.expect("a connection");
        let mut tally = Tally::default();
        for _ in 0..requests {
            tally.note(&client.get("/").await);
        }
        tally
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

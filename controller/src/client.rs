//! The client's end of the control socket: one request, one connection, one answer of limited size in limited time.
//!
//! The words are in [`crate::api`]. What is done with an answer is the affair of [`crate::ctl`].

mod error;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use canary_config::name::ServiceName;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::api::{Done, History, Instruction, Overview, Problem, Promote, Reloaded, ServiceStatus, Start};

pub use self::error::{BadAnswer, Error};

/// How long the socket may take to accept.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take, from the request's first byte to the answer's last.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may be, in bytes: far above the status of a thousand services.
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// Somebody who can ask canaryd at its control socket.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
}

/// What canaryd answered: the meaning, and the very document that it sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    /// What it means.
    pub value: T,
    /// The JSON as it came; fields of a newer canaryd are still in it.
    pub document: String,
}

// === impl Client ===

impl Client {
    /// Asks at this socket. Nothing is connected yet.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Where it asks.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Everything at a glance.
    ///
    /// # Errors
    /// As of every request: see [`Error`].
    pub async fn overview(&self) -> Result<Answer<Overview>, Error> {
        self.get("/v1/services").await
    }

    /// One service.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn service(&self, service: &ServiceName) -> Result<Answer<ServiceStatus>, Error> {
        self.get(&format!("/v1/services/{service}")).await
    }

    /// Begins a rollout.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn start(&self, service: &ServiceName, start: &Start) -> Result<Answer<Done>, Error> {
        self.post(&format!("/v1/services/{service}/start"), start).await
    }

    /// Goes on without waiting for evidence.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn promote(&self, service: &ServiceName, promote: &Promote) -> Result<Answer<Done>, Error> {
        self.post(&format!("/v1/services/{service}/promote"), promote).await
    }

    /// Takes the canary's share away.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn abort(&self, service: &ServiceName, instruction: &Instruction) -> Result<Answer<Done>, Error> {
        self.post(&format!("/v1/services/{service}/abort"), instruction).await
    }

    /// Takes back a release in probation.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn undo(&self, service: &ServiceName, instruction: &Instruction) -> Result<Answer<Done>, Error> {
        self.post(&format!("/v1/services/{service}/undo"), instruction).await
    }

    /// What changed, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn history(&self, service: Option<&ServiceName>, limit: u32) -> Result<Answer<History>, Error> {
        // A name needs no escaping in a query: it has letters, digits, `.`, `_` and `-` only.
        let service = service.map(|service| format!("service={service}&")).unwrap_or_default();
        self.get(&format!("/v1/history?{service}limit={limit}")).await
    }

    /// Reads the configuration again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reload(&self) -> Result<Answer<Reloaded>, Error> {
        self.post("/v1/reload", &serde_json::Map::new()).await
    }

    async fn get<T: DeserializeOwned>(&self, target: &str) -> Result<Answer<T>, Error> {
        let request = Request::builder().method(Method::GET).uri(target).header(HOST, "canaryd");
        self.ask(request.body(Full::default()).expect("a name is always part of a URI")).await
    }

    async fn post<T: DeserializeOwned>(&self, target: &str, body: &impl Serialize) -> Result<Answer<T>, Error> {
        let body = serde_json::to_vec(body).expect("a request has text keys only");
        let request = Request::builder().method(Method::POST).uri(target).header(HOST, "canaryd");
        let request = request.header(CONTENT_TYPE, "application/json");
        self.ask(request.body(Full::from(body)).expect("a name is always part of a URI")).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<Full<Bytes>>) -> Result<Answer<T>, Error> {
        let stream = self.connect().await?;
        let (status, body) =
            timeout(ANSWER_TIMEOUT, exchange(stream, request)).await.map_err(|_elapsed| BadAnswer::Slow)??;
        understand(status, &body)
    }

    async fn connect(&self) -> Result<UnixStream, Error> {
        match timeout(CONNECT_TIMEOUT, UnixStream::connect(&self.socket)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Error::Unreachable { socket: self.socket.clone(), why: error }),
            Err(_elapsed) => {
                Err(Error::Unreachable { socket: self.socket.clone(), why: std::io::ErrorKind::TimedOut.into() })
            }
        }
    }
}

/// Sends the request and reads the whole answer. The connection is closed by dropping it.
async fn exchange(stream: UnixStream, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), BadAnswer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| BadAnswer::Cut)?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| BadAnswer::of(&error))?;
        read(response).await
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection has come to its end; what of the answer has been received is still to be read.
        _ended = &mut connection => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Result<(StatusCode, Bytes), BadAnswer> {
    let status = response.status();
    match Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await {
        Ok(body) => Ok((status, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(BadAnswer::TooLarge),
        Err(_cut) => Err(BadAnswer::Cut),
    }
}

fn understand<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<Answer<T>, Error> {
    let document = std::str::from_utf8(body).map_err(|error| BadAnswer::NotUnderstood(error.to_string()))?;
    if !status.is_success() {
        return Err(match serde_json::from_str::<Problem>(document) {
            Ok(problem) => problem.into(),
            Err(_) => BadAnswer::Status(status.as_u16()).into(),
        });
    }
    let value = serde_json::from_str(document).map_err(|error| BadAnswer::NotUnderstood(error.to_string()))?;
    Ok(Answer { value, document: document.to_owned() })
}

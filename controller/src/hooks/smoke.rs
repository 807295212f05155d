//! A smoke test of one instance: a request to its own address, past the rules, which counts nowhere.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use canary_config::hooks::SmokeRequest;
use canary_config::quoted::Quoted;
use canary_config::secret::Secret;
use http::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::docker::host::tail;
use crate::hooks::exchange::{self, Answer};
use crate::hooks::{Report, Room, circumstances, too_late};

/// An instance that is tested.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a command is run that tests it.
    pub room: Room,
}

// === impl Target ===

impl Target {
    /// What a command is told of it.
    pub(super) fn variable(&self) -> (String, Secret) {
        circumstances::variable("TARGET", &format!("http://{}", self.address))
    }
}

/// Asks an instance once, within a deadline.
pub(super) async fn ask(address: SocketAddr, wanted: &SmokeRequest, deadline: Duration) -> Report {
    let what = format!("{} {} of {address}", wanted.method, wanted.path);
    match timeout(deadline, send(address, wanted)).await {
        Ok(Ok(answer)) => match fault(&answer, wanted) {
            None => Report::passed(Vec::new()),
            Some(fault) => Report::failed(format!("{what} {fault}"), tail(&answer.body)),
        },
        Ok(Err(why)) => Report::failed(format!("{what}: {why}"), Vec::new()),
        Err(_) => Report::failed(format!("{what}: {}", too_late(deadline)), Vec::new()),
    }
}

async fn send(address: SocketAddr, wanted: &SmokeRequest) -> Result<Answer, String> {
    let request = Request::builder().method(wanted.method.clone()).uri(&*wanted.path);
    let mut request = request.body(Full::<Bytes>::default()).map_err(|why| format!("no request: {why}"))?;
    let fields = request.headers_mut();
    fields.insert(USER_AGENT, HeaderValue::from_static("canaryd-smoke"));
    fields.insert(HOST, HeaderValue::try_from(address.to_string()).map_err(|why| format!("no request: {why}"))?);
    for (name, value) in &wanted.headers {
        fields.insert(name, value.clone());
    }
    fields.insert(CONNECTION, HeaderValue::from_static("close"));
    let stream = TcpStream::connect(address).await.map_err(|why| format!("no connection: {why}"))?;
    exchange::ask(stream, request).await
}

/// What is wrong with an answer.
fn fault(Answer { status, body }: &Answer, wanted: &SmokeRequest) -> Option<String> {
    let is_good = match wanted.status {
        Some(wanted) => status.as_u16() == wanted,
        None => status.is_success() || status.is_redirection(),
    };
    if !is_good {
        let wanted = wanted.status.map_or_else(|| "200 to 399".to_owned(), in_words);
        return Some(format!("was answered with {status}, and not with {wanted}"));
    }
    let contains = wanted.contains.as_deref()?;
    let is_there = body.windows(contains.len()).any(|window| window == contains.as_bytes());
    (!is_there).then(|| format!("was answered with {status} without {}", Quoted(contains)))
}

fn in_words(status: u16) -> String {
    StatusCode::from_u16(status).map_or_else(|_| status.to_string(), |status| status.to_string())
}

//! One probe: a GET that must be answered well, or a connection that must be accepted.

use std::net::SocketAddr;

use bytes::Bytes;
use canary_config::service::Probe;
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Asks once.
///
/// # Errors
/// Why the backend did not pass, in words for the log.
pub(super) async fn ask(address: SocketAddr, probe: &Probe) -> Result<(), String> {
    let answer = async {
        let stream = TcpStream::connect(address).await.map_err(|why| format!("no connection: {why}"))?;
        match &probe.path {
            Some(path) => get(stream, address, path).await,
            None => Ok(()),
        }
    };
    timeout(probe.timeout, answer).await.unwrap_or_else(|_| Err(format!("no answer within {:?}", probe.timeout)))
}

async fn get(stream: TcpStream, address: SocketAddr, path: &str) -> Result<(), String> {
    let in_words = |why: hyper::Error| format!("no answer: {why}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(in_words)?;
    let request = Request::get(path)
        .header(HOST, address.to_string())
        .header(USER_AGENT, "canaryd-probe")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|why| format!("no request: {why}"))?;
    // The connection must be driven while the answer is awaited. A backend that closes it with its last byte ends it
    // before the answer is taken, which is no failure.
    let answer = sender.send_request(request);
    tokio::pin!(answer);
    let answer = tokio::select! {
        answer = &mut answer => answer,
        _ = connection => answer.await,
    };
    let status = answer.map_err(in_words)?.status();
    let is_passed = status.is_success() || status.is_redirection();
    if is_passed { Ok(()) } else { Err(format!("answered {status}")) }
}

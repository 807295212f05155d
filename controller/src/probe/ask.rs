//! One probe: a GET that must be answered well, or a connection that must be accepted.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use canary_config::service::Probe;
use http_body_util::Empty;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, USER_AGENT};
use hyper_util::rt::TokioIo;
use rustix::io::Errno;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Why a backend did not pass, in words for the log.
#[derive(Debug)]
pub(super) enum Failing {
    /// It did not answer, or not well.
    Backend(String),
    /// We could not even ask, which says nothing of the backend.
    Ourselves(String),
}

/// Asks once.
///
/// # Errors
/// Why the backend did not pass.
pub(super) async fn ask(address: SocketAddr, probe: &Probe) -> Result<(), Failing> {
    let answer = async {
        let stream = TcpStream::connect(address).await.map_err(|why| not_connected(&why))?;
        match &probe.path {
            Some(path) => get(stream, address, path).await.map_err(Failing::Backend),
            None => Ok(()),
        }
    };
    let too_late = |_| Err(Failing::Backend(format!("no answer within {:?}", probe.timeout)));
    timeout(probe.timeout, answer).await.unwrap_or_else(too_late)
}

/// Whether there was no connection because of the backend, or because we had no socket to ask with.
fn not_connected(why: &io::Error) -> Failing {
    const OURS: [Errno; 5] = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    let is_ours = OURS.iter().any(|errno| why.raw_os_error() == Some(errno.raw_os_error()));
    let words = format!("no connection: {why}");
    if is_ours { Failing::Ourselves(words) } else { Failing::Backend(words) }
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
    if is_passed { Ok(()) } else { Err(format!("GET {path} was answered with {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_sockets_says_nothing_of_the_backend() {
        let not_connected = |errno: Errno| not_connected(&io::Error::from_raw_os_error(errno.raw_os_error()));
        assert!(matches!(not_connected(Errno::MFILE), Failing::Ourselves(_)));
        assert!(matches!(not_connected(Errno::CONNREFUSED), Failing::Backend(_)));
    }
}

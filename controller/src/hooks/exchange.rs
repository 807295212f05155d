//! One request over a connection of its own, and its answer.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// So much of an answer's body is read, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// An answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The beginning of its body.
    pub(super) body: Vec<u8>,
}

/// Sends a request, and takes the answer.
///
/// # Errors
/// Why there is none, in words.
pub(super) async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    request: Request<Full<Bytes>>,
) -> Result<Answer, String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|why| in_words(&why))?;
    let exchange = async { answer(sender.send_request(request).await?).await };
    tokio::pin!(exchange);
    // The connection must be driven meanwhile. One that is closed with the answer's last byte may end first.
    let answer = tokio::select! {
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    };
    answer.map_err(|why| in_words(&why))
}

async fn answer(response: Response<Incoming>) -> Result<Answer, hyper::Error> {
    let (status, mut incoming, mut body) = (response.status(), response.into_body(), Vec::new());
    while let Some(frame) = incoming.frame().await {
        // Trailers say nothing to us.
        if let Ok(bytes) = frame?.into_data() {
            let room = BODY_BYTES_MAX - body.len();
            body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
        if body.len() == BODY_BYTES_MAX {
            break;
        }
    }
    Ok(Answer { status, body })
}

fn in_words(why: &hyper::Error) -> String {
    format!("no answer: {why}")
}

//! One request and its answer: whole, or as it comes in.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::client::endpoint::Wire;
use crate::client::{ANSWER_BYTES_MAX, ANSWER_TIMEOUT, BadAnswer};

/// An answer of any length, as it comes in.
#[derive(Debug)]
pub(super) struct Flow {
    body: Incoming,
    // It reads from the connection; it ends when this is dropped.
    _connection: Connection,
}

#[derive(Debug)]
struct Connection(JoinHandle<()>);

/// Sends the request and reads the whole answer, of limited size in limited time.
pub(super) async fn whole(
    wire: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
    limit: Duration,
) -> Result<(StatusCode, Bytes), BadAnswer> {
    let exchange = async {
        let (head, _connection) = head(wire, request).await?;
        rest(head).await
    };
    timeout(limit, exchange).await.map_err(|_elapsed| BadAnswer::Slow(limit))?
}

/// Sends the request and reads the head of the answer; what follows is a flow if all is well, and else the whole.
pub(super) async fn flow(
    wire: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
) -> Result<Result<Flow, (StatusCode, Bytes)>, BadAnswer> {
    let exchange = async {
        let (head, connection) = head(wire, request).await?;
        if head.status().is_success() {
            return Ok(Ok(Flow { body: head.into_body(), _connection: connection }));
        }
        rest(head).await.map(Err)
    };
    timeout(ANSWER_TIMEOUT, exchange).await.map_err(|_elapsed| BadAnswer::Slow(ANSWER_TIMEOUT))?
}

async fn head(
    wire: Box<dyn Wire>,
    request: Request<Full<Bytes>>,
) -> Result<(Response<Incoming>, Connection), BadAnswer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire)).await.map_err(|_| BadAnswer::Cut)?;
    // How it ended is seen by whoever waits for the answer.
    let connection = Connection(tokio::spawn(async move { drop(connection.await) }));
    let response = sender.send_request(request).await.map_err(|error| BadAnswer::of(&error))?;
    Ok((response, connection))
}

async fn rest(response: Response<Incoming>) -> Result<(StatusCode, Bytes), BadAnswer> {
    let status = response.status();
    match Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await {
        Ok(body) => Ok((status, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(BadAnswer::TooLarge),
        Err(_cut) => Err(BadAnswer::Cut),
    }
}

// === impl Flow ===

impl Flow {
    /// The next bytes, or nothing at its end. A connection that is silent for longer is as good as gone.
    pub(super) async fn next(&mut self, patience: Duration) -> Result<Option<Bytes>, BadAnswer> {
        loop {
            match timeout(patience, self.body.frame()).await {
                Err(_elapsed) => return Err(BadAnswer::Cut),
                Ok(None) => return Ok(None),
                Ok(Some(Err(_cut))) => return Err(BadAnswer::Cut),
                Ok(Some(Ok(frame))) => {
                    // Trailers say nothing to us.
                    if let Ok(bytes) = frame.into_data() {
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

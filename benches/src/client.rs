//! One keep-alive HTTP/1.1 connection that is opened when it is needed. It never asks twice for what may have been
//! served once.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The longest answer that is read.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A client of one address.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    connection: Option<SendRequest<Empty<Bytes>>>,
}

/// A request that got no answer.
#[derive(Debug, thiserror::Error)]
#[error("GET http://{address}{path}: {cause}")]
pub struct Lost {
    address: SocketAddr,
    path: String,
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error("the body cannot be read: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Request(#[from] http::Error),
}

// === impl Client ===

impl Client {
    /// A client that has not connected yet.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Asks for a path and reads the whole answer.
    ///
    /// # Errors
    /// No connection, or none that lived until the end of the answer.
    pub async fn get(&mut self, path: &str) -> Result<Response<Bytes>, Lost> {
        // The connection is put back only behind a whole answer, so that a cut one is never used again.
        let kept = self.connection.take();
        let answer = self.exchange(kept, path).await;
        answer.map_err(|cause| Lost { address: self.address, path: path.into(), cause })
    }

    async fn exchange(
        &mut self,
        kept: Option<SendRequest<Empty<Bytes>>>,
        path: &str,
    ) -> Result<Response<Bytes>, Cause> {
        let mut request = Request::get(path).header(header::HOST, self.address.to_string()).body(Empty::new())?;
        if let Some(mut connection) = kept
            && connection.ready().await.is_ok()
        {
            match connection.try_send_request(request).await {
                Ok(response) => return self.finish(connection, response).await,
                Err(mut error) => match error.take_message() {
                    // The peer had closed the idle connection; not a byte of the request was written.
                    Some(unsent) => request = unsent,
                    None => return Err(error.into_error().into()),
                },
            }
        }
        let mut connection = self.connect().await?;
        let response = connection.send_request(request).await?;
        self.finish(connection, response).await
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>, Cause> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with its sender; what goes wrong on it is told to the request that is on its way.
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn finish(
        &mut self,
        connection: SendRequest<Empty<Bytes>>,
        response: Response<hyper::body::Incoming>,
    ) -> Result<Response<Bytes>, Cause> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(Cause::Body)?.to_bytes();
        self.connection = Some(connection);
        Ok(Response::from_parts(head, body))
    }
}

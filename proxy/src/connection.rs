//! A connection between requests. It waits idle with no buffer, reads a head under a deadline, looks at it strictly, and
//! hands pingora a stream that ends where the request ends; then it takes the stream back for the next one.
//!
//! Pingora never waits for a head, so that none of its own ways to wait for one, some of which have no end, is ever
//! taken. A client that pipelines is served in order: what it sends too early is kept by the `wire`, and looked at as
//! strictly as any other head. Only what follows a chunked body is not kept; there the connection closes after the
//! answer. HTTP/1.0 and HTTP/1.1 only; a TLS stream can be given here as well as a plain one.

pub(crate) mod alarm;
mod ending;
mod fence;
mod gather;
mod home;
mod stall;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use std::any::Any;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use canary_config::daemon::Limits;
use http::StatusCode;
use pingora::apps::{HttpServerApp, ReusedHttpStream, ServerApp};
use pingora::protocols::Stream;
use pingora::protocols::http::ServerSession;
use pingora::proxy::{HttpProxy, ProxyHttp};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::timeout;

use crate::drain::Draining;
use crate::head::{self, Body, Framed, Head, Refusal};
use home::Home;
use wire::Wire;

/// How many requests one connection may bring. It bounds what a connection can gather around itself, and gives other
/// workers and other instances of the edge a chance to have it.
pub const REQUESTS_PER_CONNECTION_MAX: u32 = 10_000;

/// How much is read at once. The room for it is on the stack of the thread, and so costs a waiting connection nothing.
const READ_BYTES: usize = 8 * 1024;

const LATE: Refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, "the head of the request did not arrive in time");

/// Serves connections, one call each, with the proxy of one worker and listener.
pub struct ConnectionLoop<P> {
    proxy: Arc<HttpProxy<P>>,
    limits: Limits,
    draining: Draining,
}

/// What [`ProxyHttp::persist_connection_context`] leaves for the next request of the connection.
type Kept = Option<Box<dyn Any + Send + Sync>>;

/// Why there is no next request.
enum End {
    /// Nothing was under way, or the client is gone: there is nobody to wait for.
    Quiet,
    /// An answer was written, and the client may be sending still.
    Answered,
    /// The request is refused. The answer is still to be written.
    Refused(Refusal),
}

impl<P> ConnectionLoop<P>
where
    P: ProxyHttp + Send + Sync + 'static,
    P::CTX: Send + Sync,
{
    /// A loop around `proxy`. Its [`ProxyHttp`] need not limit the keep-alive, as pingora never waits for a request here;
    /// it must not enable pingora's pipelining, which would let heads pass unseen.
    pub fn new(proxy: HttpProxy<P>, limits: &Limits, draining: Draining) -> Self {
        Self { proxy: Arc::new(proxy), limits: limits.clone(), draining }
    }

    /// Serves a connection to its end. Idle connections end when the drain begins, others after their request.
    pub async fn serve(&self, stream: Stream) {
        let home = Home::default();
        let wire = Box::new(Wire::new(home.lend(stream), self.limits.body_idle));
        let end = self.requests(wire).await;
        let Some(stream) = home.take() else { return };
        // The rare ways are boxed, so that an idle connection does not carry their room.
        match end {
            End::Quiet => Box::pin(ending::leave(stream)).await,
            End::Answered => Box::pin(ending::linger(stream)).await,
            End::Refused(refusal) => Box::pin(ending::refuse(stream, refusal)).await,
        }
    }

    /// Ends what must end before the runtime does. Called once, after the last connection.
    pub async fn cleanup(&self) {
        ServerApp::cleanup(&*self.proxy).await;
    }

    async fn requests(&self, mut wire: Box<Wire>) -> End {
        let mut draining = self.draining.clone();
        let mut kept = None;
        for reuses_left in (0..REQUESTS_PER_CONNECTION_MAX).rev() {
            let mut bytes = wire.take_ahead();
            if bytes.is_empty() && !self.await_request(&mut wire, &mut bytes, &mut draining).await {
                return End::Quiet;
            }
            let framed = match self.read_head(&mut wire, &mut bytes).await {
                Ok(framed) => framed,
                Err(end) => return end,
            };
            let request = cut(&mut wire, bytes, framed);
            let Some(reused) = self.hand_over(wire, request, reuses_left, kept).await else { return End::Answered };
            let (stream, settings) = reused.consume();
            kept = settings.and_then(|mut settings| settings.take_user_context());
            match stream.into_any().downcast::<Wire>() {
                // Where the next head begins is known only when all of this body has been read.
                Ok(back) if back.is_at_end() => wire = back,
                _ => return End::Answered,
            }
        }
        End::Answered
    }

    /// Waits for the first bytes of a request. False if there will be none.
    async fn await_request(&self, wire: &mut Wire, bytes: &mut BytesMut, draining: &mut Draining) -> bool {
        let read = tokio::select! {
            biased;
            read = timeout(self.limits.keep_alive, fill(wire, bytes)) => read,
            () = draining.begun() => {
                // A request that reached us before the drain is served. Whether there is one, the runtime finds out only
                // when it looks at its sockets again.
                tokio::task::yield_now().await;
                Ok(fill_now(wire, bytes).await)
            }
        };
        matches!(read, Ok(Ok(1..)))
    }

    async fn read_head(&self, wire: &mut Wire, bytes: &mut BytesMut) -> Result<Framed, End> {
        match head::check(bytes, 0, &self.limits) {
            Head::Whole(framed) => Ok(framed),
            Head::Refused(refusal) => Err(End::Refused(refusal)),
            Head::Partial => Box::pin(self.read_on(wire, bytes)).await,
        }
    }

    /// Reads the rest of a head of which the first bytes have just come.
    async fn read_on(&self, wire: &mut Wire, bytes: &mut BytesMut) -> Result<Framed, End> {
        let whole = async {
            loop {
                let seen = bytes.len();
                if !matches!(fill(wire, bytes).await, Ok(1..)) {
                    return Err(End::Quiet);
                }
                match head::check(bytes, seen, &self.limits) {
                    Head::Whole(framed) => return Ok(framed),
                    Head::Refused(refusal) => return Err(End::Refused(refusal)),
                    Head::Partial => {}
                }
            }
        };
        timeout(self.limits.head_timeout, whole).await.unwrap_or(Err(End::Refused(LATE)))
    }

    /// Lets pingora serve the request. A function that is not async: the session, which is large, never becomes part of
    /// the future that an idle connection holds.
    fn hand_over<'a>(
        &'a self,
        wire: Box<Wire>,
        request: BytesMut,
        reuses_left: u32,
        kept: Kept,
    ) -> Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>> {
        let mut session = ServerSession::new_http1(wire);
        session.set_keepalive_reuses_remaining(Some(reuses_left));
        session.set_connection_user_context(kept);
        session.set_pipelined_prefix(request);
        self.proxy.process_new_http(session, self.draining.watch())
    }
}

/// Separates the request from what the client sent ahead, and lets no more of the stream through than belongs to it.
fn cut(wire: &mut Wire, mut bytes: BytesMut, framed: Framed) -> BytesMut {
    match framed.body {
        Body::Open => wire.open(),
        Body::Known(length) => {
            let read = bytes.len() - framed.len;
            let here = usize::try_from(length).map_or(read, |length| length.min(read));
            let ahead = if here < read { bytes.split_off(framed.len + here) } else { BytesMut::new() };
            wire.close_after(length - here as u64, ahead);
        }
    }
    bytes.advance(head::leading_line(&bytes));
    bytes
}

async fn fill(stream: &mut (impl AsyncRead + Unpin), bytes: &mut BytesMut) -> io::Result<usize> {
    std::future::poll_fn(|cx| poll_fill(stream, cx, bytes)).await
}

/// What can be read without waiting; nothing, if that is nothing.
async fn fill_now(stream: &mut (impl AsyncRead + Unpin), bytes: &mut BytesMut) -> io::Result<usize> {
    std::future::poll_fn(|cx| match poll_fill(stream, cx, bytes) {
        Poll::Pending => Poll::Ready(Ok(0)),
        read => read,
    })
    .await
}

fn poll_fill(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    bytes: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    let mut room = [MaybeUninit::uninit(); READ_BYTES];
    let mut read = ReadBuf::uninit(&mut room);
    ready!(Pin::new(stream).poll_read(cx, &mut read))?;
    bytes.extend_from_slice(read.filled());
    Poll::Ready(Ok(read.filled().len()))
}

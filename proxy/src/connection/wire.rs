//! The stream as pingora has it for one request: writes gathered, reads fenced, and on its way home at the end.
//!
//! Everything that pingora asks a stream about itself (addresses, TLS, times) is answered by the stream below.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::{SslDigest, TlsRef};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, TimingDigest, UniqueID,
    UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::alarm::Alarm;
use super::fence::Fence;
use super::gather::Gather;
use super::home::Lent;
use super::stall::Stall;

#[derive(Debug)]
pub(super) struct Wire {
    stream: Lent,
    fence: Fence,
    gather: Gather,
    alarm: Alarm,
}

impl Wire {
    /// A wire that can be read without a limit. A write that makes no progress for `stall_limit` fails.
    pub(super) fn new(stream: Lent, stall_limit: Duration) -> Self {
        let gather = Gather::new(Stall::new(stall_limit));
        Self { stream, fence: Fence::default(), gather, alarm: Alarm::new() }
    }

    /// Lets everything be read.
    pub(super) fn open(&mut self) {
        self.fence.open();
    }

    /// Lets `left` bytes be read and no more. `ahead` is what the client sent after them.
    pub(super) fn close_after(&mut self, left: u64, ahead: BytesMut) {
        self.fence.close_after(left, ahead);
    }

    /// Whether the request has been read to its end, as far as that is known here.
    pub(super) fn is_at_end(&self) -> bool {
        self.fence.is_at_end()
    }

    /// What the client sent ahead of its time; from now on everything can be read.
    pub(super) fn take_ahead(&mut self) -> BytesMut {
        // A request has ended; whatever came of it, nobody waits for its answer any more.
        self.alarm.stop();
        self.fence.take_ahead()
    }

    /// What rings when an answer does not begin in time.
    pub(super) fn alarm(&self) -> &Alarm {
        &self.alarm
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let read = this.fence.poll_read(&mut *this.stream, cx, buf);
        if read.is_pending() && !this.gather.is_empty() {
            // The task is about to sleep. What it has written so far must not sleep with it: an answer with a
            // Content-Length is not flushed before its end, which may be far away.
            if let Poll::Ready(Err(error)) = this.gather.poll_flush(&mut *this.stream, cx) {
                return Poll::Ready(Err(error));
            }
        }
        this.alarm.watch(cx, read)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.gather.poll_write(&mut *this.stream, cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.gather.poll_flush(&mut *this.stream, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.gather.poll_shutdown(&mut *this.stream, cx)
    }
}

#[async_trait]
impl Shutdown for Wire {
    async fn shutdown(&mut self) {
        // Through `poll_shutdown`, which sends what is gathered, and whose waits have a limit.
        let _ = AsyncWriteExt::shutdown(self).await;
    }
}

impl UniqueID for Wire {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for Wire {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.stream.get_ssl()
    }

    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.selected_alpn_proto()
    }
}

impl GetTimingDigest for Wire {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.stream.get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.stream.get_write_pending_time()
    }
}

impl GetProxyDigest for Wire {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.stream.set_proxy_digest(digest);
    }
}

impl GetSocketDigest for Wire {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.stream.set_socket_digest(digest);
    }
}

// Peeking is what pingora does to recognise HTTP/2 without TLS, which is not served here.
impl Peek for Wire {}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;
    use crate::connection::home::Home;

    fn wire() -> (Wire, DuplexStream, Home) {
        let (ours, client) = duplex(1024);
        let home = Home::default();
        (Wire::new(home.lend(Box::new(ours)), Duration::from_secs(60)), client, home)
    }

    /// Whether a read would wait.
    async fn waits(stream: &mut (impl AsyncRead + Unpin)) -> bool {
        let mut byte = [0];
        poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte)).is_pending())).await
    }

    #[tokio::test]
    async fn what_is_written_goes_out_when_the_reader_waits() {
        let (mut wire, mut client, _home) = wire();
        wire.write_all(b"half of an answer").await.unwrap();
        assert!(waits(&mut client).await);
        assert!(waits(&mut wire).await);
        let mut read = [0; 64];
        let mut read = ReadBuf::new(&mut read);
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut client).poll_read(cx, &mut read))).await;
        assert!(polled.is_ready());
        assert_eq!(read.filled(), b"half of an answer");
    }

    #[tokio::test]
    async fn a_shutdown_sends_what_is_gathered_first() {
        let (mut wire, mut client, _home) = wire();
        wire.write_all(b"bye").await.unwrap();
        Shutdown::shutdown(&mut wire).await;
        let mut read = String::new();
        client.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "bye");
    }

    #[tokio::test]
    async fn nothing_behind_the_fence_is_read_and_nothing_is_lost() {
        let (mut wire, mut client, _home) = wire();
        client.write_all(b"bodynext").await.unwrap();
        wire.close_after(4, BytesMut::new());
        let mut read = [0; 64];
        assert_eq!(wire.read(&mut read).await.unwrap(), 4);
        assert!(wire.is_at_end());
        for _ in 0..3 {
            assert!(waits(&mut wire).await);
        }
        assert_eq!(&wire.take_ahead()[..], b"n");
        assert_eq!(wire.read(&mut read).await.unwrap(), 3);
        assert_eq!(&read[..3], b"ext");
    }

    #[tokio::test]
    async fn a_client_that_leaves_is_seen_through_the_fence() {
        let (mut wire, client, _home) = wire();
        wire.close_after(0, BytesMut::new());
        assert!(waits(&mut wire).await);
        drop(client);
        assert_eq!(wire.read(&mut [0; 8]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_ends_a_read_once_and_leaves_the_stream_whole() {
        let (mut wire, mut client, _home) = wire();
        let (begun, late) = (tokio::time::Instant::now(), Duration::from_secs(3));
        wire.alarm().set(begun.into_std() + late);
        let rung = wire.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(rung.to_string(), "the backend's answer did not begin in time");
        assert!(begun.elapsed().abs_diff(late) <= Duration::from_millis(2), "{:?}", begun.elapsed());
        client.write_all(b"on").await.unwrap();
        assert_eq!(wire.read(&mut [0; 8]).await.unwrap(), 2);
        assert!(waits(&mut wire).await);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_stopped_or_set_anew_does_not_ring_at_its_old_moment() {
        let (mut wire, mut client, _home) = wire();
        let begun = tokio::time::Instant::now();
        wire.alarm().set(begun.into_std() + Duration::from_secs(1));
        assert!(waits(&mut wire).await);
        wire.alarm().set(begun.into_std() + Duration::from_secs(3));
        wire.read(&mut [0; 8]).await.unwrap_err();
        assert!(begun.elapsed() >= Duration::from_secs(2));
        wire.alarm().set(begun.into_std() + Duration::from_secs(5));
        assert!(waits(&mut wire).await);
        wire.alarm().stop();
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(waits(&mut wire).await);
        client.write_all(b"on").await.unwrap();
        assert_eq!(wire.read(&mut [0; 8]).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_stream_comes_home_when_it_is_dropped() {
        let (wire, _client, home) = wire();
        assert!(home.take().is_none());
        drop(wire);
        assert!(home.take().is_some());
    }
}

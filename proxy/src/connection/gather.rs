//! Gathers the small writes of an answer (head, body, last chunk) into one. It holds memory only between a write and the
//! flush that follows, so an idle connection has none.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use super::stall::Stall;

/// What is gathered at most. A write that is as large goes out as it is.
const GATHER_BYTES_MAX: usize = 8 * 1024;

/// Room beyond the first write, which is a head as a rule: most bodies fit in, and no second allocation is needed.
const GATHER_BYTES_SPARE: usize = 1024;

/// Bytes that were written and not yet sent.
#[derive(Debug)]
pub(super) struct Gather {
    bytes: Vec<u8>,
    sent: usize,
    stall: Stall,
}

impl Gather {
    pub(super) fn new(stall: Stall) -> Self {
        Self { bytes: Vec::new(), sent: 0, stall }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.bytes.len() + bytes.len() > GATHER_BYTES_MAX {
            ready!(self.poll_send(stream, cx))?;
            if bytes.len() >= GATHER_BYTES_MAX {
                let write = Pin::new(stream).poll_write(cx, bytes);
                return self.stall.watch(cx, write);
            }
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact((bytes.len() + GATHER_BYTES_SPARE).min(GATHER_BYTES_MAX));
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    pub(super) fn poll_flush(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(stream, cx))?;
        let flush = Pin::new(stream).poll_flush(cx);
        self.stall.watch(cx, flush)
    }

    pub(super) fn poll_shutdown(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(stream, cx))?;
        let shutdown = Pin::new(stream).poll_shutdown(cx);
        self.stall.watch(cx, shutdown)
    }

    /// Sends what is gathered, and frees its memory.
    fn poll_send(&mut self, stream: &mut (impl AsyncWrite + Unpin), cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.bytes.len() {
            let write = Pin::new(&mut *stream).poll_write(cx, &self.bytes[self.sent..]);
            match ready!(self.stall.watch(cx, write))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.bytes = Vec::new();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    /// Counts the writes that reach it.
    #[derive(Default)]
    struct Writes(Vec<usize>);

    impl AsyncWrite for Writes {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.0.push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn gather() -> Gather {
        Gather::new(Stall::new(Duration::from_secs(60)))
    }

    async fn write(gather: &mut Gather, stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < bytes.len() {
            written += std::future::poll_fn(|cx| gather.poll_write(stream, cx, &bytes[written..])).await?;
        }
        Ok(())
    }

    async fn flush(gather: &mut Gather, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        std::future::poll_fn(|cx| gather.poll_flush(stream, cx)).await
    }

    #[tokio::test]
    async fn small_writes_go_out_as_one_and_leave_no_memory_behind() {
        let (mut gather, mut stream) = (gather(), Writes::default());
        for bytes in [&[0; 200][..], &[0; 130], &[0; 5]] {
            write(&mut gather, &mut stream, bytes).await.unwrap();
        }
        assert_eq!(stream.0, Vec::<usize>::new());
        flush(&mut gather, &mut stream).await.unwrap();
        assert_eq!(stream.0, [335]);
        assert_eq!(gather.bytes.capacity(), 0);
    }

    #[tokio::test]
    async fn what_is_gathered_never_exceeds_its_bound() {
        for size in [1, 1000, GATHER_BYTES_MAX - 1, GATHER_BYTES_MAX, 3 * GATHER_BYTES_MAX] {
            let (mut gather, mut stream) = (gather(), Writes::default());
            for _ in 0..20 {
                write(&mut gather, &mut stream, &vec![0; size]).await.unwrap();
                assert!(gather.bytes.len() <= GATHER_BYTES_MAX);
            }
            flush(&mut gather, &mut stream).await.unwrap();
            assert_eq!(stream.0.iter().sum::<usize>(), 20 * size);
        }
    }

    #[tokio::test]
    async fn bytes_come_out_whole_and_in_order_however_narrow_the_stream() {
        let sent: Vec<u8> = (0..40_000_u32).map(|at| at.to_le_bytes()[usize::from(at % 3 == 0)]).collect();
        let (mut stream, mut reader) = duplex(100);
        let expected = sent.clone();
        let writes = async move {
            let mut gather = gather();
            for bytes in sent.chunks(777) {
                write(&mut gather, &mut stream, bytes).await.unwrap();
            }
            flush(&mut gather, &mut stream).await.unwrap();
        };
        let mut received = Vec::new();
        let (_, read) = tokio::join!(writes, reader.read_to_end(&mut received));
        read.unwrap();
        assert!(received == expected, "{} of {} bytes", received.len(), expected.len());
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_write_without_any_progress_fails() {
        let (mut stream, mut reader) = duplex(1);
        let mut gather = gather();
        write(&mut gather, &mut stream, b"slow").await.unwrap();
        let slow = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(59)).await;
                reader.read_u8().await.unwrap();
            }
        };
        let (flushed, ()) = tokio::join!(flush(&mut gather, &mut stream), slow);
        flushed.unwrap();
        write(&mut gather, &mut stream, b"!").await.unwrap();
        let stalled = flush(&mut gather, &mut stream).await.unwrap_err();
        assert_eq!(stalled.kind(), io::ErrorKind::TimedOut);
    }
}

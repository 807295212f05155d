//! The end of a request, held against whoever reads it: no byte of the next one is given out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, ReadBuf};

/// How far a stream may be read, and what was found behind that.
#[derive(Debug, Default)]
pub(super) struct Fence {
    /// The bytes that may still be read; `None` if there is no limit.
    left: Option<u64>,
    /// What the client has sent ahead. Bounded by what is read together with a head, or by one look behind the fence.
    ahead: BytesMut,
}

impl Fence {
    pub(super) fn open(&mut self) {
        self.left = None;
    }

    pub(super) fn close_after(&mut self, left: u64, ahead: BytesMut) {
        self.left = Some(left);
        self.ahead = ahead;
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left.is_none_or(|left| left == 0)
    }

    /// Takes the fence down, and what was behind it.
    pub(super) fn take_ahead(&mut self) -> BytesMut {
        self.open();
        std::mem::take(&mut self.ahead)
    }

    pub(super) fn poll_read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.left {
            None => Pin::new(stream).poll_read(cx, buf),
            Some(0) => self.poll_look_behind(stream, cx, buf),
            Some(left) => {
                let room = buf.remaining().min(usize::try_from(left).unwrap_or(usize::MAX));
                let read = ready!(poll_read_at_most(stream, cx, buf, room))?;
                self.left = Some(left - read as u64);
                Poll::Ready(Ok(()))
            }
        }
    }

    /// The request has been read, so this read is to find out whether the client has left. If it sent something instead,
    /// it has not left, and that is all we tell.
    fn poll_look_behind(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            // Nothing will wake the reader. It waits for something else as well, which will; and one that asks for more
            // than it was promised waits under its own timeout.
            return Poll::Pending;
        }
        let before = buf.filled().len();
        ready!(Pin::new(stream).poll_read(cx, buf))?;
        let found = &buf.filled()[before..];
        if found.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.ahead.extend_from_slice(found);
        buf.set_filled(before);
        Poll::Pending
    }
}

fn poll_read_at_most(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buf: &mut ReadBuf<'_>,
    room: usize,
) -> Poll<io::Result<usize>> {
    let before = buf.filled().len();
    if room == buf.remaining() {
        ready!(Pin::new(stream).poll_read(cx, buf))?;
        return Poll::Ready(Ok(buf.filled().len() - before));
    }
    let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
    ready!(Pin::new(stream).poll_read(cx, &mut part))?;
    let read = part.filled().len();
    buf.advance(read);
    Poll::Ready(Ok(read))
}

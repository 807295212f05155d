//! The limit on a client that does not take its answer. A clock exists only while a write waits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Turns a write that has made no progress for the limit into an error.
#[derive(Debug)]
pub(super) struct Stall {
    limit: Duration,
    clock: Option<Pin<Box<Sleep>>>,
}

impl Stall {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, clock: None }
    }

    /// Passes on what a write came to.
    pub(super) fn watch<T>(&mut self, cx: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.clock = None;
            return write;
        }
        let clock = self.clock.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        match clock.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

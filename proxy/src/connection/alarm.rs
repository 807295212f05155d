//! The moment by which a backend's answer must have begun.
//!
//! Pingora has one limit for every wait on a backend, and one short enough for the first byte would cut streams that
//! pause. While it waits for a backend it also reads from the client, to see whether it has left: in that read the alarm
//! rings, as an error of a kind of its own, and takes the attempt down. The client's stream is as whole as before.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use pingora::Error;
use pingora::proxy::Session;
use tokio::time::{Sleep, sleep_until};

use super::wire::Wire;
use crate::clock;

/// Set by the way of a request, heard by the read of its client. It rings once.
#[derive(Debug)]
pub(super) struct Alarm {
    since: Instant,
    /// Microseconds after `since`, or [`OFF`]. One task sets it and hears it.
    at: AtomicU64,
    /// The clock that runs for a moment, while a read waits.
    clock: Option<(u64, Pin<Box<Sleep>>)>,
}

/// The error that a client's read comes to when the alarm rings.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the backend's answer did not begin in time")]
struct Rang;

const OFF: u64 = u64::MAX;

/// Lets a request's alarm ring at this moment, if it is not stopped before.
pub(crate) fn set(session: &Session, at: Instant) {
    if let Some(alarm) = of(session) {
        alarm.set(at);
    }
}

/// The answer has begun, or never will: it is not late any more.
pub(crate) fn stop(session: &Session) {
    if let Some(alarm) = of(session) {
        alarm.stop();
    }
}

/// The alarm of the connection that a request came by.
fn of(session: &Session) -> Option<&Alarm> {
    let wire = session.as_downstream().stream()?.as_any().downcast_ref::<Wire>()?;
    Some(wire.alarm())
}

/// Whether it is the alarm that ended an attempt.
pub(crate) fn has_rung(error: &Error) -> bool {
    let cause = error.cause.as_deref().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.and_then(io::Error::get_ref).is_some_and(|inner| inner.is::<Rang>())
}

// === impl Alarm ===

impl Alarm {
    pub(super) fn new() -> Self {
        Self { since: clock::now(), at: AtomicU64::new(OFF), clock: None }
    }

    pub(super) fn set(&self, at: Instant) {
        let micros = at.saturating_duration_since(self.since).as_micros();
        self.at.store(u64::try_from(micros).unwrap_or(OFF), Relaxed);
    }

    pub(super) fn stop(&self) {
        self.at.store(OFF, Relaxed);
    }

    /// Passes on what a read came to, unless it would wait on after the alarm.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>, read: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
        if read.is_ready() {
            return read;
        }
        ready!(self.poll(cx));
        Poll::Ready(Err(io::Error::other(Rang)))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let at = *self.at.get_mut();
        if at == OFF {
            self.clock = None;
            return Poll::Pending;
        }
        if self.clock.as_ref().is_none_or(|(set, _)| *set != at) {
            let moment = self.since + Duration::from_micros(at);
            self.clock = Some((at, Box::pin(sleep_until(moment.into()))));
        }
        let Some((_, clock)) = &mut self.clock else { return Poll::Pending };
        ready!(clock.as_mut().poll(cx));
        self.stop();
        Poll::Ready(())
    }
}

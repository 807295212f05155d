//! Where a stream comes back to, whoever it was given to and however they ended.
//!
//! Pingora drops a stream that it does not want to reuse. Closing it there would take the answer away from a client that
//! is still sending, since what arrives at a closed socket is answered with a reset; so it comes home to be closed well.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use pingora::protocols::Stream;

/// The place that one stream returns to.
#[derive(Clone, Debug, Default)]
pub(super) struct Home(Arc<Mutex<Option<Stream>>>);

/// A stream that goes home when it is dropped.
#[derive(Debug)]
pub(super) struct Lent {
    stream: Option<Stream>,
    home: Home,
}

impl Home {
    pub(super) fn lend(&self, stream: Stream) -> Lent {
        Lent { stream: Some(stream), home: self.clone() }
    }

    /// The stream, if it is at home.
    pub(super) fn take(&self) -> Option<Stream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

// === impl Lent ===

const LENT: &str = "the stream leaves only when this is dropped";

impl Deref for Lent {
    type Target = Stream;

    fn deref(&self) -> &Stream {
        self.stream.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Stream {
        self.stream.as_mut().expect(LENT)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.home.0.lock().unwrap_or_else(PoisonError::into_inner) = self.stream.take();
    }
}

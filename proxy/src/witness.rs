//! Who hears of a canary's failures the instant they happen.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use http::Method;

use crate::outcome::Outcome;
use crate::request_id::RequestId;

/// Hears of a canary. The proxy knows nothing of what it makes of that, but that it may trip the canary's flag.
///
/// A success never calls it. No call waits: whoever finds another at work leaves its word and goes.
pub trait Witness: fmt::Debug + Send + Sync {
    /// The canary has failed a request, and that is booked.
    fn failed(&self);

    /// A request that people will want to see.
    fn noted(&self, noted: Noted);
}

/// A canary's request that speaks against it: it failed, was too slow, or took what people would call long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// Which request, as the access log names it.
    pub id: RequestId,
    /// When it began.
    pub at: SystemTime,
    /// Its method.
    pub method: Method,
    /// Its path, without the query.
    pub path: Box<str>,
    /// The backend that was tried.
    pub backend: SocketAddr,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// The status that the canary answered with, if it answered.
    pub status: Option<u16>,
    /// To the first byte of the answer, or to the failure.
    pub waited: Duration,
    /// What stable answered in its place, where the request was rescued and stable has answered.
    pub rescued: Option<u16>,
}

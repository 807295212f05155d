//! What share of its clients' requests a release got, and how far that may be from the one that was set.

use std::fmt;
use std::time::Duration;

use canary_config::weight::Weight;

use crate::demo::timeline::{MARGIN, Span};
use crate::load::Record;

/// Each request is drawn by itself, so that the share of many is binomial; a fair draw leaves this many standard
/// deviations less than once in a million times.
const SIGMAS: u32 = 5;

/// What clients saw during one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The release that had the weight.
    pub(super) canary: String,
    /// The weight.
    pub(super) set: Weight,
    /// How long it was measured.
    pub(super) measured: Duration,
    /// Requests in this time.
    pub(super) requests: u64,
    /// Those of them that the release answered.
    pub(super) by_canary: u64,
    /// Those of them that failed, whoever answered.
    pub(super) failed: u64,
}

// === impl Share ===

impl Share {
    /// Counts the requests that were sent in a span.
    pub(super) fn measure(span: &Span, records: &[Record]) -> Self {
        let mut share = Self {
            canary: span.canary.clone(),
            set: span.weight,
            measured: span.until.before(MARGIN).since(span.from.after(MARGIN)),
            requests: 0,
            by_canary: 0,
            failed: 0,
        };
        for record in records.iter().filter(|record| span.contains(record.sent)) {
            share.requests += 1;
            share.by_canary += u64::from(record.is_by(&span.canary));
            share.failed += u64::from(record.is_failure());
        }
        share
    }

    /// Whether a fair draw can have given this share: `(k - n p)^2 <= s^2 n p (1 - p)`, in whole numbers. At 0 % and
    /// at 100 % there is nothing to draw, and one request on the wrong side is too many.
    pub(super) fn is_fair(&self) -> bool {
        let whole = i128::from(Weight::FULL.bp());
        let (n, k, p) = (i128::from(self.requests), i128::from(self.by_canary), i128::from(self.set.bp()));
        let difference = k * whole - n * p;
        n > 0 && difference * difference <= i128::from(SIGMAS * SIGMAS) * n * p * (whole - p)
    }

    /// The measured share, in percent.
    pub(super) fn percent(&self) -> f64 {
        100.0 * self.by_canary as f64 / self.requests.max(1) as f64
    }

    /// How far a fair draw may be from the share that was set, in percentage points.
    pub(super) fn bound(&self) -> f64 {
        let p = self.set.ratio();
        100.0 * f64::from(SIGMAS) * (p * (1.0 - p) / self.requests.max(1) as f64).sqrt()
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { canary, set, requests, by_canary, failed, .. } = self;
        let percent = self.percent();
        write!(
            f,
            "{canary} set to {set}: it answered {by_canary} of {requests} requests, {percent:.2}%; {failed} failed"
        )
    }
}

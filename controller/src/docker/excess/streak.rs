//! How long something has been beyond a limit without a break.

use std::time::{Duration, Instant};

/// It has to be seen so often at the least.
pub(super) const TIMES_MIN: u32 = 4;

/// What is above this many tenths of what it was at first does not fall.
const STEADY_TENTHS: u64 = 9;

/// How long something has been beyond a limit without a break, and without falling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streak {
    pub(super) since: Instant,
    times: u32,
    first: u64,
}

// === impl Streak ===

impl Streak {
    /// It is beyond the limit by this amount, since then if it was not before. What falls from where it was first seen is
    /// on its way to somewhere else, so that it is looked at anew from there.
    pub(super) fn go_on(before: Option<Self>, amount: u64, since: Instant) -> Self {
        let is_steady = |streak: &Self| amount / STEADY_TENTHS >= streak.first / 10;
        match before.filter(is_steady) {
            Some(streak) => Self { times: streak.times.saturating_add(1), ..streak },
            None => Self { since, times: 1, first: amount },
        }
    }

    pub(super) fn has_lasted(&self, sustained: Duration, now: Instant) -> bool {
        self.times >= TIMES_MIN && now.saturating_duration_since(self.since) >= sustained
    }
}

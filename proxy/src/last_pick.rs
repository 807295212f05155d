//! When a canary was sent a request last: what a rollback is measured by.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// When a canary was sent a request last. One store for each of them, and nothing for stable's.
#[derive(Debug, Default)]
pub struct LastPick {
    first: OnceLock<Instant>,
    after_us: AtomicU64,
}

// === impl LastPick ===

impl LastPick {
    /// A request goes to the canary.
    pub fn note(&self, now: Instant) {
        let first = *self.first.get_or_init(|| now);
        let after = u64::try_from(now.saturating_duration_since(first).as_micros()).unwrap_or(u64::MAX);
        self.after_us.store(after, Relaxed);
    }

    /// When that was, to the microsecond; nothing before the first one.
    #[must_use]
    pub fn at(&self) -> Option<Instant> {
        self.first.get()?.checked_add(Duration::from_micros(self.after_us.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn the_last_one_counts() {
        let (last, now) = (LastPick::default(), clock::now());
        assert_eq!(last.at(), None);
        for ms in [0, 3, 70] {
            last.note(now + Duration::from_millis(ms));
            assert_eq!(last.at(), Some(now + Duration::from_millis(ms)));
        }
    }
}

//! The rollout's time, cut into blocks, within which a burst counts only once, and periods, after which fresh stake is
//! released.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

pub(super) const BLOCK: Duration = Duration::from_secs(2);

const PERIOD: Duration = Duration::from_secs(10);

/// Which blocks and periods have gone by. It runs on from where it was kept: what lies between does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockClock {
    resumed: Instant,
    before: Kept,
}

/// A clock that stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    elapsed: Duration,
    block_started: Duration,
    periods: u64,
}

// === impl BlockClock ===

impl BlockClock {
    /// A rollout begins, and with it a block.
    pub(super) fn new(now: Instant) -> Self {
        Self::restore(Kept::default(), now)
    }

    /// A rollout goes on.
    pub(super) const fn restore(kept: Kept, now: Instant) -> Self {
        Self { resumed: now, before: kept }
    }

    /// How it stands now.
    pub(super) fn keep(&self, now: Instant) -> Kept {
        Kept { elapsed: self.elapsed(now), ..self.before }
    }

    /// How long the rollout has gone on.
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        self.before.elapsed.saturating_add(now.saturating_duration_since(self.resumed))
    }

    /// A block begins, however long the one before was.
    pub(super) fn restart_block(&mut self, now: Instant) {
        self.before.block_started = self.before.block_started.max(self.elapsed(now));
    }

    /// Goes on to the block of this moment, and says whether that is another one.
    pub(super) fn end_blocks(&mut self, now: Instant) -> bool {
        let open = self.elapsed(now).saturating_sub(self.before.block_started);
        let into_block = Duration::from_nanos_u128(open.as_nanos() % BLOCK.as_nanos());
        self.before.block_started += open.saturating_sub(into_block);
        open >= BLOCK
    }

    /// How many periods had ended when the block began that were not reported before.
    pub(super) fn end_periods(&mut self) -> u64 {
        let ended = self.before.block_started.as_secs() / PERIOD.as_secs();
        let new = ended.saturating_sub(self.before.periods);
        self.before.periods += new;
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_late_tick_makes_up_for_the_missing_ones() {
        let start = start();
        let mut clock = BlockClock::new(start);
        assert!(!clock.end_blocks(start + Duration::from_millis(1_999)));
        assert!(clock.end_blocks(start + Duration::from_millis(35_900)));
        assert_eq!((clock.end_periods(), clock.end_periods()), (3, 0));
        assert!(clock.end_blocks(start + Duration::from_secs(36)), "the open block began at 34 s");
    }

    #[test]
    fn a_period_is_reported_at_the_end_of_a_block_only() {
        let start = start();
        let mut clock = BlockClock::new(start);
        clock.restart_block(start + Duration::from_secs(9));
        assert!(!clock.end_blocks(start + Duration::from_millis(10_500)));
        assert_eq!(clock.end_periods(), 0);
        assert!(clock.end_blocks(start + Duration::from_secs(11)));
        assert_eq!(clock.end_periods(), 1);
    }

    #[test]
    fn time_that_runs_backwards_ends_nothing() {
        let start = start();
        let mut clock = BlockClock::new(start + Duration::from_secs(100));
        assert!(!clock.end_blocks(start));
        assert_eq!(clock.end_periods(), 0);
    }

    #[test]
    fn a_clock_that_was_kept_goes_on_and_skips_what_lies_between() {
        let start = start();
        let mut clock = BlockClock::new(start);
        assert!(clock.end_blocks(start + Duration::from_millis(9_500)));
        let later = start + Duration::from_secs(3_600);
        let mut clock = BlockClock::restore(clock.keep(start + Duration::from_millis(9_700)), later);
        assert_eq!((clock.end_blocks(later + Duration::from_millis(299)), clock.end_periods()), (false, 0));
        assert_eq!((clock.end_blocks(later + Duration::from_millis(300)), clock.end_periods()), (true, 1));
    }
}

//! Counters for people and for the balancing of load. They judge nobody and outlive rollouts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;

use crate::histogram::Histogram;
use crate::outcome::Outcome;

/// A backend's own counters.
#[derive(Debug, Default)]
pub struct Meter {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    durations: Histogram,
    in_flight: AtomicUsize,
}

/// An attempt that is under way at a backend; it ends when this is dropped.
#[derive(Debug)]
pub struct Underway(Arc<Meter>);

/// The answers that went to clients, by status.
#[derive(Debug)]
pub struct Answers {
    codes: [AtomicU64; CODES],
    durations: Histogram,
}

/// The picks and answers of one release in one role.
#[derive(Debug, Default)]
pub struct PoolMeter {
    picks: AtomicU64,
    answers: Answers,
}

/// Statuses 0 (none was sent) and 100 to 599.
const CODES: usize = 501;

// === impl Meter ===

impl Meter {
    /// Notes that an attempt begins.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> Underway {
        self.in_flight.fetch_add(1, Relaxed);
        Underway(Arc::clone(self))
    }

    /// Notes how an attempt ended, and how long it took.
    pub fn end(&self, outcome: Outcome, duration: Duration) {
        self.outcomes[outcome.index()].fetch_add(1, Relaxed);
        self.durations.record(duration);
    }

    /// Attempts under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Relaxed)
    }

    /// How many attempts ended in one way.
    #[must_use]
    pub fn ended_by(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome.index()].load(Relaxed)
    }

    /// How long attempts took.
    #[must_use]
    pub fn durations(&self) -> &Histogram {
        &self.durations
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

// === impl Answers ===

impl Answers {
    /// Notes one answer; `None` is a client that got none.
    pub fn note(&self, status: Option<StatusCode>, duration: Duration) {
        self.codes[slot_of(status)].fetch_add(1, Relaxed);
        self.durations.record(duration);
    }

    /// The statuses that were sent, and how often; status 0 is "none".
    pub fn codes(&self) -> impl Iterator<Item = (u16, u64)> {
        (0_u16..).zip(&self.codes).filter_map(|(slot, count)| {
            let count = count.load(Relaxed);
            (count > 0).then_some((if slot == 0 { 0 } else { slot + 99 }, count))
        })
    }

    /// From the request's head to the end of its answer.
    #[must_use]
    pub fn durations(&self) -> &Histogram {
        &self.durations
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self { codes: [const { AtomicU64::new(0) }; CODES], durations: Histogram::default() }
    }
}

fn slot_of(status: Option<StatusCode>) -> usize {
    match status.map(|status| status.as_u16()) {
        Some(code @ 100..=599) => usize::from(code - 99),
        _ => 0,
    }
}

// === impl PoolMeter ===

impl PoolMeter {
    /// Notes that a request was given to this pool.
    pub fn picked(&self) {
        self.picks.fetch_add(1, Relaxed);
    }

    /// Requests that were given to this pool: the measured share.
    #[must_use]
    pub fn picks(&self) -> u64 {
        self.picks.load(Relaxed)
    }

    /// What this pool answered.
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_counted_under_its_own_number() {
        let answers = Answers::default();
        for code in 100..=999 {
            answers.note(StatusCode::from_u16(code).ok(), Duration::ZERO);
        }
        answers.note(None, Duration::ZERO);
        let mut expected = vec![(0, 401)];
        expected.extend((100..=599).map(|code| (code, 1)));
        assert_eq!(answers.codes().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_attempt_is_in_flight_until_it_is_dropped() {
        let meter = Arc::new(Meter::default());
        let (first, second) = (meter.begin(), meter.begin());
        assert_eq!(meter.in_flight(), 2);
        drop((first, second));
        assert_eq!(meter.in_flight(), 0);
    }
}

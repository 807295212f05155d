//! How a canary left the data path, as far as it has.

use std::time::{Duration, Instant};

use crate::api;

/// How a canary left the data path, from the verdict or the command on.
#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    /// When it was decided.
    begun: Instant,
    /// The canary's requests in flight at that moment.
    in_flight: usize,
    /// When the canary was picked last.
    last_pick: Option<Instant>,
    /// When the last of them had ended.
    drained: Option<Instant>,
}

// === impl Rollback ===

impl Rollback {
    pub(crate) fn new(begun: Instant, in_flight: usize) -> Self {
        Self { begun, in_flight, last_pick: None, drained: (in_flight == 0).then_some(begun) }
    }

    /// So many of the canary's requests are in flight now, and this is when it was picked last.
    pub(crate) fn note(&mut self, in_flight: usize, last_pick: Option<Instant>, now: Instant) {
        self.last_pick = last_pick;
        if in_flight == 0 {
            self.drained.get_or_insert(now);
        }
    }

    /// The canary's requests in flight when it was decided.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// From then to the last request that was still picked for the canary; zero if that was before.
    pub(crate) fn to_last_pick(&self) -> Duration {
        self.last_pick.map_or(Duration::ZERO, |last| last.saturating_duration_since(self.begun))
    }

    /// From then until the last of its requests had ended, if it has.
    pub(crate) fn to_drained(&self) -> Option<Duration> {
        self.drained.map(|drained| drained.saturating_duration_since(self.begun))
    }

    /// The same in the words of the API.
    pub(crate) fn status(&self) -> api::Rollback {
        let whole = |amount: u128| u64::try_from(amount).unwrap_or(u64::MAX);
        api::Rollback {
            to_last_pick_us: whole(self.to_last_pick().as_micros()),
            in_flight: self.in_flight as u64,
            to_drained_ms: self.to_drained().map(|drained| whole(drained.as_millis())),
        }
    }
}

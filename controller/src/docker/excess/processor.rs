//! The processor time of a request beside that of one of stable's.
//!
//! What was used and what was answered are added up until there are enough requests of both: a stint. A stint is beyond
//! the limit or within it, and only several in a row say something.

use std::time::{Duration, Instant};

use canary_config::usage::Factor;

use super::streak::Streak;
use super::{Opinion, Silence, Used};
use crate::analysis::Arms;

/// A stint has so many requests of each at the least.
pub(super) const REQUESTS_MIN: u64 = 50;
/// A stint lasts this part of the time for which a limit has to be exceeded, at the least.
const PART_OF_SUSTAINED: u32 = 6;
/// So many parts of a processor's time a container may spend without any request. They are left out of what a release on
/// trial uses: with a small share they would seem to be what its requests take.
const BACKGROUND_PERCENT: u32 = 3;

/// The processor time of a request beside that of one of stable's.
#[derive(Clone, Debug)]
pub(super) struct Processor {
    looked: Instant,
    /// When the release on trial had its first request.
    served: Option<Instant>,
    /// When stable had its last one.
    stable_served: Option<Instant>,
    stint: Option<Stint>,
    streak: Option<Streak>,
    amounts: Option<Arms<u64>>,
    opinion: Opinion,
}

/// What both have used and answered since then.
#[derive(Clone, Copy, Debug)]
struct Stint {
    since: Instant,
    arms: Arms<Used>,
}

// === impl Processor ===

impl Processor {
    pub(super) const fn begin(now: Instant) -> Self {
        Self {
            looked: now,
            served: None,
            stable_served: None,
            stint: None,
            streak: None,
            amounts: None,
            opinion: Opinion::None(Silence::FewRequests),
        }
    }

    pub(super) fn look(&mut self, arms: Arms<Used>, limit: Option<Factor>, sustained: Duration, now: Instant) {
        let Some(limit) = limit else { return };
        let before = std::mem::replace(&mut self.looked, now);
        if arms.stable.requests > 0 {
            self.stable_served = Some(now);
        }
        if arms.canary.requests > 0 {
            self.served.get_or_insert(now);
        }
        if let Some(silence) = self.silence(sustained, now) {
            (self.stint, self.streak, self.opinion) = (None, None, Opinion::None(silence));
            return;
        }
        let stint = self.stint.take().map_or(Stint { since: before, arms }, |stint| stint.and_then(arms));
        if !stint.is_whole(sustained / PART_OF_SUSTAINED, now) {
            self.stint = Some(stint);
            return;
        }
        let amounts = Arms { stable: stint.arms.stable.time_of_request(0), canary: stint.canary_time_of_request() };
        self.amounts = Some(amounts);
        let is_beyond = limit.is_exceeded(amounts.canary, amounts.stable);
        self.streak = is_beyond.then(|| Streak::go_on(self.streak.take(), amounts.canary, stint.since));
        self.opinion = match &self.streak {
            None => Opinion::Within,
            Some(streak) if streak.has_lasted(sustained, now) => Opinion::TooLong { since: streak.since },
            Some(streak) => Opinion::Beyond { since: streak.since },
        };
    }

    pub(super) const fn standing(&self) -> (Option<Arms<u64>>, Opinion) {
        (self.amounts, self.opinion)
    }

    fn silence(&self, sustained: Duration, now: Instant) -> Option<Silence> {
        let is_within = |at: Instant| now.saturating_duration_since(at) < sustained;
        match (self.stable_served, self.served) {
            (None, _) => Some(Silence::StableIdle),
            (Some(at), _) if !is_within(at) => Some(Silence::StableIdle),
            (_, None) => Some(Silence::FewRequests),
            (_, Some(at)) => is_within(at).then_some(Silence::New),
        }
    }
}

// === impl Stint ===

impl Stint {
    fn and_then(self, later: Arms<Used>) -> Self {
        let arms =
            Arms { stable: self.arms.stable.and_then(later.stable), canary: self.arms.canary.and_then(later.canary) };
        Self { arms, ..self }
    }

    fn is_whole(&self, least: Duration, now: Instant) -> bool {
        let fewest = self.arms.stable.requests.min(self.arms.canary.requests);
        fewest >= REQUESTS_MIN && now.saturating_duration_since(self.since) >= least
    }

    fn canary_time_of_request(&self) -> u64 {
        self.arms.canary.time_of_request(BACKGROUND_PERCENT)
    }
}

// === impl Used ===

impl Used {
    /// The nanoseconds of a request, without these percents of the time that went by.
    fn time_of_request(&self, background_percent: u32) -> u64 {
        let own = self.processor.saturating_sub(self.time / 100 * background_percent);
        let each = own.as_nanos().checked_div(u128::from(self.requests)).unwrap_or_default();
        u64::try_from(each).unwrap_or(u64::MAX)
    }
}

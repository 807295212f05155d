//! The memory of a container beside that of one of stable's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use canary_config::usage::Factor;

use super::streak::Streak;
use super::{Opinion, Silence, Used};
use crate::analysis::Arms;

/// Less than this more is never too much: a page or two of a small program.
const BYTES_MIN: u64 = 32 << 20;
/// Who gets more requests than so many times what stable's containers get may need more memory for them.
const BUSIER: u128 = 2;

/// The memory of a container beside that of one of stable's.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The requests of late, and when they were seen.
    requests: VecDeque<(Instant, Arms<u64>)>,
    streak: Option<Streak>,
    amounts: Option<Arms<u64>>,
    opinion: Option<Opinion>,
}

// === impl Memory ===

impl Memory {
    pub(super) fn look(
        &mut self,
        arms: Arms<Used>,
        limit: Option<Factor>,
        began: Instant,
        sustained: Duration,
        now: Instant,
    ) {
        let Some(limit) = limit else { return };
        self.requests.push_back((now, Arms { stable: arms.stable.requests, canary: arms.canary.requests }));
        self.requests.retain(|(at, _)| now.saturating_duration_since(*at) <= sustained);
        let amounts = Arms { stable: arms.stable.memory_of_one(), canary: arms.canary.memory_of_one() };
        self.amounts = Some(amounts);
        let is_new = now.saturating_duration_since(began) < sustained;
        let silence = if is_new { Some(Silence::New) } else { self.silence(arms) };
        let is_beyond = limit.is_exceeded(amounts.canary, amounts.stable)
            && amounts.canary.saturating_sub(amounts.stable) >= BYTES_MIN;
        self.streak = (is_beyond && silence.is_none()).then(|| Streak::go_on(self.streak.take(), amounts.canary, now));
        self.opinion = Some(match (silence, &self.streak) {
            (Some(silence), _) => Opinion::None(silence),
            (None, None) => Opinion::Within,
            (None, Some(streak)) if streak.has_lasted(sustained, now) => Opinion::TooLong { since: streak.since },
            (None, Some(streak)) => Opinion::Beyond { since: streak.since },
        });
    }

    pub(super) fn standing(&self) -> (Option<Arms<u64>>, Opinion) {
        (self.amounts, self.opinion.unwrap_or(Opinion::None(Silence::Unmeasured)))
    }

    /// Why the two cannot be compared by what they had to do of late.
    fn silence(&self, arms: Arms<Used>) -> Option<Silence> {
        let sum = |of: fn(&Arms<u64>) -> u64| self.requests.iter().map(|(_, arms)| u128::from(of(arms))).sum::<u128>();
        let (stable, canary) = (sum(|arms| arms.stable), sum(|arms| arms.canary));
        let (by_stable, by_canary) = (u128::from(arms.stable.containers), u128::from(arms.canary.containers));
        if stable == 0 {
            return Some(Silence::StableIdle);
        }
        let fair = stable.saturating_mul(by_canary).saturating_mul(BUSIER);
        (canary.saturating_mul(by_stable) > fair).then_some(Silence::Busier)
    }
}

// === impl Used ===

impl Used {
    fn memory_of_one(&self) -> u64 {
        self.memory_bytes.checked_div(self.containers).unwrap_or_default()
    }
}

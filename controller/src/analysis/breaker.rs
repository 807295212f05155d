//! The breaker beside the statistics: it finds a canary that is dead, within five failures.
//!
//! Three rules (statistics.md, 2.7): a canary that has never answered well, connections that cannot be had, and a run
//! of failures that lasts. Each asks that stable is healthy, and for more failures the more often stable itself fails,
//! so that a good canary trips it by chance less than once in ten thousand rollouts. A run of failures may come of
//! something that befalls both arms for a moment, in which stable was lucky: how often stable fails is what it did at
//! its worst.
//!
//! It is shown what came since the last look, and not in which order. A look without a success continues a run; one
//! with a success ends it, and a failure in the same look begins the next, as looks are taken when something fails.
//! Once the canary has all requests, stable is as healthy as it was before; a stable that is not known trips nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counts::{Arms, Tally};
use super::ground::BreakerRule;

/// A run of failures that lasts less than this may be one hiccup.
pub(super) const RUN_DURATION_MIN: Duration = Duration::from_millis(500);

/// So many failures are enough where stable hardly ever fails, and so many wherever it is healthy.
const FAILURES_MIN: f64 = 5.0;
const FAILURES_MAX: f64 = 50.0;

/// As many failures in a row happen by chance once in e to this many, which is ten million.
const LN_SURPRISE: f64 = 16.1;

/// Of stable's worst at least so long a time is told,
const SPELL_MIN: Duration = Duration::from_secs(2);

/// and so many requests.
const SPELL_REQUESTS_MIN: u64 = 5;

/// Stable is healthy while at most one in so many of its requests is bad.
const HEALTHY_DIVISOR: u64 = 5;

/// How an arm's attempts ended since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// No connection could be had.
    pub refused: u64,
    /// They failed in another way, or were dropped without an answer.
    pub failed: u64,
    /// They were answered well.
    pub answered: u64,
    /// They failed as their client's last one had. They make a run no longer in number, but in time.
    pub again: u64,
}

/// What it has seen of one rollout.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Breaker {
    stable: Tally,
    #[serde(default)]
    spell: Spell,
    /// The spell in which stable failed most often.
    #[serde(default)]
    worst: Tally,
    is_stable_gone: bool,
    has_answered: bool,
    failures: u64,
    refused_in_a_row: u64,
    run: Option<Run>,
    tripped: Option<BreakerRule>,
}

/// What stable did for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Spell {
    since: Duration,
    stable: Tally,
}

/// Failures of the canary without a success between them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    since: Duration,
    failures: u64,
    stable: Tally,
}

// === impl Attempts ===

impl Attempts {
    const fn failures(self) -> u64 {
        self.refused.saturating_add(self.failed)
    }

    const fn tally(self) -> Tally {
        Tally { bad: self.failures(), good: self.answered }
    }
}

// === impl Breaker ===

impl Breaker {
    /// The rule that it has tripped by, once it has.
    #[must_use]
    pub const fn tripped(&self) -> Option<BreakerRule> {
        self.tripped
    }

    /// Whether the last that was heard of the canary is more than one failure.
    pub(super) fn is_suspicious(&self) -> bool {
        self.run.is_some_and(|run| run.failures > 1)
    }

    /// All that was heard of stable.
    pub(super) const fn stable(&self) -> Tally {
        self.stable
    }

    /// Stable gets no requests any more, and this is what is known of it.
    pub(super) const fn lose_stable(&mut self, known: Tally) {
        self.is_stable_gone = true;
        self.stable = known;
    }

    /// Takes what came since the last look, which is taken so long after the rollout's begin.
    pub fn look(&mut self, new: Arms<Attempts>, at: Duration) {
        self.stable = self.stable.plus(new.stable.tally());
        self.remember_worst(new.stable.tally(), at);
        if let Some(run) = &mut self.run {
            run.stable = run.stable.plus(new.stable.tally());
        }
        let Attempts { refused, failed, answered, again } = new.canary;
        let failures = new.canary.failures();
        if answered > 0 {
            self.has_answered = true;
            self.refused_in_a_row = 0;
            self.run = None;
        }
        if failures == 0 {
            if again > 0 {
                self.tripped = self.tripped.or_else(|| self.rule(at));
            }
            return;
        }
        self.failures = self.failures.saturating_add(failures);
        let is_broken = answered > 0 || failed > 0;
        self.refused_in_a_row = if is_broken { refused.min(1) } else { self.refused_in_a_row.saturating_add(refused) };
        let run = self.run.get_or_insert(Run { since: at, failures: 0, stable: Tally::default() });
        run.failures = run.failures.saturating_add(if answered > 0 { 1 } else { failures });
        self.tripped = self.tripped.or_else(|| self.rule(at));
    }

    fn remember_worst(&mut self, stable: Tally, at: Duration) {
        self.spell.stable = self.spell.stable.plus(stable);
        let Spell { since, stable } = self.spell;
        if at.saturating_sub(since) < SPELL_MIN || stable.requests() < SPELL_REQUESTS_MIN {
            return;
        }
        if stable.rate() > self.worst.rate() {
            self.worst = stable;
        }
        self.spell = Spell { since: at, stable: Tally::default() };
    }

    fn rule(&self, at: Duration) -> Option<BreakerRule> {
        let needed = failures_needed(self.stable);
        let is_stable_healthy = is_healthy(self.stable);
        if self.refused_in_a_row >= needed && is_stable_healthy {
            return Some(BreakerRule::NoConnection);
        }
        if !self.has_answered && self.failures >= needed && is_stable_healthy {
            return Some(BreakerRule::NeverHealthy);
        }
        let needed = needed.max(failures_needed(self.worst));
        let run = self.run.filter(|run| run.failures >= needed)?;
        let lasts = at.saturating_sub(run.since) >= RUN_DURATION_MIN;
        let is_stable_healthy = match run.stable.requests() {
            0 => self.is_stable_gone && is_stable_healthy,
            _ => is_healthy(run.stable),
        };
        (lasts && is_stable_healthy).then_some(BreakerRule::FailureRun)
    }
}

pub(super) fn is_healthy(stable: Tally) -> bool {
    stable.requests() > 0 && stable.bad.saturating_mul(HEALTHY_DIVISOR) <= stable.requests()
}

#[expect(clippy::cast_sign_loss, reason = "it is clamped to what is positive and small")]
pub(super) fn failures_needed(stable: Tally) -> u64 {
    // No failure at all gives an infinite surprise, and no number of them.
    let surprise = stable.rate().unwrap_or(0.0).recip().ln();
    (LN_SURPRISE / surprise).ceil().clamp(FAILURES_MIN, FAILURES_MAX) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Attempts = Attempts { refused: 0, failed: 0, answered: 0, again: 0 };

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const fn canary(refused: u64, failed: u64, answered: u64) -> Arms<Attempts> {
        Arms { canary: Attempts { refused, failed, answered, again: 0 }, stable: NONE }
    }

    const fn stable(failed: u64, answered: u64) -> Arms<Attempts> {
        Arms { canary: NONE, stable: Attempts { refused: 0, failed, answered, again: 0 } }
    }

    /// A breaker after these looks, a tenth of a second apart.
    fn after(looks: &[Arms<Attempts>]) -> Breaker {
        let mut breaker = Breaker::default();
        for (look, at) in looks.iter().zip((0..).map(|tenth| ms(tenth * 100))) {
            breaker.look(*look, at);
        }
        breaker
    }

    #[test]
    fn several_failures_at_once_count_as_several() {
        assert_eq!(after(&[stable(0, 1), canary(0, 5, 0)]).tripped(), Some(BreakerRule::NeverHealthy));
        assert_eq!(after(&[stable(0, 1), canary(0, 4, 0)]).tripped(), None);
        assert_eq!(after(&[stable(0, 1), canary(0, 0, 1), canary(5, 0, 0)]).tripped(), Some(BreakerRule::NoConnection));
    }

    #[test]
    fn a_success_between_two_looks_begins_the_run_anew() {
        let failing = |last: Arms<Attempts>| {
            let once = [canary(0, 1, 1), stable(0, 1), canary(0, 3, 0), canary(0, 0, 0), canary(0, 0, 0)];
            after(&[&once[..], &[canary(0, 0, 0), last]].concat()).tripped()
        };
        assert_eq!(failing(canary(0, 1, 0)), Some(BreakerRule::FailureRun));
        assert_eq!(failing(canary(0, 100, 1)), None);
    }

    #[test]
    fn another_failure_between_refusals_is_no_refusal() {
        let refused = [stable(0, 1), canary(0, 0, 1), canary(4, 0, 0)];
        assert_eq!(after(&[&refused[..], &[canary(1, 0, 0)]].concat()).tripped(), Some(BreakerRule::NoConnection));
        assert_eq!(after(&[&refused[..], &[canary(1, 1, 0)]].concat()).tripped(), None);
    }

    #[test]
    fn an_unhealthy_or_unknown_stable_trips_nothing() {
        let dead = [canary(9, 9, 0); 9];
        assert_eq!(after(&dead).tripped(), None);
        assert_eq!(after(&[&[stable(21, 79)][..], &dead].concat()).tripped(), None);
        assert!(after(&[&[stable(20, 80)][..], &dead].concat()).tripped().is_some());
    }

    #[test]
    fn the_more_often_stable_fails_the_more_failures_it_takes() {
        let rates = [(0, 0), (0, 100), (1, 100), (5, 100), (10, 100), (20, 100), (90, 100), (100, 100)];
        let needed = rates.map(|(bad, requests)| failures_needed(Tally { bad, good: requests - bad }));
        assert_eq!(needed, [5, 5, 5, 6, 7, 11, 50, 50]);
    }

    #[test]
    fn where_stable_has_had_a_bad_spell_a_run_must_be_longer() {
        let tripped = |bad: u64, failures: u64| {
            let mut breaker = Breaker::default();
            breaker.look(stable(0, 1_000), ms(2_000));
            breaker.look(stable(bad, 10 - bad), ms(4_000));
            breaker.look(stable(0, 1_000), ms(6_000));
            breaker.look(canary(0, 0, 1), ms(6_100));
            (0..failures).for_each(|failure| {
                breaker.look(canary(0, 1, 0), ms(6_200 + failure * 100));
                breaker.look(stable(0, 1), ms(6_250 + failure * 100));
            });
            breaker.tripped().is_some()
        };
        assert!(tripped(0, 6) && !tripped(5, 23) && tripped(5, 24));
    }

    #[test]
    fn with_all_requests_it_goes_by_what_is_known_of_stable() {
        let dead_with = |known: Tally| {
            let mut breaker = after(&[canary(0, 0, 1)]);
            breaker.lose_stable(known);
            (0..6).for_each(|tenth| breaker.look(canary(0, 1, 0), ms(1_000 + tenth * 100)));
            breaker.tripped()
        };
        assert_eq!(dead_with(Tally { bad: 0, good: 1 }), Some(BreakerRule::FailureRun));
        assert_eq!(dead_with(Tally { bad: 1, good: 2 }), None);
        assert_eq!(dead_with(Tally::default()), None);
    }

    #[test]
    fn clients_that_go_on_failing_make_a_run_last_and_no_longer() {
        let again = Arms { canary: Attempts { again: 9, ..NONE }, stable: NONE };
        let begun = [stable(0, 9), canary(0, 0, 1), canary(0, 5, 0), again, again, stable(0, 1), again];
        assert_eq!(after(&begun).tripped(), None);
        assert_eq!(after(&[&begun[..], &[again]].concat()).tripped(), Some(BreakerRule::FailureRun));
        let fewer = [stable(0, 9), canary(0, 0, 1), canary(0, 4, 0), stable(0, 1)];
        assert_eq!(after(&[&fewer[..], &[again; 20]].concat()).tripped(), None);
    }

    #[test]
    fn it_stays_tripped() {
        let mut breaker = after(&[stable(0, 1), canary(5, 0, 0)]);
        breaker.look(canary(0, 0, 1_000), ms(9_000));
        assert_eq!(breaker.tripped(), Some(BreakerRule::NoConnection));
    }

    #[test]
    fn no_number_goes_astray() {
        let all = Attempts { refused: u64::MAX, failed: u64::MAX, answered: u64::MAX, again: u64::MAX };
        let mut breaker = Breaker::default();
        for at in [ms(9), ms(0), Duration::MAX] {
            breaker.look(Arms { canary: all, stable: all }, at);
            breaker.look(canary(u64::MAX, u64::MAX, 0), at);
        }
        assert_eq!((breaker.failures, breaker.refused_in_a_row), (u64::MAX, 1));
    }
}

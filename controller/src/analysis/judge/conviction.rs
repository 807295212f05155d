//! Whether the canary is convicted, and of what.

use super::Judge;
use crate::analysis::counts::Arms;
use crate::analysis::damage::Damage;
use crate::analysis::ground::Ground;
use crate::analysis::guardrail::Limit;
use crate::analysis::metric::Metric;
use crate::analysis::probation::ProbationGuard;
use crate::analysis::verdict::Breach;

// === impl Judge ===

impl Judge {
    /// The canary has done this damage so far, in all of its try.
    pub const fn suffer(&mut self, damage: Damage) {
        self.damage = damage;
    }

    /// While stable breaks a limit, nothing is won by the canary's breaking it.
    pub(super) fn forgive_what_is_shared(&mut self) {
        for (place, _) in self.limits.iter().enumerate().filter(|(_, limit)| limit.is_broken_by_stable()) {
            self.guard.forgive(Metric::ALL.len() + place);
            if let Some(probation) = &mut self.probation {
                probation.forgive(place);
            }
        }
    }

    pub(super) fn is_convicted(&self) -> bool {
        self.at_once().is_some() || self.harm() >= self.alpha.get().recip()
    }

    /// What convicts whatever the bets say.
    fn at_once(&self) -> Option<Ground> {
        let damage = self.damage.beyond(&self.blast_radius).map(Ground::BlastRadius);
        damage.or_else(|| self.breaker.tripped().map(Ground::Breaker))
    }

    /// The limit that both arms break, if there is one.
    pub(super) fn shared(&self) -> Option<Metric> {
        self.limits.iter().find(|limit| limit.is_shared()).map(Limit::metric)
    }

    /// What speaks loudest in the comparison: a metric, or a limit.
    pub(super) fn loudest(&self) -> (Metric, Option<&Limit>) {
        let culprit = self.guard.culprit();
        match culprit.checked_sub(Metric::ALL.len()).and_then(|place| self.limits.get(place)) {
            Some(limit) => (limit.metric(), Some(limit)),
            None => (Metric::ALL[culprit], None),
        }
    }

    pub(super) fn breach(&self) -> Breach {
        // Late requests of the comparison may have convicted it, too.
        let probation = self.probation.as_ref().filter(|probation| probation.harm() > 1.0);
        let (metric, limit) = match probation.map(ProbationGuard::culprit) {
            Some(Some(place)) => (self.limits[place].metric(), Some(&self.limits[place])),
            Some(None) => (Metric::ErrorRate, None),
            None => self.loudest(),
        };
        let of_evidence = limit.map_or(Ground::Evidence(metric), |_| Ground::Guardrail(metric));
        let at_once = self.at_once();
        let limit = limit.filter(|_| at_once.is_none());
        let metric = at_once.map_or(metric, |_| Metric::ErrorRate);
        let counts = probation.map_or(self.counts[metric as usize], ProbationGuard::counts);
        let same = |edge| Arms { canary: edge, stable: edge };
        Breach {
            ground: at_once.unwrap_or(of_evidence),
            metric,
            ln_harm: self.harm().ln(),
            ln_needed: self.ln_harm_needed(),
            counts: limit.map_or(counts, Limit::counts),
            thresholds: limit.map_or_else(|| self.latency.thresholds(metric), |limit| limit.threshold().map(same)),
        }
    }
}

//! What a rollout waits for.

use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::plan::Gate;
use canary_proxy::cohort::KEYS_MAX;

use crate::analysis::{Evidence, Metric, Shortfall, Verdict};
use crate::api::{FreezeStatus, Missing};
use crate::engine::managed::Managed;
use crate::engine::status::in_ms;
use crate::rollout::{Hold, Pause, Phase, Position, Readiness};

// === impl Managed ===

impl Managed {
    pub(in crate::engine) fn missing(
        &self,
        evidence: Option<&Evidence>,
        freeze: Option<&FreezeStatus>,
        now: Instant,
    ) -> Option<Missing> {
        let phase = self.rollout.phase();
        let in_phase = phase.since().map(|since| now.saturating_duration_since(since)).unwrap_or_default();
        if self.standstill.is_some() && phase.trial().is_some() && !matches!(phase, Phase::Probation { .. }) {
            return Some(Missing::plain("an operator's `unpark`".into()));
        }
        if let Some(check) = self.running_check().filter(|_| phase.trial().is_some()) {
            return Some(Missing::plain(format!("that its {} passes", check.in_words())));
        }
        if phase.is_in_doubt() {
            let what =
                "a human's word, as `reversible = false` leaves it to you: `abort` sends it back, `promote` goes on";
            return Some(Missing::plain(what.into()));
        }
        match phase {
            Phase::Idle | Phase::Aborted { .. } => {
                let stable = self.rollout.stable();
                let is_down = self.pools.readiness(stable) == Readiness::None;
                is_down.then(|| Missing::plain(self.with_cause(format!("a ready backend of {stable}"), stable)))
            }
            Phase::Preparing { trial, .. } => {
                let canary = &trial.canary;
                let (ready, all) = self.pools.count(canary);
                if ready == all && freeze.is_some() {
                    return Some(Missing::end_of_freeze());
                }
                let paused = if matches!(phase, Phase::Preparing { then: Position::PausedAt(_), .. }) {
                    "; then it stays at its first share, as an operator has paused it"
                } else {
                    ""
                };
                let what = format!("{ready} of {all} backends of {canary} pass their probes{paused}");
                Some(Missing::plain(self.with_cause(what, canary)))
            }
            Phase::Draining { .. } => self.leaving().map(|leaving| self.missing_drain(leaving)),
            Phase::Paused { pause: Pause::Command, .. } => Some(Missing::plain("an operator's `resume`".into())),
            Phase::Paused { .. } => Some(Missing::plain("a ready backend of stable".into())),
            Phase::Held { hold: Hold::Approval, .. } => {
                let after = if freeze.is_some() { "the end of the freeze, and then " } else { "" };
                Some(Missing::plain(format!("{after}a human's `promote`")))
            }
            Phase::Held { hold: Hold::SharedBreach, .. } => {
                Some(Missing::plain("that stable keeps the guardrail that it breaks as well".into()))
            }
            Phase::Held { .. } | Phase::Progressing { .. } => self.missing_at_step(evidence?, freeze, in_phase, now),
            Phase::Probation { trial, .. } => {
                let left = in_ms(trial.plan.probation.saturating_sub(in_phase));
                Some(Missing { what: "the end of probation".into(), canary_requests: None, eta_ms: Some(left) })
            }
        }
    }

    fn missing_at_step(
        &self,
        evidence: &Evidence,
        freeze: Option<&FreezeStatus>,
        in_phase: Duration,
        now: Instant,
    ) -> Option<Missing> {
        let phase = self.rollout.phase();
        let step = phase.trial()?.step(phase.step()?)?;
        let time_left = step.min_duration.saturating_sub(in_phase);
        let missing_time = || match freeze {
            Some(_) if time_left.is_zero() => Missing::end_of_freeze(),
            _ => Missing { eta_ms: Some(in_ms(time_left)), ..Missing::plain("the step's minimum time".into()) },
        };
        if step.gate == Gate::Time {
            return Some(missing_time());
        }
        // A hold or a pause begins a phase and no step.
        let seconds = now.saturating_duration_since(self.picks_before.since?).as_secs_f64();
        let rate = evidence.canary_requests_at_step as f64 / seconds.max(f64::MIN_POSITIVE);
        let case = self.hearings.present()?;
        match case.ask(|inquiry| inquiry.verdict().cloned())? {
            Verdict::NotEnough(shortfall) => Some(missing_of(&shortfall, rate).with_unplaced(case.unplaced())),
            Verdict::Pass => Some(missing_time()),
            Verdict::Shared(metric) => {
                Some(Missing::plain(format!("that stable's {} keeps its guardrail again", in_words(metric))))
            }
            Verdict::Fail(_) => None,
        }
    }

    fn missing_drain(&self, leaving: &ReleaseId) -> Missing {
        let in_flight = self.pools.in_flight(leaving);
        let requests = if in_flight == 1 { "request" } else { "requests" };
        Missing::plain(format!("the end of {in_flight} {requests} of {leaving} in flight"))
    }

    /// What is missing, and why a backend of the release is not ready.
    fn with_cause(&self, what: String, release: &ReleaseId) -> String {
        match self.pools.why_unready(release) {
            Some(why) => format!("{what}; {why}"),
            None => what,
        }
    }
}

// === impl Missing ===

impl Missing {
    fn end_of_freeze() -> Self {
        Self::plain("the end of the freeze".into())
    }

    /// Says that some requests could bring no evidence.
    fn with_unplaced(mut self, unplaced: u64) -> Self {
        if unplaced > 0 {
            let requests = if unplaced == 1 { "request is" } else { "requests are" };
            self.what += &format!("; {unplaced} {requests} not compared, of clients beyond the first {KEYS_MAX}");
        }
        self
    }

    fn plain(what: String) -> Self {
        Self { what, canary_requests: None, eta_ms: None }
    }
}

fn missing_of(shortfall: &Shortfall, canary_requests_per_second: f64) -> Missing {
    let what = match shortfall {
        Shortfall::Certificate { metric, .. } => {
            format!("evidence that the canary's {} is no worse", in_words(*metric))
        }
        Shortfall::StableSuccesses { metric, have, needed, .. } => {
            format!("{have} of {needed} successes of stable to compare the {} with", in_words(*metric))
        }
        Shortfall::Doubt { metric, .. } => format!("less doubt about the canary's {}", in_words(*metric)),
    };
    let eta_ms = shortfall.eta(canary_requests_per_second).map(in_ms);
    Missing { what, canary_requests: shortfall.canary_requests(), eta_ms }
}

fn in_words(metric: Metric) -> &'static str {
    match metric {
        Metric::ErrorRate => "error rate",
        Metric::LatencyP50 => "median latency",
        Metric::LatencyP90 => "p90 latency",
        Metric::LatencyP99 => "p99 latency",
    }
}

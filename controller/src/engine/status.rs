//! What an operator is shown of a service.

use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::plan::Gate;
use canary_proxy::histogram::{Counts, EDGES_US};
use canary_proxy::meter::PoolMeter;
use canary_proxy::track::Track;

use crate::analysis::{ArmEvidence, Evidence, Metric, MetricEvidence, Shortfall, Verdict};
use crate::api::{EvidenceStatus, MetricStatus, Missing, ServiceStatus, StepStatus, TrackStatus};
use crate::clock;
use crate::engine::managed::Managed;
use crate::rollout::{Hold, Pause, Phase, PhaseName, Readiness, Reason};

// === impl Managed ===

impl Managed {
    /// Everything about the service.
    pub(super) fn status(&mut self) -> ServiceStatus {
        let now = clock::now();
        let phase = self.rollout.phase();
        let in_phase = phase.since().map(|since| now.saturating_duration_since(since));
        let shown_canary = match phase {
            Phase::Aborted { canary, .. } => Some(canary.clone()),
            phase => phase.trial().map(|trial| trial.canary.clone()),
        };
        let evidence = self.judged();
        ServiceStatus {
            name: self.declared.name.clone(),
            rule: self.declared.rule.text().to_owned(),
            priority: 0,
            critical: self.declared.critical,
            strategy: phase.trial().map_or(self.declared.plan.strategy, |trial| trial.plan.strategy).to_string(),
            peers: phase.trial().map(|trial| trial.peers.iter().cloned().collect()).unwrap_or_default(),
            queue: self.rollout.queue().iter().map(|start| start.trial.canary.clone()).collect(),
            freeze: None,
            phase: phase.name(),
            reason: self.present_reason().map(|reason| reason.label().to_owned()),
            generation: self.rollout.generation().get(),
            stable: self.rollout.stable().clone(),
            canary: shown_canary.clone(),
            weight: self.rollout.weight(),
            measured_bp: self.measured_bp(),
            in_phase_ms: in_phase.map(in_ms),
            step: self.step_status(),
            tracks: self.tracks(shown_canary, evidence.as_ref()),
            store_trouble: None,
            missing: self.missing(evidence.as_ref(), now),
            evidence: evidence.map(|evidence| evidence_status(&evidence)),
        }
    }

    /// What the judge has seen, for the record.
    pub(super) fn evidence(&self) -> Option<EvidenceStatus> {
        self.judged().map(|evidence| evidence_status(&evidence))
    }

    /// What the judge has seen of the trial that is under way, or of the one that was sent back last.
    fn judged(&self) -> Option<Evidence> {
        let phase = self.rollout.phase();
        let is_shown = phase.trial().is_some() || phase.name() == PhaseName::Aborted;
        let judge = self.judge.as_ref().filter(|_| is_shown)?;
        Some(judge.evidence(phase.step().unwrap_or_default()))
    }

    /// Why the rollout is where it is. After a restart only the phase itself remembers.
    fn present_reason(&self) -> Option<Reason> {
        match self.rollout.phase() {
            Phase::Held { hold, .. } => Some(hold.reason()),
            Phase::Aborted { reason, .. } => Some(*reason),
            _ => self.reason,
        }
    }

    fn step_status(&self) -> Option<StepStatus> {
        let trial = self.rollout.phase().trial()?;
        let at = self.rollout.phase().step()?;
        let step = trial.step(at)?;
        Some(StepStatus {
            number: at + 1,
            of: trial.plan.steps.len() + 1,
            min_ms: in_ms(step.min_duration),
            max_ms: in_ms(step.max_duration),
            gate: step.gate.as_str().to_owned(),
            deadline_ms: match step.gate {
                Gate::Manual { deadline } => Some(in_ms(deadline)),
                Gate::Evidence | Gate::Time => None,
            },
        })
    }

    fn tracks(&mut self, canary: Option<ReleaseId>, evidence: Option<&Evidence>) -> Vec<TrackStatus> {
        let roles = [(Track::Stable, Some(self.rollout.stable().clone())), (Track::Canary, canary)];
        let mut tracks = Vec::new();
        for (track, release) in roles {
            let Some(release) = release else { continue };
            let (ready, backends) = self.pools.count(&release);
            let arm = evidence.map(|evidence| match track {
                Track::Stable => evidence.arms.stable,
                Track::Canary => evidence.arms.canary,
            });
            let arm = arm.unwrap_or_else(|| answered(self.pools.meter(&release, track)));
            tracks.push(TrackStatus {
                track: track.label().to_owned(),
                release,
                ready,
                backends,
                requests: arm.requests,
                errors: arm.errors,
                p50_ms: arm.p50_ms,
                p99_ms: arm.p99_ms,
            });
        }
        tracks
    }

    fn missing(&self, evidence: Option<&Evidence>, now: Instant) -> Option<Missing> {
        let phase = self.rollout.phase();
        let in_phase = phase.since().map(|since| now.saturating_duration_since(since)).unwrap_or_default();
        match phase {
            Phase::Idle | Phase::Aborted { .. } => {
                let stable = self.rollout.stable();
                let is_down = self.pools.readiness(stable) == Readiness::None;
                is_down.then(|| Missing::plain(format!("a ready backend of {stable}; the log says why there is none")))
            }
            Phase::Preparing { trial, .. } => {
                let (ready, all) = self.pools.count(&trial.canary);
                Some(Missing::plain(format!("{} of {all} backends of {} pass their probes", ready, trial.canary)))
            }
            Phase::Draining { .. } => Some(Missing::plain("the last request of the release that leaves".into())),
            Phase::Paused { pause: Pause::Command, .. } => Some(Missing::plain("an operator's `resume`".into())),
            Phase::Paused { .. } => Some(Missing::plain("a ready backend of stable".into())),
            Phase::Held { hold: Hold::Approval, .. } => Some(Missing::plain("a human's `promote`".into())),
            Phase::Held { .. } | Phase::Progressing { .. } => {
                let evidence = evidence?;
                // A hold or a pause begins a phase and no step.
                let seconds = now.saturating_duration_since(self.picks_before.since?).as_secs_f64();
                let rate = evidence.canary_requests_at_step as f64 / seconds.max(f64::MIN_POSITIVE);
                match self.verdict.as_ref()? {
                    Verdict::NotEnough(shortfall) => Some(missing_of(shortfall, rate)),
                    Verdict::Pass => self.missing_time(in_phase),
                    Verdict::Fail(_) => None,
                }
            }
            Phase::Probation { trial, .. } => {
                let left = in_ms(trial.plan.probation.saturating_sub(in_phase));
                Some(Missing { what: "the end of probation".into(), canary_requests: None, eta_ms: Some(left) })
            }
        }
    }

    fn missing_time(&self, in_phase: Duration) -> Option<Missing> {
        let phase = self.rollout.phase();
        let step = phase.trial()?.step(phase.step()?)?;
        let left = step.min_duration.saturating_sub(in_phase);
        Some(Missing { what: "the step's minimum time".into(), canary_requests: None, eta_ms: Some(in_ms(left)) })
    }
}

// === impl Missing ===

impl Missing {
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

fn evidence_status(evidence: &Evidence) -> EvidenceStatus {
    let difference = evidence.error_difference;
    EvidenceStatus {
        ln_abort: evidence.ln_harm,
        ln_abort_at: evidence.ln_harm_needed,
        metrics: evidence.metrics.iter().map(metric_status).collect(),
        ln_promote_at: evidence.ln_safe_needed,
        error_difference_percent: Some((difference.low * 100.0, difference.high * 100.0)),
    }
}

fn metric_status(metric: &MetricEvidence) -> MetricStatus {
    MetricStatus {
        metric: metric.metric.label().to_owned(),
        ln_abort: metric.ln_harm,
        ln_promote: metric.on.then_some(metric.ln_safe),
    }
}

/// What a release has answered in a role since canaryd started.
fn answered(meter: &PoolMeter) -> ArmEvidence {
    let (mut requests, mut errors) = (0, 0);
    for (code, count) in meter.answers().codes() {
        requests += count;
        errors += if (500..600).contains(&code) { count } else { 0 };
    }
    let counts = meter.answers().durations().counts();
    let [p50_ms, p90_ms, p99_ms] = [50, 90, 99].map(|percent| percentile_ms(&counts, percent));
    ArmEvidence { requests, errors, p50_ms, p90_ms, p99_ms }
}

/// The upper bound of the bucket that a percentile falls into; nothing beyond the last bound.
fn percentile_ms(counts: &Counts, percent: u64) -> Option<f64> {
    let wanted = counts.iter().sum::<u64>() * percent;
    let mut below = 0;
    let bucket = counts.iter().position(|count| {
        below += count;
        below > 0 && below * 100 >= wanted
    })?;
    EDGES_US.get(bucket).map(|us| *us as f64 / 1e3)
}

fn in_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

//! What an operator is shown of a service.

mod containers;
mod evidence;
mod last_words;
mod missing;
mod tracks;

use std::time::{Duration, Instant};

use canary_config::plan::Gate;

pub(super) use self::containers::{docker_health, in_words as state_in_words};
use crate::api::{FreezeStatus, ServiceStatus, StepStatus};
use crate::engine::managed::Managed;
use crate::rollout::{Pause, Phase, Position, Reason};

// === impl Managed ===

impl Managed {
    /// Everything about the service.
    pub(super) fn status(&mut self, now: Instant, freeze: Option<FreezeStatus>) -> ServiceStatus {
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
            priority: self.declared.priority.get(),
            critical: self.declared.critical,
            strategy: phase.trial().map_or(self.declared.plan.strategy, |trial| trial.plan.strategy).to_string(),
            peers: phase.trial().map(|trial| trial.peers.iter().cloned().collect()).unwrap_or_default(),
            queue: self.rollout.queue().iter().map(|start| start.trial.canary.clone()).collect(),
            phase: phase.name(),
            reason: self.present_reason().map(|reason| reason.label().to_owned()),
            pause: pause_label(phase),
            generation: self.rollout.generation().get(),
            stable: self.rollout.stable().clone(),
            canary: shown_canary.clone(),
            weight: self.rollout.weight(),
            measured_bp: self.measured_bp(),
            in_phase_ms: in_phase.map(in_ms),
            step: self.step_status(),
            tracks: self.tracks(shown_canary, evidence.as_ref()),
            deployment: self.deployment_status(now),
            kept: self.kept_releases(),
            checks: self.check_statuses(now),
            containers: self.container_statuses(),
            limits: self.limit_statuses(now),
            excess: self.last_excess(),
            last_words: self.last_words(),
            store_trouble: None,
            rollback: self.present_rollback(),
            missing: self.missing(evidence.as_ref(), freeze.as_ref(), now),
            freeze,
            parked: self.parked_status(),
            waiting: self.waiting(),
            evidence: evidence.as_ref().map(Into::into),
        }
    }

    /// Why the rollout is where it is. After a restart only the phase itself remembers.
    fn present_reason(&self) -> Option<Reason> {
        let phase = self.rollout.phase();
        match phase {
            Phase::Aborted { reason, .. } => Some(*reason),
            _ => phase.holds_for().or(self.reason),
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
}

fn pause_label(phase: &Phase) -> Option<String> {
    let label = match phase {
        Phase::Paused { pause: Pause::StableUnready, .. } => "stable-unready",
        Phase::Paused { pause: Pause::Both, .. } => "both",
        Phase::Paused { pause: Pause::Command, .. }
        // It holds from its first share on.
        | Phase::Draining { then: Position::PausedAt(_), .. }
        | Phase::Preparing { then: Position::PausedAt(_), .. } => "command",
        _ => return None,
    };
    Some(label.to_owned())
}

fn in_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

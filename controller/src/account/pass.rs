//! A step that is left upwards, and what was shown at it, in the words of the API.

use canary_config::plan::Plan;
use canary_config::weight::Weight;

use crate::analysis::{Evidence, MetricEvidence};
use crate::api::{Account, AccountPass, AccountProof};
use crate::rollout::{PhaseName, Transition};

/// The step at which the try stood, if this change leaves it upwards.
pub(super) fn of(
    told: &Account,
    plan: &Plan,
    transition: &Transition,
    evidence: Option<&Evidence>,
    at_ms: u64,
) -> Option<AccountPass> {
    let stood = matches!(told.phase, PhaseName::Progressing | PhaseName::Held | PhaseName::Paused);
    let (step, evidence) = (told.step.filter(|_| stood)?, evidence?);
    if transition.weight <= told.weight {
        return None;
    }
    // Steps are counted from 1 here, so that this is the next one.
    let for_bp = plan.steps.get(step).map_or(Weight::FULL, |next| next.weight);
    Some(AccountPass {
        step,
        weight: told.weight,
        to_bp: transition.weight,
        at_ms,
        reason: transition.reason.label().to_owned(),
        for_bp,
        arms: evidence.arms.into(),
        proofs: evidence.metrics.iter().map(|metric| proof(metric, plan, for_bp)).collect(),
        ln_promote_at: evidence.ln_safe_needed,
    })
}

fn proof(metric: &MetricEvidence, plan: &Plan, for_bp: Weight) -> AccountProof {
    let spec = metric.metric.certificate(plan.criteria.profile);
    AccountProof {
        metric: metric.metric.label().to_owned(),
        ln_promote: metric.on.then_some(metric.ln_safe),
        ratio: spec.rho,
        margin: spec.margin(for_bp.ratio()),
    }
}

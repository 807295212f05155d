//! By what a try goes, in the words of the API.

use std::num::NonZeroU64;

use canary_config::plan::Plan;

use super::brief::brief;
use crate::api::AccountPlan;

/// Bytes in JSON.
const ASSIGNMENT_MAX: usize = 100;

/// What is told of the plan.
pub(super) fn of(plan: &Plan) -> AccountPlan {
    let (rails, blast) = (plan.criteria.guardrails, plan.criteria.blast_radius);
    AccountPlan {
        strategy: plan.strategy.to_string(),
        profile: plan.criteria.profile.as_str().to_owned(),
        assignment: brief(&plan.assignment.to_string(), ASSIGNMENT_MAX),
        counted: if plan.assignment.is_keyed() { "clients" } else { "requests" }.to_owned(),
        steps_bp: plan.steps.iter().map(|step| step.weight).collect(),
        ready_timeout_ms: u64::try_from(plan.ready_timeout.as_millis()).unwrap_or(u64::MAX),
        error_rate_max: rails.error_rate,
        p99_max_ms: rails.p99.map(|limit| limit.as_secs_f64() * 1_000.0),
        failed_requests_max: blast.max_failed_requests.map(NonZeroU64::get),
        failed_users_max: blast.max_users.map(NonZeroU64::get),
    }
}

//! What is told of many runs: what was simulated, so that it can be done again, and what came of it.

use canary_config::name::ServiceName;
use canary_config::plan::{Gate, Plan, Step, Strategy};
use canary_config::weight::Weight;
use serde::Serialize;

use super::bound::{self, Side};
use super::experiment::Experiment;
use super::onset::Onset;
use super::outcome::Outcome;
use super::summary::{Summary, millis};
use crate::rollout::Reason;
use crate::unjudged;

const CLIENTS_COUNT_LATE: &str = "the traffic is that of new clients, each of which asks once; a real one is good only \
                                  30 seconds after its first request";

const AS_STABLE: &str = "as many instances join as stable has in the configuration";

const HUMANS_STOP: &str = "where a step wants a human's word, the simulated rollout ends";

const HELD_GOES_ON: &str = "a rollout that is held for thin evidence goes on by itself once there is enough; a simulated \
                            one ends there";

const NOBODY_SERVES: &str = "the time in which nobody serves, while the old release leaves, is not simulated";

const NEVER_TURNED: &str = "the canary turned in none of the runs: all ended before";

const FOLLOWED_BRIEFLY: &str = "many runs are followed for a shorter time each than few: try less of --runs";

/// What was simulated, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Whose plan it is.
    pub service: ServiceName,
    /// Its plan.
    pub plan: ReportPlan,
    /// The requests.
    pub traffic: ReportTraffic,
    /// Where all chance comes from.
    pub seed: u64,
    /// What came of it.
    pub outcome: Summary,
    /// How often a canary was sent back that was as good as stable at the time, if one was in any run.
    pub false_aborts: Option<FalseAborts>,
    /// What to bear in mind, in words.
    pub caveats: Vec<String>,
}

/// The requests of a simulated service, as they were asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportTraffic {
    /// How many come, on average.
    pub per_second: f64,
    /// What comes: `requests`, or `clients` where a client stays where it fell and counts once.
    pub counted: &'static str,
    /// How stable answers.
    pub stable: String,
    /// How the canary differs.
    pub canary: String,
    /// Whether it is as good as stable at all times.
    pub is_as_good: bool,
}

/// A plan, as far as a simulation depends on it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportPlan {
    /// The shape of the rollout: `canary`, `blue-green`, `rolling`, `recreate`.
    pub strategy: &'static str,
    /// The set of margins: `balanced`, `strict`, `calm`, `low_traffic`.
    pub profile: &'static str,
    /// By what a request falls to the canary: `request`, `cookie`, `header:NAME`, `ip`.
    pub assignment: String,
    /// The most likely that evidence alone ever sends back a release as good as stable, 0 to 1.
    pub alpha: f64,
    /// What thin evidence leads to: `hold`, `promote`, `abort`.
    pub on_thin_evidence: &'static str,
    /// The highest error rate that any release may have, 0 to 1.
    pub error_rate_max: Option<f64>,
    /// The longest p99 latency that any release may have.
    pub p99_max_ms: Option<u64>,
    /// So many failed requests send it back.
    pub failed_requests_max: Option<u64>,
    /// So many clients with a failure do.
    pub failed_users_max: Option<u64>,
    /// Each step below 100 %.
    pub steps: Vec<ReportStep>,
    /// How long it is judged at 100 %.
    pub probation_ms: u64,
}

/// A step below 100 %.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportStep {
    /// The canary's share.
    #[serde(rename = "weight_bp")]
    pub weight: Weight,
    /// Who opens the way out of it: `evidence`, `manual` or `time`.
    pub gate: &'static str,
    /// It lasts at least so long.
    pub min_ms: u64,
    /// After so long without enough evidence the plan decides.
    pub max_ms: u64,
}

/// Aborts of canaries that were as good as stable at the time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FalseAborts {
    /// How many were seen.
    pub count: u64,
    /// The share that they have of all runs is hardly above this, by chance: in 99 of 100 repetitions.
    pub share_at_most: f64,
}

// === impl Report ===

impl Report {
    /// Of what was simulated, and what came of each run.
    pub(super) fn new(experiment: &Experiment, outcomes: &[Outcome]) -> Self {
        let Experiment { service, plan, traffic, seed, .. } = experiment;
        let outcome = Summary::of(outcomes);
        let told = ReportTraffic::of(experiment);
        let caveats = caveats(plan, &told, &outcome).into_iter().map(str::to_owned).collect();
        Self {
            service: service.clone(),
            plan: plan.into(),
            false_aborts: FalseAborts::of(&outcome, &told, traffic.onset),
            traffic: told,
            seed: *seed,
            outcome,
            caveats,
        }
    }
}

/// What to bear in mind, the gravest first.
fn caveats(plan: &Plan, traffic: &ReportTraffic, outcome: &Summary) -> Vec<&'static str> {
    let asks_a_human = plan.steps.iter().any(|step| matches!(step.gate, Gate::Manual { .. }));
    let is_thin = outcome.held_for.contains_key(Reason::ThinEvidence.label());
    let never_turned = outcome.turned == 0 && !traffic.is_as_good;
    [
        unjudged::remark(plan),
        (plan.strategy == Strategy::Rolling).then_some(AS_STABLE),
        (plan.strategy == Strategy::Recreate).then_some(NOBODY_SERVES),
        plan.assignment.is_keyed().then_some(CLIENTS_COUNT_LATE),
        asks_a_human.then_some(HUMANS_STOP),
        is_thin.then_some(HELD_GOES_ON),
        never_turned.then_some(NEVER_TURNED),
        (outcome.unfinished > 0).then_some(FOLLOWED_BRIEFLY),
    ]
    .into_iter()
    .flatten()
    .collect()
}

// === impl ReportTraffic ===

impl ReportTraffic {
    fn of(experiment: &Experiment) -> Self {
        let Experiment { plan, traffic, words, .. } = experiment;
        Self {
            per_second: traffic.requests_per_second,
            counted: if plan.assignment.is_keyed() { "clients" } else { "requests" },
            stable: words.stable.clone(),
            canary: words.canary.clone(),
            is_as_good: traffic.canary.is_as_good_as(&traffic.stable),
        }
    }
}

// === impl ReportPlan ===

impl From<&Plan> for ReportPlan {
    fn from(plan: &Plan) -> Self {
        let criteria = &plan.criteria;
        Self {
            strategy: plan.strategy.as_str(),
            profile: criteria.profile.as_str(),
            assignment: plan.assignment.to_string(),
            alpha: criteria.alpha.get(),
            on_thin_evidence: plan.on_thin_evidence.as_str(),
            error_rate_max: criteria.guardrails.error_rate,
            p99_max_ms: criteria.guardrails.p99.map(millis),
            failed_requests_max: criteria.blast_radius.max_failed_requests.map(u64::from),
            failed_users_max: criteria.blast_radius.max_users.map(u64::from),
            steps: plan.steps.iter().map(ReportStep::from).collect(),
            probation_ms: millis(plan.probation),
        }
    }
}

impl From<&Step> for ReportStep {
    fn from(step: &Step) -> Self {
        Self {
            weight: step.weight,
            gate: step.gate.as_str(),
            min_ms: millis(step.min_duration),
            max_ms: millis(step.max_duration),
        }
    }
}

// === impl FalseAborts ===

impl FalseAborts {
    fn of(outcome: &Summary, traffic: &ReportTraffic, onset: Onset) -> Option<Self> {
        let count = match onset {
            _ if traffic.is_as_good => outcome.aborted,
            Onset::AtOnce => return None,
            Onset::AtWeight(_) | Onset::After(_) => outcome.aborted_before,
        };
        let whole = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        Some(Self { count, share_at_most: bound::share(whole(count), whole(outcome.runs), Side::High) })
    }
}

//! A forecast as it is told: from what the engine knows, and what is asked about.

use std::time::Duration;

use canary_config::name::ServiceName;
use canary_config::plan::Gate;
use canary_config::weight::Weight;

use crate::analysis::forecast::{
    End, Forecast, FoundErrors, FoundSlowdown, Outlook, Proposal, Spread, StepForecast, propose,
};
use crate::analysis::{Metric, Tally};
use crate::api;
use crate::engine::Prospect;
use crate::traffic::{Proportion, Rate};
use crate::unjudged;

/// Fewer requests than this say little of how many there will be.
const REQUESTS_MIN: u64 = 200;

/// Fewer requests than this say little of how many fail.
const OUTCOMES_MIN: u64 = 1_000;

/// A shorter look says little of what the next hours bring.
const LOOK_MIN: Duration = Duration::from_secs(10 * 60);

/// Stable's requests that are taken as known where its error rate is asked about.
const KNOWN_REQUESTS: f64 = 1e6;

const NO_CLIENTS_KNOWN: &str = "a client counts once however much it asks, and nobody counts clients while there is no \
                                rollout: say how many new ones come with --rate, such as 90rpm";

const CLIENTS_COUNT_LATE: &str = "a client is good only 30 seconds after its first request, and once all have come there \
                                  is no more to learn: the time is the least that it takes";

const HOPELESS: &str = "no plan gets its evidence from so little traffic in a day: let a human decide, by pause = \
                        \"manual\" at the steps and `canaryctl promote`";

/// What a forecast is made from.
pub(super) struct Forecaster {
    prospect: Prospect,
    rate: Option<Rate>,
    error_rate: Option<Proportion>,
    outlook: Outlook,
    known: Tally,
    are_latencies_assumed: bool,
}

// === impl Forecaster ===

impl Forecaster {
    pub(super) fn new(prospect: Prospect, rate: Option<Rate>, error_rate: Option<Proportion>) -> Self {
        let Prospect { plan, look, known, edges } = &prospect;
        let measured = look.per_second().filter(|_| !plan.assignment.is_keyed());
        let spread = Spread::measured(edges, &look.latencies);
        let measured_errors = Tally { bad: look.failures, good: look.requests - look.failures.min(look.requests) };
        let outlook = Outlook {
            per_second: rate.map(Rate::get).or(measured).unwrap_or_default(),
            error_rate: error_rate.map(Proportion::get).or(measured_errors.rate()).unwrap_or_default(),
            spread: spread.clone().unwrap_or_else(|| Spread::typical(edges)),
        };
        let known = error_rate.map_or(*known, |part| known_at(part.get()));
        Self { are_latencies_assumed: spread.is_none(), prospect, rate, error_rate, outlook, known }
    }

    pub(super) fn forecast(self, service: ServiceName) -> api::Forecast {
        let plan = &self.prospect.plan;
        let made = Forecast::new(plan, &self.outlook, self.known);
        let proposal = propose(plan, &self.outlook, self.known);
        api::Forecast {
            strategy: plan.strategy.to_string(),
            profile: plan.criteria.profile.as_str().to_owned(),
            assignment: plan.assignment.to_string(),
            counted: if plan.assignment.is_keyed() { "clients" } else { "requests" }.to_owned(),
            traffic: self.traffic(),
            steps: made.steps.iter().map(step_of).collect(),
            probation: api::ForecastProbation {
                duration_ms: in_ms(plan.probation),
                limit: made.probation.limit,
                errors: made.probation.errors.map(errors_of),
            },
            until_full_ms: made.until_full().map(in_ms),
            caveats: self.caveats(&made, proposal.is_some()),
            proposal: proposal.map(|proposal| proposal_of(&proposal, &service)),
            service,
        }
    }

    fn traffic(&self) -> api::ForecastTraffic {
        let look = &self.prospect.look;
        api::ForecastTraffic {
            looked_ms: in_ms(look.looked),
            requests: look.requests,
            failures: look.failures,
            per_second: (self.outlook.per_second > 0.0).then_some(self.outlook.per_second),
            is_rate_assumed: self.rate.is_some(),
            quiet_per_second: look.quiet,
            busy_per_second: look.busy,
            error_rate: self.outlook.error_rate,
            is_error_rate_assumed: self.error_rate.is_some(),
            are_latencies_assumed: self.are_latencies_assumed,
        }
    }

    /// What to bear in mind, the gravest first.
    fn caveats(&self, made: &Forecast, has_proposal: bool) -> Vec<String> {
        let plan = &self.prospect.plan;
        let is_hopeless = !made.is_good() && !has_proposal && self.outlook.per_second > 0.0;
        let is_known_by_default = plan.assignment.is_keyed() && self.rate.is_none();
        [
            unjudged::remark(plan),
            is_known_by_default.then_some(NO_CLIENTS_KNOWN),
            plan.assignment.is_keyed().then_some(CLIENTS_COUNT_LATE),
            is_hopeless.then_some(HOPELESS),
        ]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .chain(self.doubts())
        .collect()
    }

    /// What is known too little of.
    fn doubts(&self) -> Vec<String> {
        let look = &self.prospect.look;
        let is_measured = self.rate.is_none() && !self.prospect.plan.assignment.is_keyed();
        let mut doubts = Vec::new();
        if is_measured && look.requests == 0 {
            doubts.push(
                "no request has come while canaryd looked, so no time can be said: ask about a rate with --rate, such \
                 as 40rps"
                    .to_owned(),
            );
        } else if is_measured && (look.requests < REQUESTS_MIN || look.looked < LOOK_MIN) {
            doubts.push("that is a short look: what the next hours bring may be quite another rate".to_owned());
        }
        if self.error_rate.is_none() && look.requests < OUTCOMES_MIN {
            doubts.push(format!("fewer than {OUTCOMES_MIN} requests say little of stable's own error rate"));
        }
        if self.are_latencies_assumed {
            let typical = "too few answers were seen to know how latencies are spread: those of a typical service stand \
                           in for them";
            doubts.push(typical.to_owned());
        }
        doubts
    }
}

/// Enough of stable's requests to know that so many fail.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a million is no less than none")]
fn known_at(error_rate: f64) -> Tally {
    let bad = (error_rate * KNOWN_REQUESTS).round();
    Tally { bad: bad as u64, good: (KNOWN_REQUESTS - bad) as u64 }
}

fn step_of(made: &StepForecast) -> api::ForecastStep {
    let StepForecast { step, needs, evidence_after, end, stay, errors, slowdown, dead } = made;
    let waits = step.weight > Weight::ZERO && step.gate != Gate::Time;
    let metrics = Metric::ALL.into_iter().zip(needs).filter(|_| waits);
    let metrics =
        metrics.map(|(metric, need)| api::ForecastMetric { metric: metric.label().to_owned(), canary_requests: *need });
    let can_all_be = needs.iter().all(Option::is_some);
    api::ForecastStep {
        weight: step.weight,
        gate: step.gate.as_str().to_owned(),
        min_ms: in_ms(step.min_duration),
        max_ms: in_ms(step.max_duration),
        canary_requests: made.largest_need().map(|(_, need)| need).filter(|_| can_all_be),
        metrics: metrics.collect(),
        evidence_after_ms: evidence_after.filter(|_| waits).map(in_ms),
        end: label(*end).to_owned(),
        stay_ms: stay.map(in_ms),
        errors: errors.map(errors_of),
        slowdown: slowdown.map(slowdown_of),
        dead: dead.map(errors_of),
    }
}

const fn label(end: End) -> &'static str {
    match end {
        End::Certified => "certified",
        End::Approved => "approved",
        End::Timed => "timed",
        End::Held => "held",
        End::Uncertified => "uncertified",
        End::Aborted => "aborted",
    }
}

fn errors_of(found: FoundErrors) -> api::ForecastErrors {
    let FoundErrors { error_rate, after, canary_requests, failed_requests } = found;
    api::ForecastErrors { error_rate, after_ms: in_ms(after), canary_requests, failed_requests }
}

fn slowdown_of(found: FoundSlowdown) -> api::ForecastSlowdown {
    let FoundSlowdown { times, after, canary_requests } = found;
    api::ForecastSlowdown { times, after_ms: in_ms(after), canary_requests }
}

fn proposal_of(proposal: &Proposal, service: &ServiceName) -> api::ForecastProposal {
    api::ForecastProposal {
        because: because(proposal),
        toml: proposal.written(service),
        steps: proposal.forecast.steps.iter().map(step_of).collect(),
        until_full_ms: proposal.forecast.until_full().map(in_ms),
    }
}

fn because(proposal: &Proposal) -> String {
    let Proposal { plan, has_other_shares, has_other_profile, .. } = proposal;
    let shares = "at a larger share the canary gets its requests sooner";
    let profile = "a certificate of the profile low_traffic asks for half as many, and tolerates 1 failure more in 100 \
                   instead of 1 in 200";
    let time = match plan.steps.iter().map(|step| step.max_duration).max() {
        Some(longest) => {
            format!("a step may wait for {} until its evidence is there", humantime::format_duration(longest))
        }
        None => String::new(),
    };
    let parts = [has_other_shares.then_some(shares), has_other_profile.then_some(profile), Some(time.as_str())];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn in_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

//! A better plan where this one gets no evidence in its time: larger shares, a profile for little traffic, more time.

use std::fmt::Write as _;
use std::time::Duration;

use canary_config::criteria::Profile;
use canary_config::name::ServiceName;
use canary_config::plan::{Gate, OnThinEvidence, Plan, Step, Strategy};
use canary_config::weight::Weight;
use humantime::format_duration;

use super::super::counts::Tally;
use super::{Forecast, Outlook};

/// The shares that learn more from little traffic, below 100 %.
const LARGE_SHARES_BP: [u16; 2] = [2_500, 5_000];

/// Below so many requests per second they come first (statistics.md, 7).
const LITTLE_TRAFFIC: f64 = 2.0;

/// How long a step may wait: first an hour is tried, then a day. Nobody watches a release for longer.
const PATIENCE: [Duration; 2] = [HOUR, Duration::from_secs(24 * 60 * 60)];

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Within an hour a time is rounded up to five minutes, else to an hour.
const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);

/// A step gets so many times, in tenths, what it is expected to need: half of all rollouts need longer.
const SLACK_TENTHS: u32 = 20;

/// So many shares fit into a line.
const NUMBERS_PER_LINE: usize = 12;

/// A plan that does better.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The plan.
    pub plan: Plan,
    /// What it makes of the same traffic.
    pub forecast: Forecast,
    /// Whether its shares are other ones.
    pub has_other_shares: bool,
    /// Whether its profile is another one.
    pub has_other_profile: bool,
}

/// What to change of a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Time,
    Shares,
    SharesAndProfile,
}

/// A plan that gets its evidence in its time where this one does not; nothing where this one does, or no other would.
/// Only a canary's plan waits for evidence. A human who was asked is asked still.
#[must_use]
pub fn propose(plan: &Plan, outlook: &Outlook, known: Tally) -> Option<Proposal> {
    let is_good = Forecast::new(plan, outlook, known).is_good();
    if plan.strategy != Strategy::Canary || outlook.per_second <= 0.0 || is_good {
        return None;
    }
    let changes = if outlook.per_second < LITTLE_TRAFFIC {
        [Change::Shares, Change::SharesAndProfile, Change::Time]
    } else {
        [Change::Time, Change::Shares, Change::SharesAndProfile]
    };
    let candidates = PATIENCE.into_iter().flat_map(|patience| changes.map(|change| (patience, change)));
    let mut better = candidates.filter_map(|(patience, change)| {
        let plan = with_time(changed(plan, change)?, outlook, known, patience)?;
        let forecast = Forecast::new(&plan, outlook, known);
        forecast.is_good().then_some((plan, forecast))
    });
    let (better, forecast) = better.next()?;
    let weights = |plan: &Plan| plan.steps.iter().map(|step| step.weight).collect::<Vec<_>>();
    Some(Proposal {
        has_other_shares: weights(&better) != weights(plan),
        has_other_profile: better.criteria.profile != plan.criteria.profile,
        plan: better,
        forecast,
    })
}

/// Nothing if it is no change, or one that takes back what somebody has asked for.
fn changed(plan: &Plan, change: Change) -> Option<Plan> {
    let mut changed = plan.clone();
    if change == Change::Time {
        return Some(changed);
    }
    let is_human = |step: &&Step| matches!(step.gate, Gate::Manual { .. });
    let model = plan.steps.iter().find(is_human).or_else(|| plan.steps.first())?;
    let weights = LARGE_SHARES_BP.into_iter().filter_map(Weight::from_bp);
    changed.steps = weights.map(|weight| Step { weight, ..model.clone() }).collect();
    if change == Change::SharesAndProfile {
        if plan.criteria.profile != Profile::Balanced {
            return None;
        }
        changed.criteria.profile = Profile::LowTraffic;
    }
    Some(changed)
}

/// The plan with as much time for each step as it needs, if that is not too much.
fn with_time(mut plan: Plan, outlook: &Outlook, known: Tally, patience: Duration) -> Option<Plan> {
    // With time without end every step gets its evidence, or there is none to get.
    let mut endless = plan.clone();
    endless.on_thin_evidence = OnThinEvidence::Hold;
    let forecast = Forecast::new(&endless, outlook, known);
    let mut longest = plan.steps.iter().map(|step| step.max_duration).max()?;
    for step in &forecast.steps {
        longest = longest.max(rounded_up(step.evidence_after? * SLACK_TENTHS / 10));
    }
    let longest_before = plan.steps.iter().map(|step| step.max_duration).max()?;
    if longest > patience.max(longest_before) {
        return None;
    }
    for step in &mut plan.steps {
        step.max_duration = longest;
    }
    Some(plan)
}

fn rounded_up(time: Duration) -> Duration {
    let unit = if time <= HOUR { FIVE_MINUTES } else { HOUR };
    let units = time.as_secs().div_ceil(unit.as_secs());
    unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
}

// === impl Proposal ===

impl Proposal {
    /// The keys to write into the configuration, in the service's own table. All others stay as they are.
    #[must_use]
    pub fn written(&self, service: &ServiceName) -> String {
        let Self { plan, .. } = self;
        let mut text = format!("[services.{}.rollout]\n", key(service));
        let Some(first) = plan.steps.first() else { return text };
        let is_alike = |step: &Step| Step { weight: first.weight, ..step.clone() } == *first;
        let steps = if plan.steps.iter().all(is_alike) {
            text += &(stay(first, "\n") + "\n");
            numbers(plan)
        } else {
            let table = |step: &Step| format!("\n    {{ weight = {}, {} }},", number(step.weight), stay(step, ", "));
            plan.steps.iter().map(table).chain(["\n    100,\n".into()]).collect()
        };
        let _infallible = writeln!(text, "steps = [{steps}]");
        if plan.criteria.profile != Profile::default() {
            let _infallible = writeln!(text, "profile = \"{}\"", plan.criteria.profile.as_str());
        }
        text
    }
}

/// All shares, in lines that are not too long.
fn numbers(plan: &Plan) -> String {
    let all: Vec<_> = plan.steps.iter().map(|step| number(step.weight)).chain(["100".into()]).collect();
    let lines: Vec<_> = all.chunks(NUMBERS_PER_LINE).map(|line| line.join(", ")).collect();
    if lines.len() == 1 { lines.concat() } else { format!("\n    {},\n", lines.join(",\n    ")) }
}

/// The keys of a step but for its weight.
fn stay(step: &Step, parted_by: &str) -> String {
    let mut keys = vec![
        format!("min_duration = \"{}\"", format_duration(step.min_duration)),
        format!("max_duration = \"{}\"", format_duration(step.max_duration)),
    ];
    if let Gate::Manual { deadline } = step.gate {
        keys.push("pause = \"manual\"".into());
        keys.push(format!("deadline = \"{}\"", format_duration(deadline)));
    }
    keys.join(parted_by)
}

fn number(weight: Weight) -> String {
    weight.to_string().trim_end_matches('%').to_owned()
}

/// A name with a dot in it is a path in TOML unless it is quoted.
fn key(service: &ServiceName) -> String {
    let name = service.as_str();
    if name.contains('.') { format!("\"{name}\"") } else { name.to_owned() }
}

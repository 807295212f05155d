//! Whole rollouts: what must come of them, whatever the chance.

use std::time::{Duration, Instant};

use canary_config::plan::{Gate, Plan, Step};
use canary_config::weight::Weight;

use super::{Behaviour, End, Latency, Nobody, Onset, Outcome, Simulation, Summary, Traffic, Until};
use crate::rollout::Reason;

#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn base() -> Instant {
    Instant::now()
}

fn plan(gate: Gate, min_duration: Duration) -> Plan {
    let step = |percent: u16| Step {
        weight: Weight::from_bp(percent * 100).expect("a percentage"),
        instances: None,
        min_duration,
        max_duration: Duration::from_mins(15).max(min_duration),
        gate,
    };
    Plan { steps: [10, 25, 50].map(step).into(), ..Plan::default() }
}

fn runs(plan: &Plan, traffic: Traffic, until: Until, seeds: u64) -> Vec<Outcome> {
    let (simulation, base) = (Simulation::new(plan.clone(), traffic, until), base());
    (0..seeds).map(|seed| simulation.run(base, seed, &mut Nobody)).collect()
}

fn by_evidence() -> Plan {
    plan(Gate::Evidence, Duration::from_mins(1))
}

fn errors(rate: f64, stable: f64, canary: f64) -> Traffic {
    Traffic::new(rate, Behaviour::failing(stable), Behaviour::failing(canary))
}

#[test]
fn the_same_seed_gives_the_same_outcome_whatever_the_hour() {
    let simulation = Simulation::new(by_evidence(), errors(40.0, 0.001, 0.02), Until::AllRequests);
    let of = |base: Instant| (0..20).map(|seed| simulation.run(base, seed, &mut Nobody)).collect::<Vec<_>>();
    let first = of(base());
    assert_eq!(first, of(base() + Duration::from_millis(86_399_999)));
    assert!(first.iter().any(|outcome| *outcome != first[0]), "another seed gives another outcome");
}

#[test]
fn a_dead_canary_fails_a_handful_at_any_rate() {
    for rate in [10.0, 100.0, 1_000.0] {
        for outcome in runs(&by_evidence(), errors(rate, 0.0, 1.0), Until::AllRequests, 50) {
            assert!(matches!(outcome.end, End::Aborted(_)) && outcome.failed <= 6, "{rate}: {outcome:?}");
        }
    }
}

#[test]
fn a_canary_like_stable_is_hardly_ever_sent_back() {
    let plan = plan(Gate::Time, Duration::from_secs(40));
    for (rate, error_rate) in [(10.0, 0.01), (100.0, 0.0), (100.0, 0.05)] {
        let summary = Summary::of(&runs(&plan, errors(rate, error_rate, error_rate), Until::AllRequests, 100));
        assert!(summary.aborted <= 5, "{rate} {error_rate}: {summary:?}");
        assert_eq!(summary.aborted + summary.promoted, 100);
    }
}

#[test]
fn a_healthy_canary_takes_the_shortest_way() {
    let outcomes = runs(&by_evidence(), errors(200.0, 0.0, 0.0), Until::Settled, 10);
    for outcome in outcomes {
        assert_eq!((outcome.end, outcome.full_at), (End::Promoted, Some(Duration::from_mins(3))), "{outcome:?}");
        assert_eq!(outcome.at, Duration::from_mins(13));
    }
}

#[test]
fn a_canary_that_turns_later_is_sent_back_later() {
    let weight = Weight::from_bp(2_500).expect("a share");
    let traffic = Traffic { onset: Onset::AtWeight(weight), ..errors(100.0, 0.001, 0.5) };
    for outcome in runs(&by_evidence(), traffic, Until::AllRequests, 20) {
        assert!(matches!(outcome.end, End::Aborted(_)) && outcome.weight == weight, "{outcome:?}");
    }
}

#[test]
fn a_canary_that_turns_in_probation_is_taken_back() {
    let traffic = Traffic { onset: Onset::AtWeight(Weight::FULL), ..errors(100.0, 0.001, 0.5) };
    for outcome in runs(&by_evidence(), traffic, Until::Settled, 10) {
        assert!(matches!(outcome.end, End::Aborted(_)) && outcome.full_at.is_some(), "{outcome:?}");
    }
}

#[test]
fn a_slow_canary_is_sent_back_for_its_latency() {
    let slow = Behaviour::failing(0.0).taking(Latency::USUAL.times(3.0));
    let traffic = Traffic::new(100.0, Behaviour::failing(0.0), slow);
    for outcome in runs(&by_evidence(), traffic, Until::AllRequests, 20) {
        assert!(matches!(outcome.end, End::Aborted(Reason::Breach(metric)) if metric.percentile().is_some()));
    }
}

#[test]
fn thin_traffic_holds() {
    let outcomes = runs(&by_evidence(), errors(0.1, 0.0, 0.0), Until::AllRequests, 5);
    assert!(outcomes.iter().all(|outcome| matches!(outcome.end, End::Held(_))), "{outcomes:?}");
}

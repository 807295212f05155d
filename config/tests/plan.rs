//! What a plan means for a release, and how it is kept in the store.

use std::num::NonZeroUsize;
use std::time::Duration;

use canary_config::cohort::Assignment;
use canary_config::criteria::{Alpha, Criteria};
use canary_config::plan::{Gate, OnBusy, OnThinEvidence, Plan, STEPS_MAX, Strategy};

use crate::support::{GOOD, good};

/// As it is kept now.
const WHOLE: &str = concat!(
    r#"{"strategy":"canary","steps":["#,
    r#"{"weight":50,"min_duration":{"secs":10,"nanos":0},"max_duration":{"secs":300,"nanos":0},"gate":"evidence"},"#,
    r#"{"weight":225,"min_duration":{"secs":0,"nanos":0},"max_duration":{"secs":3600,"nanos":0},"#,
    r#""gate":{"manual":{"deadline":{"secs":7200,"nanos":0}}}},"#,
    r#"{"weight":5000,"min_duration":{"secs":0,"nanos":0},"max_duration":{"secs":300,"nanos":0},"#,
    r#""gate":{"manual":{"deadline":{"secs":1800,"nanos":0}}}}],"#,
    r#""ready_timeout":{"secs":120,"nanos":0},"on_thin_evidence":"promote","#,
    r#""probation":{"secs":0,"nanos":0},"criteria":{"alpha":0.01,"profile":"strict","#,
    r#""guardrails":{"error_rate":0.005,"p99":{"secs":0,"nanos":750000000}},"#,
    r#""blast_radius":{"max_failed_requests":50,"max_users":10}},"assignment":{"header":"x-user-id"},"#,
    r#""on_busy":"queue","drain_timeout":{"secs":60,"nanos":0}}"#,
);

/// As the first canaryd kept it.
const FIRST: &str = concat!(
    r#"{"strategy":"canary","steps":["#,
    r#"{"weight":50,"min_duration":{"secs":10,"nanos":0},"max_duration":{"secs":300,"nanos":0},"gate":"evidence"},"#,
    r#"{"weight":225,"min_duration":{"secs":0,"nanos":0},"max_duration":{"secs":3600,"nanos":0},"gate":"manual"}],"#,
    r#""ready_timeout":{"secs":120,"nanos":0},"on_thin_evidence":"promote","#,
    r#""probation":{"secs":0,"nanos":0},"criteria":{"alpha":0.01}}"#,
);

fn instances(instances: usize) -> NonZeroUsize {
    NonZeroUsize::new(instances).unwrap()
}

/// The plan of a rolling service whose instances join so many at a time.
fn rolling(batch: usize) -> Plan {
    let rollout = GOOD.split_once("[services.web.rollout]").unwrap().0;
    let text = format!("{rollout}[services.web.rollout]\nstrategy = \"rolling\"\nbatch = {batch}\n");
    good(&text).services.into_values().next().unwrap().plan
}

/// The weights in basis points, each with how many instances are in it.
fn joined(plan: &Plan) -> Vec<(u16, usize)> {
    plan.steps.iter().map(|step| (step.weight.bp(), step.instances.map_or(0, NonZeroUsize::get))).collect()
}

#[test]
fn a_plan_comes_back_from_the_store_as_it_went_in() {
    let plan = good(include_str!("support/all_keys.toml")).services.into_values().next().unwrap().plan;
    for plan in [plan, Plan::default()] {
        let stored = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan, "{stored}");
    }
}

#[test]
fn the_shape_of_a_stored_plan_does_not_change() {
    let plan = good(include_str!("support/all_keys.toml")).services.into_values().next().unwrap().plan;
    assert_eq!(serde_json::to_string(&plan).unwrap(), WHOLE);
}

#[test]
fn a_plan_that_the_first_canaryd_kept_is_read() {
    let plan = serde_json::from_str::<Plan>(FIRST).unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(
        plan.steps.iter().map(|step| step.gate).collect::<Vec<_>>(),
        [Gate::Evidence, Gate::Manual { deadline: day }]
    );
    assert_eq!((plan.on_busy, plan.drain_timeout), (OnBusy::Reject, Duration::from_secs(30)));
    assert_eq!(plan.assignment, Assignment::Request);
    let alpha = Alpha::new(0.01).unwrap();
    assert_eq!(plan.criteria, Criteria { alpha, ..Criteria::default() });
}

#[test]
fn the_instances_of_a_rolling_release_join_in_batches_up_to_the_last() {
    assert_eq!(joined(&rolling(1)), [(0, 1)], "the template");
    for (batch, all, steps) in [
        (1, 1, &[][..]),
        (1, 2, &[(5_000, 1)]),
        (1, 3, &[(3_333, 1), (6_666, 2)]),
        (1, 4, &[(2_500, 1), (5_000, 2), (7_500, 3)]),
        (2, 4, &[(5_000, 2)]),
        (2, 5, &[(4_000, 2), (8_000, 4)]),
        (3, 10, &[(3_000, 3), (6_000, 6), (9_000, 9)]),
        (4, 4, &[]),
        (9, 4, &[]),
        (400, 1_000, &[(4_000, 400), (8_000, 800)]),
    ] {
        assert_eq!(joined(&rolling(batch).for_instances(instances(all))), steps, "{batch} of {all}");
    }
}

#[test]
fn a_rolling_plan_is_never_too_long_and_always_rises_between_nothing_and_everything() {
    for batch in [1, 2, 3, 7, 31, 32, 33, 100, 999, 10_000] {
        let plan = rolling(batch);
        for all in (1..=300).chain([999, 1_000, 1_001, 9_999, 10_001, 65_537]) {
            let joined = joined(&plan.for_instances(instances(all)));
            assert!(joined.len() < STEPS_MAX, "{batch} of {all}");
            assert!(joined.is_sorted_by(|before, after| before.0 < after.0 && before.1 < after.1), "{batch} of {all}");
            assert!(joined.iter().all(|(bp, joined)| (1..10_000).contains(bp) && *joined < all), "{batch} of {all}");
            let largest = joined
                .iter()
                .map(|(_, joined)| *joined)
                .chain([all])
                .scan(0, |before, joined| Some(joined - std::mem::replace(before, joined)));
            let allowed = batch.max(all.div_ceil(STEPS_MAX));
            assert!(largest.max().unwrap() <= allowed, "no more than asked for join at a time: {batch} of {all}");
        }
    }
}

#[test]
fn the_steps_of_a_rolling_plan_are_not_taken_for_its_template() {
    let plan = rolling(2).for_instances(instances(5));
    assert_eq!(plan.for_instances(instances(9)), plan);
    for plan in [Plan::default(), Plan { strategy: Strategy::Recreate, steps: Vec::new(), ..Plan::default() }] {
        assert_eq!(plan.for_instances(instances(9)), plan);
    }
}

#[test]
fn a_choice_is_called_the_same_in_the_file_and_in_the_store() {
    for choice in OnThinEvidence::ALL {
        assert_eq!(serde_json::to_string(&choice).unwrap(), format!("\"{choice}\""));
    }
    for choice in Strategy::ALL {
        assert_eq!(serde_json::to_string(&choice).unwrap(), format!("\"{choice}\""));
    }
    for choice in OnBusy::ALL {
        assert_eq!(serde_json::to_string(&choice).unwrap(), format!("\"{choice}\""));
    }
}

#[test]
fn a_plan_of_another_shape_keeps_its_clocks_and_has_that_shapes_own_steps() {
    let canary = Plan { ready_timeout: Duration::from_secs(7), on_busy: OnBusy::Queue, ..Plan::default() };
    assert_eq!(canary.by(Strategy::Canary), canary);
    for strategy in Strategy::ALL {
        let plan = canary.by(strategy);
        let rest = Plan { steps: canary.steps.clone(), strategy: Strategy::Canary, ..plan.clone() };
        assert_eq!((plan.strategy, rest), (strategy, canary.clone()));
        assert_eq!(plan.by(Strategy::Canary), canary, "its own steps are the default ones");
    }
    let gates = |plan: &Plan| plan.steps.iter().map(|step| step.gate).collect::<Vec<_>>();
    assert_eq!(gates(&canary.by(Strategy::BlueGreen)), [Gate::Time]);
    assert_eq!(gates(&canary.by(Strategy::Recreate)), []);
    assert_eq!(joined(&canary.by(Strategy::Rolling).for_instances(instances(3))), [(3_333, 1), (6_666, 2)]);
}

#[test]
fn a_humans_word_is_wanted_in_every_shape_that_can_wait_for_one() {
    let manual = Gate::Manual { deadline: Duration::from_secs(60) };
    let mut plan = Plan::default();
    plan.steps[1].gate = manual;
    assert_eq!(plan.by(Strategy::BlueGreen).steps[0].gate, manual);
    let blue_green = plan.by(Strategy::BlueGreen);
    assert!(blue_green.by(Strategy::Canary).steps.iter().all(|step| step.gate == manual));
}

//! What each strategy makes of its keys, and what holds where it says nothing.

use std::num::NonZeroUsize;
use std::time::Duration;

use canary_config::plan::{Gate, OnBusy, OnThinEvidence, Plan, Step, Strategy};
use canary_config::weight::Weight;

use crate::support::{ROLLOUT, good, with};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn plan(rollout: &str) -> Plan {
    good(&with(ROLLOUT, rollout)).services.into_values().next().unwrap().plan
}

fn gates(rollout: &str) -> Vec<Gate> {
    plan(rollout).steps.iter().map(|step| step.gate).collect()
}

const fn manual(deadline: u64) -> Gate {
    Gate::Manual { deadline: seconds(deadline) }
}

/// A step at 0 % that lasts so long.
fn at_zero(duration: u64, gate: Gate) -> Step {
    let duration = seconds(duration);
    Step { weight: Weight::ZERO, instances: None, min_duration: duration, max_duration: duration, gate }
}

#[test]
fn a_canary_is_the_default_of_a_table_without_a_word() {
    assert_eq!(plan(""), Plan::default());
    assert_eq!(plan("strategy = \"canary\"\n"), Plan::default());
}

#[test]
fn a_canary_waits_for_a_human_where_its_steps_or_its_table_say_so() {
    assert_eq!(gates("pause = \"manual\"\n"), [manual(86_400), manual(86_400)]);
    assert_eq!(
        gates("pause = \"manual\"\ndeadline = \"1h\"\nsteps = [5, { weight = 10, deadline = \"2m\" }, 100]\n"),
        [manual(3_600), manual(120)]
    );
    let steps = "steps = [{ weight = 10, pause = \"manual\" }, 20, { weight = 30, pause = \"manual\", deadline = \"2m\" }, 100]\n";
    assert_eq!(gates(steps), [manual(86_400), Gate::Evidence, manual(120)]);
    assert_eq!(gates(&format!("deadline = \"1h\"\n{steps}")), [manual(3_600), Gate::Evidence, manual(120)]);
}

#[test]
fn blue_green_is_one_step_at_zero_that_time_or_a_human_opens() {
    let blue_green = Plan { strategy: Strategy::BlueGreen, ..Plan::default() };
    for (keys, step) in [
        ("", at_zero(0, Gate::Time)),
        ("min_duration = \"5m\"\n", at_zero(300, Gate::Time)),
        ("pause = \"manual\"\n", at_zero(0, manual(86_400))),
        ("pause = \"manual\"\ndeadline = \"1h\"\n", at_zero(0, manual(3_600))),
    ] {
        let plan = plan(&format!("strategy = \"blue-green\"\n{keys}"));
        assert_eq!(plan, Plan { steps: vec![step], ..blue_green.clone() }, "{keys}");
    }
}

#[test]
fn rolling_is_a_template_of_which_the_instances_make_steps() {
    let rolling = Plan { strategy: Strategy::Rolling, ..Plan::default() };
    for (keys, batch, duration) in
        [("", 1, 10), ("batch = 3\nmin_duration = \"1m\"\n", 3, 60), ("min_duration = \"0s\"\n", 1, 0)]
    {
        let template = Step { instances: NonZeroUsize::new(batch), ..at_zero(duration, Gate::Time) };
        let plan = plan(&format!("strategy = \"rolling\"\n{keys}"));
        assert_eq!(plan, Plan { steps: vec![template], ..rolling.clone() }, "{keys}");
    }
}

#[test]
fn recreate_has_no_steps() {
    assert_eq!(
        plan("strategy = \"recreate\"\n"),
        Plan { strategy: Strategy::Recreate, steps: Vec::new(), ..Plan::default() }
    );
}

#[test]
fn every_strategy_has_the_keys_that_are_about_every_rollout() {
    for strategy in Strategy::ALL {
        let keys = "ready_timeout = \"2m\"\nprobation = \"1h\"\nalpha = 0.01\non_busy = \"supersede\"\ndrain_timeout = \"0s\"\n";
        let plan = plan(&format!("strategy = \"{strategy}\"\n{keys}"));
        assert_eq!((plan.strategy, plan.on_thin_evidence), (strategy, OnThinEvidence::Hold));
        assert_eq!((plan.ready_timeout, plan.probation), (seconds(120), seconds(3_600)));
        assert_eq!(plan.criteria.alpha.get().to_string(), "0.01");
        assert_eq!((plan.on_busy, plan.drain_timeout), (OnBusy::Supersede, Duration::ZERO));
    }
    assert_eq!(plan("on_busy = \"reject\"\n").on_busy, OnBusy::Reject);
}

//! What each strategy makes of its keys, and what holds where it says nothing.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use canary_config::cohort::Assignment;
use canary_config::criteria::{BlastRadius, Guardrails, Profile};
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
        let keys = "ready_timeout = \"2m\"\nprobation = \"1h\"\nalpha = 0.01\non_busy = \"supersede\"\ndrain_timeout = \"0s\"\n\
                    profile = \"calm\"\nguardrails.error_rate = 2\nblast_radius.max_failed_requests = 9\n";
        let plan = plan(&format!("strategy = \"{strategy}\"\n{keys}"));
        assert_eq!((plan.strategy, plan.on_thin_evidence), (strategy, OnThinEvidence::Hold));
        assert_eq!((plan.ready_timeout, plan.probation), (seconds(120), seconds(3_600)));
        assert_eq!(plan.criteria.alpha.get().to_string(), "0.01");
        assert_eq!((plan.on_busy, plan.drain_timeout), (OnBusy::Supersede, Duration::ZERO));
        assert_eq!((plan.criteria.profile, plan.criteria.guardrails.error_rate), (Profile::Calm, Some(0.02)));
        assert_eq!(plan.criteria.blast_radius.max_failed_requests, NonZeroU64::new(9));
    }
    assert_eq!(plan("on_busy = \"reject\"\n").on_busy, OnBusy::Reject);
}

#[test]
fn a_profile_has_an_alpha_and_steps_of_its_own_unless_they_are_written() {
    let judged = |keys: &str| {
        let Plan { steps, criteria, .. } = plan(keys);
        let weights: Vec<_> = steps.iter().map(|step| step.weight.to_string()).collect();
        (criteria.profile, criteria.alpha.get().to_string(), weights.join(" "))
    };
    for (keys, profile, alpha, weights) in [
        ("", Profile::Balanced, "0.05", "10% 25%"),
        ("profile = \"balanced\"\n", Profile::Balanced, "0.05", "10% 25%"),
        ("profile = \"strict\"\n", Profile::Strict, "0.05", "10% 25%"),
        ("profile = \"calm\"\n", Profile::Calm, "0.01", "10% 25%"),
        ("profile = \"calm\"\nalpha = 0.2\n", Profile::Calm, "0.2", "10% 25%"),
        ("profile = \"low_traffic\"\n", Profile::LowTraffic, "0.05", "25% 50%"),
        ("profile = \"low_traffic\"\nsteps = [5, 100]\n", Profile::LowTraffic, "0.05", "5%"),
    ] {
        assert_eq!(judged(keys), (profile, alpha.into(), weights.into()), "{keys}");
    }
    let step = Step { weight: Weight::from_bp(2_500).unwrap(), ..Plan::default().steps[0].clone() };
    assert_eq!(plan("profile = \"low_traffic\"\n").steps[0], step);
}

#[test]
fn requests_are_divided_by_chance_or_by_what_a_client_is() {
    for (written, assignment) in [
        ("request", Assignment::Request),
        ("cookie", Assignment::Cookie),
        ("ip", Assignment::Ip),
        ("header:X-User-Id", Assignment::Header("x-user-id".into())),
        ("header:authorization", Assignment::Header("authorization".into())),
    ] {
        assert_eq!(plan(&format!("assignment = \"{written}\"\n")).assignment, assignment);
    }
    assert_eq!(plan("").assignment, Assignment::Request);
}

#[test]
fn a_limit_and_a_budget_are_those_that_are_written() {
    let criteria = plan("").criteria;
    assert_eq!((criteria.guardrails, criteria.blast_radius), (Guardrails::default(), BlastRadius::default()));
    for rate in ["1", "1.0", "\"1%\""] {
        let guardrails = plan(&format!("guardrails = {{ error_rate = {rate} }}\n")).criteria.guardrails;
        assert_eq!(guardrails, Guardrails { error_rate: Some(0.01), p99: None }, "{rate}");
    }
    let guardrails = plan("guardrails = { p99 = \"500ms\" }\n").criteria.guardrails;
    assert_eq!(guardrails, Guardrails { error_rate: None, p99: Some(Duration::from_millis(500)) });
    let budgets = |keys: &str| {
        let BlastRadius { max_failed_requests, max_users } = plan(keys).criteria.blast_radius;
        (max_failed_requests.map(NonZeroU64::get), max_users.map(NonZeroU64::get))
    };
    assert_eq!(budgets("blast_radius = { max_failed_requests = 50 }\n"), (Some(50), None));
    assert_eq!(budgets("assignment = \"ip\"\nblast_radius = { max_users = 10 }\n"), (None, Some(10)));
}

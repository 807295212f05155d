//! The judge as the engine uses it.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::criteria::{Criteria, Profile};
use canary_config::plan::{Gate, Plan, Step};
use canary_config::weight::Weight;
use canary_controller::analysis::{
    ArmSample, Arms, Breach, BreakerRule, Evidence, Ground, Judge, Metric, Sample, Shortfall, Tally, Verdict,
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What the ledgers scored: failures, and successes by bucket.
pub(crate) fn sample<'a>(errors: Arms<u64>, successes: Arms<&'a [u64]>) -> Sample<'a> {
    let arm = |failed, successes| ArmSample { failed, successes, ..ArmSample::default() };
    Arms { canary: arm(errors.canary, successes.canary), stable: arm(errors.stable, successes.stable) }
}

/// The edges at 20, 40 and 80 ms will be stable's quantiles; each next one is what the canary is allowed.
pub(crate) static EDGES: [Duration; 8] = [ms(10), ms(20), ms(24), ms(40), ms(46), ms(80), ms(90), ms(200)];

/// A thousand successes with quantiles at 20, 40 and 80 ms.
const USUAL: [u64; 9] = [250, 250, 0, 400, 0, 90, 0, 10, 0];

pub(crate) fn weight(percent: u16) -> Weight {
    Weight::from_bp(percent * 100).expect("a percentage")
}

pub(crate) fn plan(percents: &[u16]) -> Plan {
    let step = |percent: &u16| Step {
        weight: weight(*percent),
        min_duration: Duration::from_secs(60),
        max_duration: Duration::from_secs(900),
        gate: Gate::Evidence,
        instances: None,
    };
    Plan { steps: percents.iter().map(step).collect(), criteria: Criteria::default(), ..Plan::default() }
}

/// A judge at 10 % of 10, 25 and 50 % whose time is moved by hand.
struct Given {
    judge: Judge,
    now: Instant,
    weight: Weight,
}

impl Given {
    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn of(judge: Judge) -> Self {
        Self { judge, now: Instant::now(), weight: Weight::ZERO }
    }

    fn new() -> Self {
        let mut given = Self::of(Judge::new(&plan(&[10, 25, 50]), &EDGES));
        given.at(10);
        given
    }

    /// A blue-green rollout at 100 % whose stable had so many failures of so many requests, by its meters.
    fn blue_green(bad: u64, requests: u64) -> Self {
        let mut given = Self::of(Judge::new(&plan(&[0]), &EDGES));
        given.judge.know_stable(Tally { bad, good: requests - bad });
        given.at(100);
        given
    }

    /// So many blocks of ten requests at 100 %, so many of each failures, or until the canary is convicted. How many
    /// it took to convict it.
    fn convicted_after(&mut self, errors: u64, blocks: usize) -> Option<usize> {
        (1..=blocks).find(|_| {
            self.sample(&sample(Arms { canary: errors, stable: 0 }, Arms { canary: &[10 - errors], stable: &[] }));
            self.judge.probation_verdict() != Verdict::Pass
        })
    }

    fn breach(&self) -> Breach {
        let verdict = self.judge.probation_verdict();
        let Verdict::Fail(breach) = verdict else { unreachable!("{verdict:?}") };
        breach
    }

    fn at(&mut self, percent: u16) -> &mut Self {
        self.weight = weight(percent);
        self.judge.set_weight(self.weight, self.now);
        self
    }

    /// A block that brings these errors and these successes, all as fast as usual.
    fn block(&mut self, errors: Arms<u64>, [canary, stable]: [u64; 2]) -> &mut Self {
        let canary = USUAL.map(|count| count * canary / 1_000);
        let stable = USUAL.map(|count| count * stable / 1_000);
        self.sample(&sample(errors, Arms { canary: &canary, stable: &stable }))
    }

    fn sample(&mut self, sample: &Sample<'_>) -> &mut Self {
        self.judge.observe(self.weight, sample, self.now);
        self.now += Duration::from_secs(2);
        self.judge.tick(self.now);
        self
    }

    fn shortfall(&self) -> Shortfall {
        let verdict = self.judge.verdict(0);
        let Verdict::NotEnough(shortfall) = verdict else { unreachable!("{verdict:?}") };
        shortfall
    }
}

const NO_ERRORS: Arms<u64> = Arms { canary: 0, stable: 0 };

#[test]
fn clean_traffic_passes_step_after_step() {
    let mut given = Given::new();
    for (step, (percent, canary)) in [(10, 1_000), (25, 2_500), (50, 5_000)].into_iter().enumerate() {
        given.at(percent).block(NO_ERRORS, [canary, 10_000 - canary]).block(NO_ERRORS, [canary, 10_000 - canary]);
        assert_eq!(given.judge.verdict(step), Verdict::Pass, "{step}");
    }
}

#[test]
fn silence_says_how_much_is_missing() {
    let mut given = Given::new();
    given.now += Duration::from_secs(3_600);
    given.judge.tick(given.now);
    let shortfall = given.shortfall();
    assert!(matches!(shortfall, Shortfall::Certificate { metric: Metric::ErrorRate, .. }), "{shortfall:?}");
    assert_eq!(shortfall.canary_requests(), Some(196));
    assert_eq!(shortfall.eta(2.0), Some(Duration::from_secs(98)));
    assert!(given.judge.evidence(0).ln_harm.abs() < 1e-12);
}

#[test]
fn a_failing_canary_is_convicted_with_its_numbers() {
    let mut given = Given::new();
    for _ in 0..4 {
        given.block(Arms { canary: 10, stable: 9 }, [100, 900]);
    }
    let Verdict::Fail(breach) = given.judge.verdict(0) else { panic!("{:?}", given.judge.verdict(0)) };
    assert_eq!((breach.metric, breach.thresholds), (Metric::ErrorRate, None));
    assert_eq!((breach.counts.canary.bad, breach.counts.stable.bad), (40, 36));
    assert!(breach.ln_harm >= breach.ln_needed);
}

#[test]
fn a_slow_canary_is_convicted_with_its_thresholds() {
    let mut given = Given::new();
    given.block(NO_ERRORS, [0, 1_000]);
    for _ in 0..9 {
        let (canary, stable) = ([0, 30, 0, 30, 0, 40, 0, 0, 0], USUAL.map(|count| count * 9 / 10));
        given.sample(&sample(NO_ERRORS, Arms { canary: &canary, stable: &stable }));
    }
    let Verdict::Fail(breach) = given.judge.verdict(0) else { panic!("{:?}", given.judge.verdict(0)) };
    assert_eq!(breach.metric, Metric::LatencyP90);
    assert_eq!(breach.thresholds, Some(Arms { canary: ms(46), stable: ms(40) }));
}

#[test]
fn a_slow_canary_is_convicted_from_the_first_request_on_where_stable_is_known() {
    let blocks = |before: &[u64]| {
        let mut given = Given::of(Judge::new(&plan(&[10, 25, 50]), &EDGES));
        given.judge.know_latencies(before);
        given.at(10);
        let (canary, stable) = ([0, 3, 0, 3, 0, 4, 0, 0, 0], USUAL.map(|count| count * 9 / 100));
        (1..100).find(|_| {
            given.sample(&sample(NO_ERRORS, Arms { canary: &canary, stable: &stable }));
            matches!(given.judge.verdict(0), Verdict::Fail(_))
        })
    };
    let unknown = blocks(&[]).expect("it is slow");
    assert!(blocks(&USUAL).is_some_and(|known| known < unknown), "{unknown}");
    assert_eq!(blocks(&[9; 9]), Some(unknown), "that is too little to know");
}

#[test]
fn a_metric_without_a_threshold_holds_the_pass_back() {
    let mut given = Given::new();
    for _ in 0..20 {
        given.block(NO_ERRORS, [1_000, 0]);
    }
    given.block(NO_ERRORS, [0, 100]);
    let Shortfall::StableSuccesses { have, needed, .. } = given.shortfall() else { panic!("{:?}", given.shortfall()) };
    assert_eq!(given.shortfall().metric(), Metric::LatencyP99);
    assert_eq!((have, needed), (100, 500));
}

#[test]
fn a_doubt_holds_a_certified_canary_back() {
    let mut given = Given::new();
    for _ in 0..100 {
        given.block(NO_ERRORS, [1_000, 9_000]);
    }
    while given.judge.verdict(0) == Verdict::Pass {
        given.block(Arms { canary: 1, stable: 0 }, [10, 90]);
    }
    assert!(matches!(given.shortfall(), Shortfall::Doubt { metric: Metric::ErrorRate, .. }), "{:?}", given.shortfall());
    assert!(!given.judge.may_promote_uncertified());
}

#[test]
fn thin_evidence_is_twenty_canary_requests() {
    let mut given = Given::new();
    let one = |count| sample(NO_ERRORS, Arms { canary: count, stable: &[] });
    given.sample(&one(&[19]));
    assert!(!given.judge.may_promote_uncertified());
    given.sample(&one(&[1]));
    assert!(given.judge.may_promote_uncertified());
}

#[test]
fn a_late_outcome_counts_with_the_weight_it_was_routed_at() {
    let sample = sample(Arms { canary: 1, stable: 2 }, Arms { canary: &[200], stable: &[900] });
    let (mut early, mut late) = (Given::new(), Given::new());
    early.judge.observe(weight(10), &sample, early.now);
    early.at(25);
    late.at(25);
    late.judge.observe(weight(10), &sample, late.now);
    let safe = |given: &Given| given.judge.evidence(1).metric(Metric::ErrorRate).ln_safe;
    assert!((safe(&early) - safe(&late)).abs() < 1e-12);
    assert_eq!(early.judge.evidence(0).canary_requests_at_step, 201);
    assert_eq!(late.judge.evidence(1).canary_requests_at_step, 0);
}

#[test]
fn what_cannot_be_compared_is_not_judged() {
    let mut given = Given::new();
    given.block(NO_ERRORS, [1_000, 9_000]);
    let before = given.judge.evidence(0);
    for percent in [0, 100, 33] {
        let sample = sample(Arms { canary: 50, stable: 0 }, Arms { canary: &[9], stable: &[9] });
        given.judge.observe(weight(percent), &sample, given.now);
    }
    assert_eq!(given.judge.evidence(0), before);
}

#[test]
fn a_late_tick_makes_up_for_the_missing_ones() {
    let (mut ticked, mut silent) = (Given::new(), Given::new());
    for given in [&mut ticked, &mut silent] {
        given.block(Arms { canary: 1, stable: 0 }, [100, 900]);
    }
    for _ in 0..100 {
        ticked.block(NO_ERRORS, [0, 0]);
    }
    silent.now += Duration::from_secs(200);
    silent.judge.tick(silent.now);
    for given in [&mut ticked, &mut silent] {
        given.block(Arms { canary: 1, stable: 0 }, [0, 0]);
    }
    let harm = |given: &Given| given.judge.evidence(0).ln_harm;
    assert!((harm(&ticked) - harm(&silent)).abs() < 1e-12, "{} {}", harm(&ticked), harm(&silent));
}

#[test]
fn a_release_of_stake_alone_proves_nothing() {
    let mut given = Given::new();
    given.block(Arms { canary: 1, stable: 0 }, [100, 900]);
    let before = given.judge.evidence(0).ln_harm;
    given.at(25).at(25).at(0).at(25).at(10);
    assert!((given.judge.evidence(0).ln_harm - before).abs() < 1e-12);
}

#[test]
fn evidence_survives_being_stored() {
    let mut given = Given::new();
    given.block(Arms { canary: 2, stable: 9 }, [1_000, 9_000]);
    let evidence = given.judge.evidence(0);
    let stored = serde_json::to_value(&evidence).expect("plain values");
    assert_eq!(serde_json::from_value::<Evidence>(stored).expect("what was stored"), evidence);
    assert_eq!(evidence.arms.canary.p90_ms, Some(40.0));
    assert_eq!((evidence.arms.stable.requests, evidence.arms.stable.errors), (9_009, 9));
    assert!(evidence.error_difference.low < 0.001 && evidence.error_difference.high > 0.001);
}

#[test]
fn a_canary_that_fails_with_all_requests_is_convicted_within_seconds() {
    let mut given = Given::new();
    for percent in [10, 25, 50] {
        given.at(percent).block(NO_ERRORS, [1_000, 1_000]);
    }
    given.at(100);
    assert_eq!(given.judge.verdict(0), Verdict::Pass);
    assert_eq!(given.convicted_after(2, 100), Some(3));
    let breach = given.breach();
    assert_eq!((breach.metric, breach.thresholds), (Metric::ErrorRate, None));
    assert_eq!(breach.counts, Arms::from([6, 24, 0, 3_000]));
    assert!(breach.ln_harm >= breach.ln_needed);
    assert_eq!(given.judge.verdict(7), Verdict::Fail(breach));
}

#[test]
fn a_canary_that_was_never_compared_is_held_against_what_is_known_of_stable() {
    assert_eq!(Given::blue_green(0, 1_000).convicted_after(2, 100), Some(3));
    assert_eq!(Given::blue_green(0, 0).convicted_after(2, 100), Some(11));
    assert_eq!(Given::blue_green(100, 1_000).convicted_after(2, 300), None);
}

#[test]
fn a_canary_that_fails_as_stable_did_stays() {
    let mut given = Given::new();
    for _ in 0..50 {
        given.block(Arms { canary: 10, stable: 100 }, [100, 900]);
    }
    assert_eq!(given.at(100).convicted_after(1, 300), None);
}

#[test]
fn whoever_knows_more_of_stable_sets_the_limit() {
    let limited = |compared: u64, known: u64| {
        let mut given = Given::new();
        given.block(Arms { canary: 0, stable: compared / 10 }, [0, compared - compared / 10]);
        given.judge.know_stable(Tally { bad: 0, good: known });
        given.at(100).convicted_after(2, 300).is_some()
    };
    assert!(!limited(1_000, 100), "a tenth of stable's requests failed in the comparison");
    assert!(limited(1_000, 100_000), "hardly any failed before");
}

#[test]
fn what_is_told_of_stable_in_probation_comes_too_late() {
    let (mut told, mut untold) = (Given::blue_green(0, 1_000), Given::blue_green(0, 1_000));
    told.judge.know_stable(Tally { bad: 500, good: 500 });
    told.at(100);
    assert_eq!(told.convicted_after(2, 100), untold.convicted_after(2, 100));
}

#[test]
fn a_canary_that_turns_bad_late_meets_fresh_stake() {
    let mut given = Given::blue_green(0, 1_000);
    assert_eq!(given.convicted_after(0, 100), None);
    assert_eq!(given.convicted_after(2, 100), Some(6));
}

#[test]
fn probation_is_judged_once_however_often_all_requests_come_back() {
    let mut given = Given::blue_green(0, 1_000);
    assert_eq!(given.convicted_after(2, 2), None);
    let before = given.judge.evidence(0).ln_harm;
    let after = given.at(50).at(100).judge.evidence(0).ln_harm;
    assert!((after - before).abs() < 1e-12, "{before} {after}");
}

#[test]
fn what_the_comparison_suspected_counts_in_probation() {
    let after = |errors: u64| {
        let mut given = Given::new();
        given.block(Arms { canary: errors, stable: 0 }, [100, 900]);
        assert!(matches!(given.judge.verdict(0), Verdict::NotEnough(_)), "{errors}");
        given.at(100).convicted_after(1, 100)
    };
    assert_eq!((after(0), after(1)), (Some(4), Some(3)));
}

#[test]
fn late_outcomes_of_the_comparison_convict_in_probation_too() {
    let mut given = Given::new();
    given.block(NO_ERRORS, [100, 900]).at(100).block(NO_ERRORS, [1, 0]);
    let late = sample(Arms { canary: 50, stable: 0 }, Arms::default());
    for _ in 0..4 {
        given.judge.observe(weight(10), &late, given.now);
        given.block(NO_ERRORS, [1, 0]);
    }
    assert_eq!(given.breach().counts.canary.bad, 200, "of the comparison");
}

#[test]
fn services_that_move_as_one_share_the_promise() {
    let needed = |judge: Judge| judge.evidence(0).ln_harm_needed;
    let plan = plan(&[10]);
    let (alone, of_two) =
        (Judge::new(&plan, &EDGES), Judge::new_for_group(&plan, &EDGES, NonZeroUsize::MIN.saturating_add(1)));
    assert!((needed(alone) - 20_f64.ln()).abs() < 1e-12);
    assert!((needed(of_two) - 40_f64.ln()).abs() < 1e-12);
}

#[test]
fn a_dead_canary_is_convicted_by_its_fifth_failure() {
    let mut given = Given::new();
    let stable = sample(NO_ERRORS, Arms { canary: &[], stable: &[9] });
    given.judge.observe(weight(10), &stable, given.now);
    let failing = |failed, refused, unanswered| {
        let dropped = [0, 0, 0, 0, 0, 0, 0, 0, unanswered];
        let mut judge = given.judge.clone();
        for _ in 0..5 {
            assert!(matches!(judge.verdict(0), Verdict::NotEnough(_)));
            let canary = ArmSample { refused, failed, unanswered, successes: &dropped, ..ArmSample::default() };
            judge.observe(weight(10), &Arms { canary, ..Arms::default() }, given.now);
        }
        match judge.verdict(0) {
            Verdict::Fail(breach) => breach.ground,
            verdict => panic!("{verdict:?}"),
        }
    };
    let never_healthy = Ground::Breaker(BreakerRule::NeverHealthy);
    assert_eq!([failing(1, 0, 0), failing(0, 0, 1)], [never_healthy; 2], "an answer that never came is no answer");
    assert_eq!(failing(0, 1, 0), Ground::Breaker(BreakerRule::NoConnection));
}

#[test]
fn a_canary_that_dies_in_probation_is_held_against_what_is_known_of_stable() {
    let convicted = |bad, requests| {
        let mut given = Given::blue_green(bad, requests);
        let dead = sample(Arms { canary: 5, stable: 0 }, Arms::default());
        given.judge.observe(Weight::FULL, &dead, given.now);
        given.judge.probation_verdict() != Verdict::Pass
    };
    assert!(convicted(0, 1_000));
    assert!(!convicted(0, 0), "nothing is known of stable");
    assert!(!convicted(300, 1_000), "stable was not healthy either");
}

#[test]
fn what_is_slow_while_it_is_open_convicts_before_it_ends() {
    let mut given = Given::new();
    given.block(NO_ERRORS, [0, 1_000]);
    for _ in 0..9 {
        let canary = ArmSample { became_overdue: [10, 10, 10], ..ArmSample::default() };
        let stable = USUAL.map(|count| count * 9 / 10);
        let stable = ArmSample { successes: &stable, ..ArmSample::default() };
        given.sample(&Arms { canary, stable });
    }
    let Verdict::Fail(breach) = given.judge.verdict(0) else { panic!("{:?}", given.judge.verdict(0)) };
    assert!(matches!(breach.ground, Ground::Evidence(Metric::LatencyP90 | Metric::LatencyP99)), "{breach:?}");
    assert_eq!(breach.counts.canary, Tally { bad: 90, good: 0 });
    assert_eq!(given.judge.evidence(0).arms.canary.requests, 0, "none of them has ended");
}

#[test]
fn a_profile_changes_the_margins() {
    let of = |profile| {
        let mut plan = plan(&[10, 25, 50]);
        plan.criteria.profile = profile;
        let mut given = Given::of(Judge::new(&plan, &EDGES));
        given.at(10);
        given
    };
    let missing = |profile| of(profile).shortfall().canary_requests();
    let [balanced, low_traffic] = [Profile::Balanced, Profile::LowTraffic].map(missing);
    assert_eq!((balanced, low_traffic), (Some(196), Some(98)));
    let harm = |profile, errors| {
        let mut given = of(profile);
        given.block(errors, [100, 900]);
        given.judge.evidence(0).metric(Metric::ErrorRate).ln_harm
    };
    let (one, many) = (Arms { canary: 1, stable: 1 }, Arms { canary: 50, stable: 0 });
    assert!(harm(Profile::Strict, one) > harm(Profile::Balanced, one));
    assert!(harm(Profile::Calm, many) < harm(Profile::Balanced, many), "a burst counts less");
}

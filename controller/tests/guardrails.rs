//! Absolute limits and budgets of damage, as the engine meets them in the judge.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use canary_config::criteria::{BlastRadius, Criteria, Guardrails};
use canary_config::weight::Weight;
use canary_controller::analysis::{
    ArmSample, Arms, BlastLimit, ByRequest, Damage, Ground, Judge, Metric, Sample, Tally, Verdict,
};

use super::judge::{EDGES, plan, weight};

const TWO_SECONDS: Duration = Duration::from_secs(2);

/// A judge of 10 and 50 % whose time is moved by hand.
struct Given {
    judge: Judge,
    now: Instant,
    weight: Weight,
    damage: Damage,
}

impl Given {
    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn new(criteria: Criteria) -> Self {
        let mut plan = plan(&[10, 50]);
        plan.criteria = criteria;
        let (judge, damage) = (Judge::new(&plan, &EDGES), Damage::default());
        let mut given = Self { judge, now: Instant::now(), weight: Weight::ZERO, damage };
        given.at(10);
        given
    }

    fn limited(error_rate: Option<f64>, p99: Option<Duration>) -> Self {
        Self::new(Criteria { guardrails: Guardrails { error_rate, p99 }, ..Criteria::default() })
    }

    fn allowed(max_failed_requests: u64, max_users: u64) -> Self {
        let blast_radius = BlastRadius {
            max_failed_requests: NonZeroU64::new(max_failed_requests),
            max_users: NonZeroU64::new(max_users),
        };
        Self::new(Criteria { blast_radius, ..Criteria::default() })
    }

    fn at(&mut self, percent: u16) {
        self.weight = weight(percent);
        self.judge.set_weight(self.weight, self.now);
    }

    /// A block, and what is said of it before it ends.
    fn block(&mut self, canary: ArmSample<'_>, stable: ArmSample<'_>) -> Verdict {
        let sample: Sample<'_> = Arms { canary, stable };
        self.judge.observe(self.weight, &sample, self.now);
        self.damage.failed_requests += canary.failures();
        self.judge.suffer(self.damage);
        let verdict = if self.weight == Weight::FULL { self.judge.probation_verdict() } else { self.judge.verdict(0) };
        self.now += TWO_SECONDS;
        self.judge.tick(self.now);
        verdict
    }

    /// So many equal blocks, or until the canary is convicted. What is said of the last one.
    fn blocks(&mut self, count: usize, canary: ArmSample<'_>, stable: ArmSample<'_>) -> Verdict {
        let mut last = Verdict::Pass;
        for _ in 0..count {
            last = self.block(canary, stable);
            if matches!(last, Verdict::Fail(_)) {
                break;
            }
        }
        last
    }
}

const fn failing(failed: u64, successes: &[u64]) -> ArmSample<'_> {
    ArmSample {
        refused: 0,
        failed,
        unanswered: 0,
        successes,
        became_overdue: [0; 3],
        overdue: [&[]; 3],
        abandoned: &[],
        by_request: None,
    }
}

const SILENT: ArmSample<'_> = failing(0, &[]);

#[track_caller]
fn ground(verdict: &Verdict) -> Ground {
    let Verdict::Fail(breach) = verdict else { panic!("{verdict:?}") };
    breach.ground
}

#[test]
fn a_canary_that_is_slower_than_the_limit_is_convicted_without_a_comparison() {
    let slow = failing(0, &[50, 0, 0, 0, 0, 0, 0, 50]);
    let mut given = Given::limited(None, Some(Duration::from_millis(90)));
    let Verdict::Fail(breach) = given.blocks(20, slow, SILENT) else { panic!("not convicted") };
    assert_eq!(breach.ground, Ground::Guardrail(Metric::LatencyP99));
    assert_eq!(breach.thresholds.map(|limit| limit.canary), Some(Duration::from_millis(90)));
    assert_eq!(breach.counts.canary.bad, breach.counts.canary.good);
    let kept = Given::limited(None, Some(Duration::from_millis(91))).blocks(20, slow, SILENT);
    assert!(matches!(kept, Verdict::NotEnough(_)), "the limit is rounded up to an edge: {kept:?}");
}

#[test]
fn a_canary_beyond_the_error_limit_is_convicted_and_one_on_it_is_not() {
    let verdict = |failed| {
        let mut given = Given::limited(Some(0.1), None);
        given.at(50);
        given.blocks(12, failing(failed, &[10 - failed]), failing(1, &[10]))
    };
    assert_eq!(ground(&verdict(3)), Ground::Guardrail(Metric::ErrorRate));
    assert!(matches!(verdict(1), Verdict::NotEnough(_)), "{:?}", verdict(1));
}

#[test]
fn a_breach_that_stable_shares_convicts_nobody() {
    let mut given = Given::limited(Some(0.01), None);
    let (broken, well) = ((failing(3, &[7]), failing(27, &[63])), (failing(0, &[10]), failing(0, &[90])));
    for block in 0..30 {
        let verdict = given.block(broken.0, broken.1);
        assert!(!matches!(verdict, Verdict::Fail(_)), "{block}: {verdict:?}");
        assert!(block < 3 || verdict == Verdict::Shared(Metric::ErrorRate), "{block}: {verdict:?}");
    }
    // Stable keeps the limit again, and what both did is forgotten.
    let verdicts: Vec<Verdict> = (0..300).map(|_| given.block(well.0, well.1)).collect();
    assert!(verdicts.iter().all(|verdict| !matches!(verdict, Verdict::Fail(_))));
    let shared = verdicts.iter().take_while(|verdict| **verdict == Verdict::Shared(Metric::ErrorRate)).count();
    assert!((1..200).contains(&shared), "{shared}");
    assert!(verdicts[shared..].iter().all(|verdict| *verdict != Verdict::Shared(Metric::ErrorRate)));
}

#[test]
fn a_canary_that_is_worse_still_is_convicted_of_that() {
    let mut given = Given::limited(Some(0.01), None);
    let verdict = given.blocks(30, failing(90, &[10]), failing(45, &[855]));
    assert_eq!(ground(&verdict), Ground::Evidence(Metric::ErrorRate));
}

#[test]
fn the_limits_hold_in_probation() {
    let slow = failing(0, &[90, 0, 0, 0, 0, 0, 0, 10]);
    let mut given = Given::limited(None, Some(Duration::from_millis(90)));
    given.blocks(20, failing(0, &[100]), failing(0, &[900]));
    given.at(100);
    assert_eq!(given.blocks(3, failing(0, &[100]), SILENT), Verdict::Pass);
    assert_eq!(ground(&given.blocks(40, slow, SILENT)), Ground::Guardrail(Metric::LatencyP99));
}

#[test]
fn what_stable_broke_before_probation_is_not_held_against_the_canary() {
    let slow = failing(0, &[90, 0, 0, 0, 0, 0, 0, 10]);
    let mut given = Given::limited(None, Some(Duration::from_millis(90)));
    assert_eq!(given.blocks(20, slow, slow), Verdict::Shared(Metric::LatencyP99));
    given.at(100);
    assert_eq!(given.blocks(100, slow, SILENT), Verdict::Shared(Metric::LatencyP99));
}

#[test]
fn a_limit_that_stable_never_quite_kept_is_not_held_against_the_canary_afterwards() {
    let mut given = Given::limited(Some(0.02), None);
    given.blocks(10, failing(3, &[97]), failing(27, &[873]));
    given.at(100);
    let verdict = given.blocks(200, failing(3, &[97]), SILENT);
    assert!(!matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
}

#[test]
fn a_burst_of_one_block_breaks_no_limit() {
    let mut given = Given::limited(Some(0.01), Some(Duration::from_millis(90)));
    let burst = given.block(failing(0, &[0, 0, 0, 0, 0, 0, 0, 0, 100]), SILENT);
    assert!(matches!(burst, Verdict::NotEnough(_)), "{burst:?}");
}

#[test]
fn keys_that_are_not_known_to_be_good_yet_break_no_limit() {
    let mut given = Given::limited(Some(0.1), None);
    let firsts = |first_failed, first_answered| ByRequest { first_failed, first_answered, ..ByRequest::default() };
    // By their keys alone, all are bad.
    let keyed = ArmSample { by_request: Some(firsts(1, &[99])), ..failing(10, &[]) };
    let of_stable = ArmSample { by_request: Some(firsts(9, &[891])), ..failing(90, &[]) };
    let verdict = given.blocks(15, keyed, of_stable);
    assert!(matches!(verdict, Verdict::NotEnough(_)), "{verdict:?}");
}

#[test]
fn a_budget_of_failed_requests_is_used_up_at_every_weight_and_by_the_canary_alone() {
    let mut given = Given::allowed(5, 0);
    given.block(failing(2, &[1_000]), failing(900, &[9_000]));
    given.at(50);
    given.block(failing(2, &[1_000]), failing(900, &[9_000]));
    given.at(100);
    assert_eq!(given.block(failing(0, &[1_000]), SILENT), Verdict::Pass);
    let last = given.block(failing(1, &[1_000]), SILENT);
    assert_eq!(ground(&last), Ground::BlastRadius(BlastLimit::Requests));
    assert_eq!(ground(&given.block(failing(0, &[1_000]), SILENT)), Ground::BlastRadius(BlastLimit::Requests));
}

#[test]
fn a_budget_of_clients_is_used_up_by_clients() {
    let mut given = Given::allowed(0, 3);
    let mut block_with = |failed_users| {
        given.damage.failed_users = failed_users;
        given.block(failing(4, &[1_000]), failing(40, &[9_000]))
    };
    for verdict in [block_with(0), block_with(2)] {
        assert!(!matches!(verdict, Verdict::Fail(_)), "{verdict:?}");
    }
    let Verdict::Fail(breach) = block_with(3) else { panic!("three have failed") };
    assert_eq!(breach.ground, Ground::BlastRadius(BlastLimit::Users));
    assert_eq!(breach.counts.canary, Tally { bad: 12, good: 3_000 });
}

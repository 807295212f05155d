//! A judge that is kept and taken up again is the judge that it was, to the last bit.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use canary_config::criteria::Profile;
use canary_config::plan::Plan;
use canary_config::weight::Weight;
use canary_controller::analysis::{ArmSample, Arms, Judge, Kept, Tally};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

use super::judge::{EDGES, plan, weight};

const ROLLOUTS: u64 = 200;
const LOOKS: usize = 60;
static OTHER_EDGES: [Duration; 1] = [Duration::from_millis(10)];

fn any_plan(rng: &mut impl Rng) -> Plan {
    let mut plan = plan(&[10, 25, 50]);
    plan.criteria.profile = Profile::ALL[rng.random_range(0..Profile::ALL.len())];
    plan.criteria.guardrails.error_rate = rng.random_bool(0.5).then_some(0.02);
    plan.criteria.guardrails.p99 = rng.random_bool(0.5).then_some(Duration::from_millis(80));
    plan.criteria.blast_radius.max_failed_requests = NonZeroU64::new(rng.random_range(0..200));
    plan
}

/// What the ledgers may have scored between two looks.
fn observe(judges: &mut [&mut Judge], rng: &mut impl Rng, now: Instant) {
    let mut arm = || {
        let buckets: [[u64; 9]; 3] = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(0..40)));
        let counts: [u64; 5] = std::array::from_fn(|_| rng.random_range(0..20) / 15);
        (buckets, counts)
    };
    let (canary, stable) = (arm(), arm());
    let [canary, stable] = [&canary, &stable].map(|(buckets, counts)| ArmSample {
        refused: counts[0],
        failed: counts[1],
        successes: &buckets[0],
        became_overdue: [counts[2], counts[3], counts[4]],
        overdue: [&buckets[1], &[], &buckets[2]],
        abandoned: &buckets[1],
        ..ArmSample::default()
    });
    let weight = [weight(10), weight(25), weight(50), Weight::FULL][rng.random_range(0..4)];
    for judge in judges {
        judge.observe(weight, &Arms { canary, stable }, now);
    }
}

/// Through its text, as a store keeps it.
fn kept(judge: &Judge, now: Instant) -> Kept {
    let kept = judge.keep(now);
    let text = serde_json::to_string(&kept).expect("plain values");
    let read = serde_json::from_str(&text).expect("what was written");
    assert_eq!(kept, read);
    read
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn evidence_that_was_kept_is_the_evidence_without_a_stop() {
    for seed in 0..ROLLOUTS {
        let mut rng = SmallRng::seed_from_u64(seed);
        let plan = any_plan(&mut rng);
        let mut whole = Judge::new(&plan, &EDGES);
        whole.know_stable(Tally { bad: 3, good: 997 });
        let mut kept_up = whole.clone();
        let mut now = Instant::now();
        for look in 0..LOOKS {
            if rng.random_bool(0.1) {
                let weight = [10, 25, 50, 100].map(weight)[rng.random_range(0..4)];
                whole.set_weight(weight, now);
                kept_up.set_weight(weight, now);
            }
            observe(&mut [&mut whole, &mut kept_up], &mut rng, now);
            now += Duration::from_millis(rng.random_range(0..5_000));
            if rng.random_bool(0.3) {
                let kept = kept(&kept_up, now);
                kept_up = Judge::new(&plan, &EDGES).restore(kept, now).expect("the same plan");
            }
            whole.tick(now);
            kept_up.tick(now);
            let step = rng.random_range(0..3);
            assert_eq!(whole.verdict(step), kept_up.verdict(step), "seed {seed}, look {look}");
            assert_eq!(whole.keep(now), kept_up.keep(now), "seed {seed}, look {look}");
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn evidence_of_another_plan_is_not_taken_up() {
    let now = Instant::now();
    let judge = |percents: &[u16]| {
        let mut judge = Judge::new(&plan(percents), &EDGES);
        judge.set_weight(weight(10), now);
        judge
    };
    let kept = judge(&[10, 25]).keep(now);
    judge(&[10, 25]).restore(kept.clone(), now).expect("the same plan");
    judge(&[10, 30]).restore(kept.clone(), now).expect_err("another weight");
    judge(&[10]).restore(kept.clone(), now).expect_err("a step less");
    let mut limited = plan(&[10, 25]);
    limited.criteria.guardrails.error_rate = Some(0.01);
    Judge::new(&limited, &EDGES).restore(kept.clone(), now).expect_err("a limit more");
    Judge::new(&plan(&[10, 25]), &OTHER_EDGES).restore(kept, now).expect_err("other edges");
}

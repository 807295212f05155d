//! The forecast against the real judge at seeded traffic: how far off it may be.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use canary_config::plan::Plan;
use canary_controller::analysis::forecast::{Forecast, Outlook, Spread};
use canary_controller::analysis::{Arms, Judge, Tally, Verdict};
use canary_proxy::histogram::{BUCKETS, EDGES_US};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::judge::{plan, sample};

static EDGES: LazyLock<Vec<Duration>> =
    LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

/// How often the judge is asked.
const LOOK: Duration = Duration::from_secs(1);

/// Longer than any of these rollouts takes.
const LOOKS_MAX: u32 = 4 * 60 * 60;

const ROLLOUTS: usize = 15;

/// What stable and the canary do.
#[derive(Clone, Copy)]
struct Given {
    per_second: u32,
    errors: Arms<f64>,
    slowdown: f64,
}

/// A rollout whose requests are drawn by lot.
struct Lots {
    given: Given,
    judge: Judge,
    rng: SmallRng,
    start: Instant,
    looks: u32,
}

// === impl Lots ===

impl Lots {
    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn new(given: Given, plan: &Plan, seed: usize) -> Self {
        let judge = Judge::new(plan, &EDGES);
        let rng = SmallRng::seed_from_u64(seed as u64);
        Self { given, judge, rng, start: Instant::now(), looks: 0 }
    }

    /// Stays at a step of the plan until there is a verdict on it, and says when that was.
    fn until_verdict(&mut self, plan: &Plan, step: usize) -> (Verdict, Duration) {
        let weight = plan.steps[step].weight;
        self.judge.set_weight(weight, self.start + LOOK * self.looks);
        while self.looks < LOOKS_MAX {
            self.looks += 1;
            let now = self.start + LOOK * self.looks;
            let (errors, canary, stable) = self.requests(weight.ratio());
            self.judge.observe(weight, &sample(errors, Arms { canary: &canary, stable: &stable }), now);
            let verdict = self.judge.verdict(step);
            if matches!(verdict, Verdict::Pass | Verdict::Fail(_)) {
                return (verdict, LOOK * self.looks);
            }
            self.judge.tick(now);
        }
        panic!("there is no verdict")
    }

    fn requests(&mut self, share: f64) -> (Arms<u64>, [u64; BUCKETS], [u64; BUCKETS]) {
        let (mut errors, mut canary, mut stable) = (Arms::default(), [0; BUCKETS], [0; BUCKETS]);
        for _ in 0..self.given.per_second {
            let is_canary = self.chance() < share;
            let (rate, slowdown) = if is_canary {
                (self.given.errors.canary, self.given.slowdown)
            } else {
                (self.given.errors.stable, 1.0)
            };
            let is_bad = self.chance() < rate;
            let bucket = self.bucket(slowdown);
            match (is_canary, is_bad) {
                (true, true) => errors.canary += 1,
                (true, false) => canary[bucket] += 1,
                (false, true) => errors.stable += 1,
                (false, false) => stable[bucket] += 1,
            }
        }
        (errors, canary, stable)
    }

    /// Latencies as they are typical (Box and Muller).
    fn bucket(&mut self, slowdown: f64) -> usize {
        let deviations = (-2.0 * (1.0 - self.chance()).ln()).sqrt() * (std::f64::consts::TAU * self.chance()).cos();
        let latency = Duration::from_secs_f64(0.05 * slowdown * (0.8 * deviations).exp());
        EDGES.partition_point(|edge| *edge < latency)
    }

    fn chance(&mut self) -> f64 {
        self.rng.random()
    }
}

/// The steps without times of their own, so that evidence alone decides.
fn bare(percents: &[u16]) -> Plan {
    let mut plan = plan(percents);
    for step in &mut plan.steps {
        (step.min_duration, step.max_duration) = (Duration::ZERO, Duration::from_secs(24 * 60 * 60));
    }
    plan
}

fn forecast(plan: &Plan, given: Given) -> Forecast {
    let outlook = Outlook {
        per_second: f64::from(given.per_second),
        error_rate: given.errors.stable,
        spread: Spread::typical(&EDGES),
    };
    Forecast::new(plan, &outlook, Tally::default())
}

/// The middle one and that which one in ten exceeds.
fn middle_and_late(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[times.len() * 9 / 10]]
}

/// The middle rollout is within a factor of two, and few take more than three times as long.
fn assert_about(times: Vec<Duration>, foreseen: Duration, what: &str) {
    let [middle, late] = middle_and_late(times);
    let shown = format!("{what}: foreseen {foreseen:?}, in truth {middle:?}, at times {late:?}");
    assert!(middle <= foreseen * 2 + LOOK && foreseen <= middle * 2 + LOOK, "{shown}");
    assert!(late <= foreseen * 3 + LOOK, "{shown}");
}

#[test]
fn a_good_rollout_takes_about_as_long_as_foreseen() {
    for (per_second, error_rate) in [(20, 0.0), (20, 0.001), (100, 0.01), (200, 0.05)] {
        let given = Given { per_second, errors: Arms { canary: error_rate, stable: error_rate }, slowdown: 1.0 };
        let plan = bare(&[10, 25, 50]);
        let foreseen = forecast(&plan, given).until_full().expect("it comes to its end");
        // Now and then a good one is sent back; then there is no time that it took.
        let times = (0..ROLLOUTS).filter_map(|seed| {
            let mut lots = Lots::new(given, &plan, seed);
            let verdicts = (0..plan.steps.len()).map(|step| lots.until_verdict(&plan, step));
            let all: Vec<_> = verdicts.take_while(|(verdict, _)| *verdict == Verdict::Pass).collect();
            (all.len() == plan.steps.len()).then(|| all[all.len() - 1].1)
        });
        let times: Vec<_> = times.collect();
        assert!(times.len() + 2 > ROLLOUTS, "{per_second} {error_rate}: too many were sent back");
        assert_about(times, foreseen, &format!("{per_second}/s at {error_rate}"));
    }
}

#[test]
fn errors_are_found_about_as_soon_as_foreseen() {
    for (per_second, stable, percent) in [(20, 0.0, 10), (100, 0.001, 10), (100, 0.01, 25)] {
        let mut plan = bare(&[percent]);
        plan.steps[0].min_duration = Duration::from_secs(120);
        let given = Given { per_second, errors: Arms { canary: stable, stable }, slowdown: 1.0 };
        let found = forecast(&plan, given).steps[0].errors.expect("something is found");
        let given = Given { errors: Arms { canary: found.error_rate, stable }, ..given };
        let times = convictions(given, &plan);
        assert_about(times, found.after, &format!("{per_second}/s, {stable} to {}", found.error_rate));
    }
}

#[test]
fn slowness_is_found_about_as_soon_as_foreseen() {
    for (per_second, percent) in [(20, 10), (100, 25)] {
        let mut plan = bare(&[percent]);
        plan.steps[0].min_duration = Duration::from_secs(120);
        let given = Given { per_second, errors: Arms::default(), slowdown: 1.0 };
        let found = forecast(&plan, given).steps[0].slowdown.expect("something is found");
        let given = Given { slowdown: found.times, ..given };
        assert_about(convictions(given, &plan), found.after, &format!("{per_second}/s, {} times", found.times));
    }
}

/// When rollouts of a canary that does harm are sent back.
fn convictions(given: Given, plan: &Plan) -> Vec<Duration> {
    let times = (0..ROLLOUTS).map(|seed| match Lots::new(given, plan, seed).until_verdict(plan, 0) {
        (Verdict::Fail(_), time) => time,
        // What was let pass was found too late.
        _ => Duration::MAX / 8,
    });
    times.collect()
}

//! Two releases that are alike, in a bad environment: when a shared dependency is down both fail, and the canary's probes
//! often see that first. Whatever keeps the canary from requests, neither arm looks worse for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_config::cohort::Assignment;
use canary_proxy::cohort::{Cohort, CohortKey, Salt};
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::slow_start::SlowStart;
use canary_proxy::table::{Asker, Pick, Route};
use canary_proxy::track::Track::{self, Canary, Stable};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt as _, SeedableRng as _};

use crate::stage::{scored, stable};

const SEED: u64 = 0xaa;
const WEIGHTS: [u16; 3] = [1_000, 2_500, 5_000];
const TRIES: u64 = 40;
const REQUESTS: usize = 2_000;
/// Requests that a request may overlap with.
const OVERLAP_MAX: usize = 60;
/// Seeds are fixed, so that this decides once and for all.
const DEVIATIONS: f64 = 4.5;

/// Failures and successes of the canary and of stable.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    failures: [u64; 2],
    successes: [u64; 2],
}

/// The shared dependency, as it comes and goes.
#[derive(Default)]
struct Weather {
    is_bad: bool,
    sees_canary_ready: bool,
}

/// What was compared, and what would have been if every request counted for whoever served it.
struct Run {
    compared: Counts,
    served: Counts,
}

// === impl Weather ===

impl Weather {
    fn change(&mut self, rng: &mut impl Rng) {
        if rng.random_bool(0.01) {
            self.is_bad = rng.random_bool(0.3);
            self.sees_canary_ready = rng.random_bool(if self.is_bad { 0.2 } else { 0.9 });
        }
    }

    fn outcome(&self, rng: &mut impl Rng) -> Outcome {
        let is_failed = rng.random_bool(if self.is_bad { 0.6 } else { 0.02 });
        if is_failed { Outcome::ServerError } else { Outcome::Success }
    }
}

// === impl Counts ===

impl Counts {
    fn add(&mut self, track: Track, outcome: Outcome, count: u64) {
        let of = if outcome == Outcome::Success { &mut self.successes } else { &mut self.failures };
        of[usize::from(track == Stable)] += count;
    }
}

/// By how many standard deviations the canary's part of these is not its weight.
fn deviations([canary, stable]: [u64; 2], bp: u16) -> f64 {
    let (all, share) = ((canary + stable) as f64, f64::from(bp) / 10_000.0);
    (canary as f64 - all * share).abs() / (all * share * (1.0 - share)).sqrt()
}

#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn hearing(assignment: &Assignment, number: u64) -> Arc<Hearing> {
    let cohort = Cohort::of(assignment, number, Salt::derive(&[5; 32], "web", number), Instant::now());
    Arc::new(Hearing { cohort, slow_start: Arc::new(SlowStart::new()), ..Hearing::default() })
}

/// A try, whose canary begins small: the table with it, and the one while it is not ready.
fn tables(assignment: &Assignment, number: u64, bp: u16, ledger: &Arc<Ledger>) -> [Arc<Route>; 2] {
    let hearing = hearing(assignment, number);
    let [safe, canary] = [1, 2].map(|port| ([127, 0, 0, 1], port).into());
    [&[canary][..], &[]].map(|ready| stable(&[safe]).heard(ready, bp, ledger, &hearing).route())
}

fn run(assignment: &Assignment, bp: u16) -> Run {
    let (mut rng, mut weather) = (SmallRng::seed_from_u64(SEED), Weather::default());
    let mut run = Run { compared: Counts::default(), served: Counts::default() };
    for number in 0..TRIES {
        let ledger = Arc::<Ledger>::default();
        let [ready, unready] = tables(assignment, number, bp, &ledger);
        let mut in_flight: Vec<(usize, Outcome, Pick)> = Vec::new();
        for now in 0..REQUESTS {
            weather.change(&mut rng);
            for (_, outcome, mut pick) in in_flight.extract_if(.., |(ends, ..)| *ends == now) {
                pick.score(outcome, Duration::ZERO);
            }
            let asker = Asker { key: Some(CohortKey(rng.next_u64())), ..Asker::default() };
            let route = if weather.sees_canary_ready { &ready } else { &unready };
            let (pick, outcome) = (route.pick(&asker, &mut rng).unwrap(), weather.outcome(&mut rng));
            run.served.add(pick.track, outcome, 1);
            in_flight.push((now + rng.random_range(1..=OVERLAP_MAX), outcome, pick));
        }
        in_flight.into_iter().for_each(|(_, outcome, mut pick)| pick.score(outcome, Duration::ZERO));
        for track in [Canary, Stable] {
            scored(&ledger, track).into_iter().for_each(|(end, count)| run.compared.add(track, end, count));
        }
    }
    run
}

#[test]
fn what_keeps_a_canary_from_requests_makes_neither_arm_look_worse() {
    for assignment in [Assignment::Request, Assignment::Ip] {
        for bp in WEIGHTS {
            let Run { compared, served } = run(&assignment, bp);
            let at = format!("{assignment} at {bp} bp, seed {SEED}: {compared:?} of {served:?}");
            assert!(deviations(compared.failures, bp) < DEVIATIONS, "{at}");
            assert!(deviations(compared.successes, bp) < DEVIATIONS, "{at}");
            let failures: u64 = compared.failures.iter().sum();
            assert!(failures > 2_000, "so few failures prove little: {at}");
            // With every request counted where it was served, stable would look far worse than the canary.
            let rate = |of: usize| served.failures[of] as f64 / (served.failures[of] + served.successes[of]) as f64;
            assert!(rate(1) > 1.3 * rate(0), "this environment would mislead nobody: {at}");
        }
    }
}

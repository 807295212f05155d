//! Slow start biases neither arm: of a release that is as good as stable, each arm gets what the draw alone gives it.

use std::sync::Arc;
use std::time::Duration;

use canary_config::weight::Weight;
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::slow_start::{SUCCESSES_NEEDED, SlowStart, WINDOW_MIN};
use canary_proxy::table::{Asker, Canary, Pick, Route};
use canary_proxy::track::Track;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::stage::{scored, stable};

const WEIGHTS: [u16; 4] = [1_000, 2_500, 5_000, 9_000];
/// Ticks that a request may take: so many at once that the window is full again and again.
const TICKS_MAX: usize = 200;

fn route(bp: u16, ledger: &Arc<Ledger>) -> Arc<Route> {
    let [safe, canary] = [1, 2].map(|port| ([127, 0, 0, 1], port).into());
    let mut route = (*stable(&[safe]).canary(&[canary], bp, ledger).route()).clone();
    let hearing = Hearing { slow_start: Arc::new(SlowStart::new()), ..Hearing::default() };
    let pool = route.canary.as_ref().unwrap().pool().clone();
    route.canary = Canary::new(pool, Weight::from_bp(bp).unwrap(), Arc::clone(ledger), Arc::new(hearing));
    Arc::new(route)
}

/// What a request will come to, whoever answers it: how many ticks it takes, and how it ends.
fn fate(rng: &mut SmallRng, failures: f64) -> (usize, Outcome) {
    let outcome = if rng.random_bool(failures) { Outcome::ServerError } else { Outcome::Success };
    (rng.random_range(1..=TICKS_MAX), outcome)
}

/// The window as the specification has it.
#[derive(Default)]
struct Window {
    in_flight: u64,
    successes: u64,
}

impl Window {
    fn is_open(&self) -> bool {
        self.successes >= SUCCESSES_NEEDED
    }

    fn admits(&self) -> bool {
        self.is_open() || self.in_flight < WINDOW_MIN.max(2 * self.successes)
    }

    fn left(&mut self, outcome: Outcome) {
        self.in_flight -= 1;
        self.successes += u64::from(outcome == Outcome::Success);
    }
}

/// So many requests, one each tick; how many were scored, in all and in the canary's arm, and failed.
struct Played {
    free: u64,
    canary: u64,
    failed: [u64; 2],
}

fn play(seed: u64, bp: u16, failures: f64, requests: usize) -> Played {
    let ledger = Arc::<Ledger>::default();
    let route = route(bp, &ledger);
    let (mut rng, mut same) = (SmallRng::seed_from_u64(seed), SmallRng::seed_from_u64(seed));
    let mut fates = SmallRng::seed_from_u64(!seed);
    let (mut window, mut played) = (Window::default(), Played { free: 0, canary: 0, failed: [0; 2] });
    let mut in_flight: Vec<(usize, Outcome, Pick)> = Vec::new();
    for tick in 0..requests {
        for (_, outcome, mut pick) in in_flight.extract_if(.., |(ends, ..)| *ends == tick) {
            if pick.track == Track::Canary && pick.permit.is_some() {
                window.left(outcome);
            }
            pick.score(outcome, Duration::ZERO);
        }
        let (ticks, outcome) = fate(&mut fates, failures);
        let is_free = window.admits();
        let pick = route.pick(&Asker::default(), &mut rng).unwrap();
        // The chance of a request is used up only where it has one.
        let drawn = is_free && same.random_range(0..Weight::FULL.bp()) < bp;
        let at = format!("request {tick} at {bp} bp, seed {seed}");
        assert_eq!(pick.is_scored(), is_free, "{at}");
        assert_eq!(pick.track == Track::Canary, drawn, "{at}");
        window.in_flight += u64::from(drawn);
        played.free += u64::from(is_free);
        played.canary += u64::from(drawn);
        let failed = u64::from(is_free && outcome == Outcome::ServerError);
        played.failed[usize::from(drawn)] += failed;
        in_flight.push((tick + ticks, outcome, pick));
    }
    for (_, outcome, mut pick) in in_flight {
        pick.score(outcome, Duration::ZERO);
    }
    let ended = |track| scored(&ledger, track);
    let expected = |all: u64, failed: u64| {
        let counts = [(Outcome::Success, all - failed), (Outcome::ServerError, failed)];
        counts.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!(ended(Track::Canary), expected(played.canary, played.failed[1]), "{bp} bp, seed {seed}");
    assert_eq!(ended(Track::Stable), expected(played.free - played.canary, played.failed[0]), "{bp} bp, seed {seed}");
    played
}

#[test]
fn every_free_request_goes_where_its_draw_says_and_every_other_one_counts_nowhere() {
    for bp in WEIGHTS {
        for seed in 0..20 {
            let played = play(seed, bp, 0.3, 2_000);
            assert!(played.free < 2_000, "the window was never full, which proves little: {bp} bp, seed {seed}");
        }
    }
}

#[test]
fn a_canary_that_is_as_bad_as_stable_has_its_share_of_the_failures_and_no_more() {
    // The window never opens wide: so few succeed.
    for bp in WEIGHTS {
        let rounds = (0..40).map(|seed| play(seed, bp, 0.9, 1_000));
        let (mut free, mut canary, mut failed) = (0, 0, [0; 2]);
        for played in rounds {
            free += played.free;
            canary += played.canary;
            failed = [failed[0] + played.failed[0], failed[1] + played.failed[1]];
        }
        let share = |part: u64, whole: u64| part as f64 / whole as f64;
        let expected = f64::from(bp) / 10_000.0;
        // Four standard deviations at the most: the seeds decide which side of the line it is, once and for all.
        let is_near = |part, whole: u64| {
            let deviation = (expected * (1.0 - expected) / whole as f64).sqrt();
            (share(part, whole) - expected).abs() < 4.0 * deviation
        };
        assert!(free > 1_000, "{free} scored at {bp} bp, which proves little");
        assert!(is_near(canary, free), "{canary} of {free} at {bp} bp");
        assert!(is_near(failed[1], failed[0] + failed[1]), "{failed:?} at {bp} bp");
    }
}

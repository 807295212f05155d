//! The judge a second time: every request by itself, with its latency and the moment at which it is known, and the rules
//! as they are written in the reference, its numbers included.

use std::time::{Duration, Instant};

use canary_config::criteria::Profile;
use canary_controller::analysis::metric::{BlockGain, CertificateSpec, HarmSpec, Metric};
use canary_controller::analysis::{ArmSample, Arms, Judge, Tally};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

use super::judge::{EDGES, plan, weight};
use super::slow_evidence::{Request, Slow};

const ROLLOUTS: u64 = 24;
const LOOKS: usize = 80;
const PERCENTS: [u16; 3] = [10, 25, 50];
const SHARES: [f64; 3] = [0.10, 0.25, 0.50];

/// `pi` of the error rate and of the three quantiles.
const PI: [f64; 4] = [0.50, 0.15, 0.15, 0.20];
/// In a hundred, and how many of stable's successes must be known before.
const QUANTILES: [(usize, usize); 3] = [(50, 200), (90, 200), (99, 500)];

const BLOCK: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_secs(10);

/// What becomes known of one request.
#[derive(Clone, Copy, Debug)]
enum News {
    Failed,
    Answered(Duration),
    /// It is open, and older than so many of the thresholds, where it was not before.
    Overdue(usize),
    /// It was answered after that.
    AnsweredLate(usize, Duration),
    /// Its client left after so long.
    Abandoned(Duration),
}

/// The judge, as slow as it can be.
struct SlowJudge {
    /// The error rate and the three quantiles.
    bets: Vec<Slow>,
    counts: [Arms<Tally>; 4],
    /// The edges above which a success is slow.
    thresholds: [Option<Arms<Duration>>; 3],
    /// Stable's successes, rounded up to an edge.
    known: Vec<Duration>,
    place: usize,
    block_began: Duration,
    periods: u32,
}

fn specs(profile: Profile) -> Vec<(HarmSpec, CertificateSpec)> {
    let (low, high) = if profile == Profile::Calm { (4.0, 4.0) } else { (5.0, 10.0) };
    let delta = if profile == Profile::Strict { 0.0 } else { 0.0005 };
    let tolerance = if profile == Profile::LowTraffic { 0.010 } else { 0.005 };
    let harm = |delta, mu, pi| HarmSpec { rho: 1.0, delta, mu, pi, gain: BlockGain { low, high } };
    vec![
        (harm(delta, 0.0, PI[0]), CertificateSpec { rho: 1.5, tolerance, mu: 0.0 }),
        (harm(0.0, 0.5, PI[1]), CertificateSpec { rho: 1.0, tolerance: 0.10, mu: 0.5 }),
        (harm(0.0, 0.1, PI[2]), CertificateSpec { rho: 1.0, tolerance: 0.05, mu: 0.1 }),
        (harm(0.0, 0.01, PI[3]), CertificateSpec { rho: 1.0, tolerance: 0.02, mu: 0.01 }),
    ]
}

/// The first edge at or above a latency; none above the last.
fn edge(latency: Duration) -> Option<Duration> {
    EDGES.into_iter().find(|edge| *edge >= latency)
}

// === impl SlowJudge ===

impl SlowJudge {
    fn new(profile: Profile) -> Self {
        let bets =
            specs(profile).into_iter().map(|(harm, certificate)| Slow::new(harm, certificate, &[0.25, 0.50, 1.0]));
        Self {
            bets: bets.collect(),
            counts: Default::default(),
            thresholds: [None; 3],
            known: Vec::new(),
            place: 0,
            block_began: Duration::ZERO,
            periods: 0,
        }
    }

    fn take(&mut self, news: News, is_canary: bool, share: f64) {
        match news {
            News::Failed => self.count(0, true, is_canary, share),
            News::Answered(latency) => self.answered(0, latency, is_canary, share),
            News::AnsweredLate(reached, latency) => self.answered(reached, latency, is_canary, share),
            News::Overdue(reached) => {
                (0..reached).for_each(|quantile| self.count(1 + quantile, true, is_canary, share));
            }
            News::Abandoned(waited) => {
                for quantile in 0..3 {
                    if self.is_slow(quantile, waited, is_canary) == Some(true) {
                        self.count(1 + quantile, true, is_canary, share);
                    }
                }
            }
        }
    }

    fn answered(&mut self, reached: usize, latency: Duration, is_canary: bool, share: f64) {
        self.count(0, false, is_canary, share);
        for quantile in reached..3 {
            if let Some(is_slow) = self.is_slow(quantile, latency, is_canary) {
                self.count(1 + quantile, is_slow, is_canary, share);
            }
        }
        if !is_canary {
            self.known.push(edge(latency).unwrap_or(Duration::MAX));
        }
    }

    fn is_slow(&self, quantile: usize, latency: Duration, is_canary: bool) -> Option<bool> {
        let threshold = self.thresholds[quantile]?;
        Some(latency > if is_canary { threshold.canary } else { threshold.stable })
    }

    fn count(&mut self, metric: usize, is_bad: bool, is_canary: bool, share: f64) {
        // Nothing counts for a metric that is off.
        if metric > 0 && self.thresholds[metric - 1].is_none() {
            return;
        }
        let arms = &mut self.counts[metric];
        let arm = if is_canary { &mut arms.canary } else { &mut arms.stable };
        *if is_bad { &mut arm.bad } else { &mut arm.good } += 1;
        self.bets[metric].take(Request { is_canary, is_bad }, share);
    }

    fn end_block(&mut self) {
        self.bets.iter_mut().for_each(|bets| bets.end_block(SHARES[self.place]));
        self.known.sort_unstable();
        for (threshold, (percent, needed)) in self.thresholds.iter_mut().zip(QUANTILES) {
            if self.known.len() >= needed {
                let stable = self.known[(self.known.len() * percent).div_ceil(100) - 1];
                let canary = stable.checked_add(stable / 10 + Duration::from_millis(2)).and_then(edge);
                *threshold = canary.map(|canary| Arms { canary, stable }).or(*threshold);
            }
        }
    }

    fn tick(&mut self, at: Duration) {
        while self.block_began + BLOCK <= at {
            self.end_block();
            self.block_began += BLOCK;
            while PERIOD * (self.periods + 1) <= self.block_began {
                self.bets.iter_mut().for_each(Slow::end_period);
                self.periods += 1;
            }
        }
    }

    fn set_weight(&mut self, place: usize, at: Duration) {
        if place != self.place {
            self.tick(at);
            self.end_block();
            self.bets.iter_mut().for_each(Slow::change_weight);
            (self.place, self.block_began) = (place, at);
        }
    }
}

/// What the ledgers would hand over of all this: one arm's part.
#[derive(Default)]
struct Scored {
    failed: u64,
    overdue: [u64; 3],
    abandoned: [u64; 9],
    successes: [[u64; 9]; 4],
}

impl Scored {
    fn add(&mut self, news: News) {
        let bucket = |latency| EDGES.iter().position(|edge| *edge >= latency).unwrap_or(EDGES.len());
        match news {
            News::Failed => self.failed += 1,
            News::Answered(latency) => self.successes[0][bucket(latency)] += 1,
            News::AnsweredLate(reached, latency) => self.successes[reached][bucket(latency)] += 1,
            News::Overdue(reached) => self.overdue[..reached].iter_mut().for_each(|count| *count += 1),
            News::Abandoned(waited) => self.abandoned[bucket(waited)] += 1,
        }
    }

    fn sample(&self) -> ArmSample<'_> {
        let [successes, late @ ..] = &self.successes;
        ArmSample {
            failed: self.failed,
            successes,
            became_overdue: self.overdue,
            overdue: late.each_ref().map(<[u64; 9]>::as_slice),
            abandoned: &self.abandoned,
            ..ArmSample::default()
        }
    }
}

fn any_news(rng: &mut impl Rng, error_rate: f64, slowness: f64) -> News {
    let latency = Duration::from_secs_f64(slowness * rng.random_range(0.001..0.1_f64).powi(2) * 8.0);
    match rng.random_range(0..100) {
        _ if rng.random_bool(error_rate) => News::Failed,
        0..=1 => News::Overdue(rng.random_range(1..=3)),
        2..=3 => News::AnsweredLate(rng.random_range(1..=3), latency),
        4 => News::Abandoned(latency),
        _ => News::Answered(latency),
    }
}

#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{what}: found {found:e}, expected {expected:e}"
    );
}

fn compare(judge: &Judge, slow: &SlowJudge, step: usize, what: &str) {
    let (share, evidence) = (SHARES[slow.place], judge.evidence(step));
    for (place, found) in evidence.metrics.iter().enumerate() {
        let what = format!("{what}, {}", Metric::ALL[place]);
        assert_eq!(found.counts, slow.counts[place], "{what}");
        assert_close(&what, found.ln_harm, slow.bets[place].harm(share).ln());
        assert_close(&what, found.ln_safe, slow.bets[place].safe(step).ln());
    }
    let all: f64 = PI.iter().zip(&slow.bets).map(|(pi, bets)| pi * bets.harm(share)).sum();
    assert_close(what, evidence.ln_harm, all.ln());
}

/// Requests that are known at once, of which some were routed before the last change of weight.
fn look(judge: &mut Judge, slow: &mut SlowJudge, rng: &mut impl Rng, now: Instant, of_canary: f64) {
    let routed = if rng.random_bool(0.1) { rng.random_range(0..PERCENTS.len()) } else { slow.place };
    let mut scored = Arms::<Scored>::default();
    for _ in 0..rng.random_range(0..120) {
        let is_canary = rng.random_bool(SHARES[routed]);
        let news = any_news(rng, 0.01, if is_canary { of_canary } else { 1.0 });
        slow.take(news, is_canary, SHARES[routed]);
        if is_canary { &mut scored.canary } else { &mut scored.stable }.add(news);
    }
    let sample = Arms { canary: scored.canary.sample(), stable: scored.stable.sample() };
    judge.observe(weight(PERCENTS[routed]), &sample, now);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
fn the_judge_is_what_the_reference_says_request_by_request() {
    let (start, mut were_on) = (Instant::now(), 0);
    for seed in 0..ROLLOUTS {
        let mut rng = SmallRng::seed_from_u64(seed);
        let profile = Profile::ALL[rng.random_range(0..Profile::ALL.len())];
        let mut plan = plan(&PERCENTS);
        plan.criteria.profile = profile;
        let (mut judge, mut slow) = (Judge::new(&plan, &EDGES), SlowJudge::new(profile));
        judge.set_weight(weight(PERCENTS[0]), start);
        let (slowness, mut at) = (rng.random_range(0.5..2.0), Duration::ZERO);
        for number in 0..LOOKS {
            look(&mut judge, &mut slow, &mut rng, start + at, slowness);
            if number % 2 == 0 {
                compare(&judge, &slow, rng.random_range(0..PERCENTS.len()), &format!("seed {seed}, look {number}"));
            }
            at += Duration::from_millis(rng.random_range(0..3_000));
            if rng.random_bool(0.1) {
                let place = rng.random_range(0..PERCENTS.len());
                slow.set_weight(place, at);
                judge.set_weight(weight(PERCENTS[place]), start + at);
            }
            slow.tick(at);
            judge.tick(start + at);
        }
        were_on += slow.thresholds.iter().flatten().count();
    }
    assert!(were_on as u64 > ROLLOUTS * 2, "{were_on} metrics of latency were on, which proves little");
}

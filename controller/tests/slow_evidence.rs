//! The bets a second time: request by request, in plain multiplications, with the formulas as they are written in the
//! reference, and compared with the judge's own sums of logs.

use canary_config::criteria::Profile;
use canary_controller::analysis::guard::{Guard, Tests};
use canary_controller::analysis::judge::BETA;
use canary_controller::analysis::metric::{CertificateSpec, HarmSpec, Metric};
use canary_controller::analysis::{Arms, Tally};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};

const RATIOS: [(f64, f64); 8] =
    [(1.1, 0.04), (1.25, 0.06), (1.5, 0.12), (2.0, 0.18), (3.0, 0.20), (6.0, 0.18), (15.0, 0.12), (200.0, 0.10)];
const PARTS: [(f64, f64); 5] =
    [(1.0 / 16.0, 0.05), (1.0 / 8.0, 0.10), (1.0 / 4.0, 0.20), (1.0 / 2.0, 0.25), (31.0 / 32.0, 0.40)];

const ROLLOUTS: u64 = 200;
const BLOCKS: u32 = 40;

/// How one request ended: in which arm, and whether it was bad.
#[derive(Clone, Copy)]
pub(crate) struct Request {
    pub(crate) is_canary: bool,
    pub(crate) is_bad: bool,
}

/// One capital that bets on one ratio.
struct Capital {
    ratio: f64,
    prior: f64,
    held: f64,
    won: f64,
}

/// All bets on one metric, each request as it comes.
pub(crate) struct Slow {
    harm: HarmSpec,
    certificate: CertificateSpec,
    capitals: Vec<Capital>,
    /// Capitals for each step, with the step's margin.
    safe: Vec<(f64, [f64; 5])>,
    reserve: f64,
    weight_changes: f64,
    periods: f64,
}

fn lambda(spec: &HarmSpec, ratio: f64, share: f64) -> f64 {
    let odds = share / (1.0 - share);
    let most = 1.0 / f64::max(spec.delta + spec.rho * spec.mu, spec.rho * odds * (1.0 - spec.mu));
    ((ratio - 1.0) / ((1.0 - spec.mu) * (1.0 + ratio * spec.rho * odds))).min(0.97 * most)
}

impl Slow {
    pub(crate) fn new(harm: HarmSpec, certificate: CertificateSpec, next: &[f64]) -> Self {
        let capitals = RATIOS.map(|(ratio, prior)| Capital { ratio, prior, held: 0.6 * prior, won: 1.0 });
        let safe = next.iter().map(|share| ((certificate.tolerance / share).min(0.5), [1.0; 5]));
        let (safe, capitals) = (safe.collect(), capitals.into());
        Self { harm, certificate, capitals, safe, reserve: 0.4, weight_changes: 0.0, periods: 0.0 }
    }

    pub(crate) fn take(&mut self, Request { is_canary, is_bad }: Request, share: f64) {
        let odds = share / (1.0 - share);
        let bad = f64::from(u8::from(is_bad));
        let g = |rho: f64, delta: f64, mu: f64| {
            if is_canary { bad - delta - rho * mu } else { -rho * odds * (bad - mu) }
        };
        let HarmSpec { rho, delta, mu, .. } = self.harm;
        for capital in &mut self.capitals {
            capital.won *= 1.0 + lambda(&self.harm, capital.ratio, share) * g(rho, delta, mu);
        }
        let CertificateSpec { rho, mu, .. } = self.certificate;
        for (margin, capitals) in &mut self.safe {
            let most = 1.0 / f64::max(1.0 - *margin - rho * mu, rho * odds * mu);
            for (capital, (part, _)) in capitals.iter_mut().zip(PARTS) {
                *capital *= 1.0 - part * most * g(rho, *margin, mu);
            }
        }
    }

    fn grown(&self, capital: &Capital, share: f64) -> f64 {
        let HarmSpec { rho, delta, mu, gain, .. } = self.harm;
        let failure = 1.0 + lambda(&self.harm, capital.ratio, share) * (1.0 - delta - rho * mu);
        capital.held * capital.won.min(failure.clamp(gain.low, gain.high))
    }

    pub(crate) fn harm(&self, share: f64) -> f64 {
        self.reserve + self.capitals.iter().map(|capital| self.grown(capital, share)).sum::<f64>()
    }

    pub(crate) fn safe(&self, step: usize) -> f64 {
        self.safe[step].1.iter().zip(PARTS).map(|(capital, (_, prior))| capital * prior).sum()
    }

    pub(crate) fn end_block(&mut self, share: f64) {
        let grown: Vec<f64> = self.capitals.iter().map(|capital| self.grown(capital, share)).collect();
        for (capital, grown) in self.capitals.iter_mut().zip(grown) {
            (capital.held, capital.won) = (grown, 1.0);
        }
    }

    fn release(&mut self, count: f64) {
        let mass = 0.2 / (count * (count + 1.0));
        self.capitals.iter_mut().for_each(|capital| capital.held += mass * capital.prior);
        self.reserve -= mass;
    }

    pub(crate) fn change_weight(&mut self) {
        self.weight_changes += 1.0;
        self.release(self.weight_changes);
    }

    pub(crate) fn end_period(&mut self) {
        self.periods += 1.0;
        self.release(self.periods);
    }
}

#[track_caller]
fn assert_close(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{what}: found {found:e}, expected {expected:e}");
}

fn any_shares(rng: &mut impl Rng) -> Vec<f64> {
    let mut shares: Vec<f64> = (0..3).map(|_| f64::from(rng.random_range(100..9_900_u16)) / 10_000.0).collect();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    shares
}

fn count(requests: &[Request]) -> Arms<Tally> {
    let mut row = [0_u64; 4];
    for request in requests {
        row[2 * usize::from(!request.is_canary) + usize::from(!request.is_bad)] += 1;
    }
    Arms::from(row)
}

/// Any traffic in a block, and the same in parts of any size for the guard.
fn block(guard: &mut Guard, slow: &mut [Slow], place: usize, share: f64, rng: &mut impl Rng) {
    for _ in 0..rng.random_range(0..4) {
        let flush: Vec<Vec<Request>> = slow
            .iter()
            .map(|_| {
                let (rate, requests) = (rng.random_range(0.0..0.3), rng.random_range(0..30));
                let one = |rng: &mut _| Request {
                    is_canary: RngExt::random_bool(rng, share),
                    is_bad: RngExt::random_bool(rng, rate),
                };
                (0..requests).map(|_| one(rng)).collect()
            })
            .collect();
        for (slow, requests) in slow.iter_mut().zip(&flush) {
            requests.iter().for_each(|request| slow.take(*request, share));
        }
        let counts: Vec<_> = flush.iter().map(|requests| count(requests)).collect();
        guard.flush(place, &counts, &counts);
    }
}

fn compare(guard: &Guard, slow: &[Slow], share: f64, what: &str) {
    for (slow, found) in slow.iter().zip(guard.harms()) {
        assert_close(what, found, slow.harm(share));
    }
    let all: f64 = slow.iter().map(|slow| slow.harm.pi * slow.harm(share)).sum();
    assert_close(what, guard.harm(), all);
    for step in 0..slow[0].safe.len() {
        for (slow, found) in slow.iter().zip(guard.certificates(step)) {
            assert_close(what, found.value(), slow.safe(step));
        }
    }
}

#[test]
fn sums_of_logs_are_products_of_bets_whatever_the_weights_and_the_blocks() {
    for seed in 0..ROLLOUTS {
        let mut rng = SmallRng::seed_from_u64(seed);
        let profile = Profile::ALL[rng.random_range(0..Profile::ALL.len())];
        let (harm, certificate) =
            (Metric::ALL.map(|metric| metric.harm(profile)), Metric::ALL.map(|metric| metric.certificate(profile)));
        let shares = any_shares(&mut rng);
        let next: Vec<f64> = shares.iter().skip(1).copied().chain([1.0]).collect();
        let mut guard = Guard::new(&Tests {
            harm: &harm,
            certificate: &certificate,
            steps: &shares,
            shares: &shares,
            alpha: 0.05,
            beta: BETA,
        });
        let mut slow: Vec<Slow> =
            harm.into_iter().zip(certificate).map(|(harm, certificate)| Slow::new(harm, certificate, &next)).collect();
        let mut place = 0;
        guard.set_weight(place);
        for number in 1..=BLOCKS {
            block(&mut guard, &mut slow, place, shares[place], &mut rng);
            compare(&guard, &slow, shares[place], &format!("seed {seed}, block {number}"));
            guard.end_block();
            slow.iter_mut().for_each(|slow| slow.end_block(shares[place]));
            if rng.random_bool(0.2) {
                guard.end_periods(1);
                slow.iter_mut().for_each(Slow::end_period);
            }
            let other = rng.random_range(0..shares.len());
            if rng.random_bool(0.2) && other != place {
                place = other;
                guard.set_weight(place);
                slow.iter_mut().for_each(Slow::change_weight);
            }
        }
    }
}

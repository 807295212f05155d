//! All bets of one rollout, for any set of tests, weights and promises.
//!
//! The mean of the metrics' capitals is itself such a capital, however the metrics depend on each other, so `alpha` is
//! spent once for all metrics, steps and looks: by Ville's inequality the mean reaches `1 / alpha` with a probability
//! of at most `alpha` while the canary is harmless. Certificates need no correction, as all of them must agree
//! (statistics.md, 2.4). A request is scored with the tables of the weight that it was routed at, however late it ends.

use serde::{Deserialize, Serialize};

use super::certificate::{Certificate, CertificateTable};
use super::counts::{Arms, Tally};
use super::metric::{CertificateSpec, HarmSpec};
use super::reserve::{INITIAL_MASS, Reserve};
use super::stake::{Stake, StakeTable};

/// Evidence of harm from here on forbids to pass, long before it convicts.
pub const DOUBT: f64 = 4.0;

/// What a [`Guard`] is made for.
#[derive(Clone, Copy, Debug)]
pub struct Tests<'a> {
    /// The abort side, one for each metric.
    pub harm: &'a [HarmSpec],
    /// The promotion side, one for each metric.
    pub certificate: &'a [CertificateSpec],
    /// The canary's share at each step below 100 %, 0 to 1. The margin of a step depends on the share after it.
    pub steps: &'a [f64],
    /// All shares at which requests may be routed, 0 to 1. A weight is known by its place in this list.
    pub shares: &'a [f64],
    /// The probability of ever convicting a harmless canary.
    pub alpha: f64,
    /// The probability of ever certifying a step of a canary that is worse than its margin.
    pub beta: f64,
}

/// The bets of one rollout. All memory is taken at construction.
#[derive(Clone, Debug)]
pub struct Guard {
    pi: Box<[f64]>,
    convict_at: f64,
    certify_at: f64,
    tables: Box<[WeightTables]>,
    bets: Bets,
}

/// All of a guard that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Bets {
    weight: Option<usize>,
    reserve: Reserve,
    stakes: Box<[Stake]>,
    /// A row of metrics for each step.
    certificates: Box<[Box<[Certificate]>]>,
}

#[derive(Clone, Debug)]
struct WeightTables {
    stakes: Box<[StakeTable]>,
    /// A row of metrics for each step, as in `Bets::certificates`.
    certificates: Box<[Box<[CertificateTable]>]>,
}

// === impl WeightTables ===

impl WeightTables {
    fn new(tests: &Tests<'_>, share: f64) -> Self {
        let row = |next: f64| {
            let table = |spec: &CertificateSpec| CertificateTable::new(spec, spec.margin(next), share);
            tests.certificate.iter().map(table).collect()
        };
        Self {
            stakes: tests.harm.iter().map(|spec| StakeTable::new(spec, share)).collect(),
            certificates: tests.next_shares().map(row).collect(),
        }
    }
}

// === impl Tests ===

impl Tests<'_> {
    // What passing each step would expose: the share of the step after it, all requests after the last.
    fn next_shares(&self) -> impl Iterator<Item = f64> {
        self.steps.iter().skip(1).copied().chain([1.0])
    }
}

// === impl Guard ===

impl Guard {
    /// Every bet at its start: all evidence is 1.
    #[must_use]
    pub fn new(tests: &Tests<'_>) -> Self {
        let row = |_| vec![Certificate::default(); tests.certificate.len()].into();
        Self {
            pi: tests.harm.iter().map(|spec| spec.pi).collect(),
            convict_at: 1.0 / tests.alpha,
            certify_at: 1.0 / tests.beta,
            tables: tests.shares.iter().map(|share| WeightTables::new(tests, *share)).collect(),
            bets: Bets {
                weight: None,
                reserve: Reserve::new(),
                stakes: vec![Stake::new(INITIAL_MASS); tests.harm.len()].into(),
                certificates: tests.next_shares().map(row).collect(),
            },
        }
    }

    /// Ends the block and, unless it is the first weight at all, releases stake. Nothing happens if the weight is the
    /// same. The burst cap is that of this weight from now on.
    pub fn set_weight(&mut self, weight: usize) {
        if self.bets.weight == Some(weight) {
            return;
        }
        if self.bets.weight.is_some() {
            self.end_block();
            let mass = self.bets.reserve.on_weight_change();
            self.release(mass);
        }
        self.bets.weight = Some(weight);
    }

    /// Settles outcomes of requests routed at the weight of that place: an entry for each metric of the abort side, and
    /// one for each of the promotion side. A weight without tables settles nothing.
    pub fn flush(&mut self, weight: usize, harm: &[Arms<Tally>], certificate: &[Arms<Tally>]) {
        let Some(tables) = self.tables.get(weight) else { return };
        for ((stake, counts), table) in self.bets.stakes.iter_mut().zip(harm).zip(&tables.stakes) {
            stake.flush(*counts, table);
        }
        for (row, tables) in self.bets.certificates.iter_mut().zip(&tables.certificates) {
            for ((held, counts), table) in row.iter_mut().zip(certificate).zip(tables) {
                held.flush(*counts, table);
            }
        }
    }

    /// Throws away what the test of that place has won in the open block so far. Capital may be given up at any time, and
    /// what is left is still a capital.
    pub fn forgive(&mut self, test: usize) {
        if let Some(stake) = self.bets.stakes.get_mut(test) {
            stake.forgive();
        }
    }

    /// Ends a block of two seconds.
    pub fn end_block(&mut self) {
        let Some(tables) = self.bets.weight.and_then(|weight| self.tables.get(weight)) else { return };
        for (stake, table) in self.bets.stakes.iter_mut().zip(&tables.stakes) {
            stake.end_block(table);
        }
    }

    /// Releases the stake of so many periods of ten seconds. Only right after the end of a block.
    pub fn end_periods(&mut self, periods: u64) {
        let mass = self.bets.reserve.on_periods(periods);
        self.release(mass);
    }

    pub(super) const fn bets(&self) -> &Bets {
        &self.bets
    }

    /// Takes up the bets where they were, if they are on the same tests at the same weights.
    pub(super) fn resume(&mut self, bets: Bets) -> Option<()> {
        let shape =
            |bets: &Bets| (bets.stakes.len(), bets.certificates.iter().map(|row| row.len()).collect::<Vec<_>>());
        let fits = shape(&bets) == shape(&self.bets) && bets.weight.is_none_or(|weight| weight < self.tables.len());
        fits.then(|| self.bets = bets)
    }

    fn release(&mut self, mass: f64) {
        for stake in &mut self.bets.stakes {
            stake.release(mass);
        }
    }

    /// The evidence of harm of each metric, in the order of [`Tests::harm`]: at least 0, 1 at the start.
    pub fn harms(&self) -> impl Iterator<Item = f64> {
        let tables = self.bets.weight.and_then(|weight| self.tables.get(weight));
        self.bets.stakes.iter().enumerate().map(move |(k, stake)| {
            self.bets.reserve.left() + tables.map_or(stake.capital(), |tables| stake.value(&tables.stakes[k]))
        })
    }

    /// The evidence of harm of all metrics together.
    #[must_use]
    pub fn harm(&self) -> f64 {
        self.harms().zip(&self.pi).map(|(harm, pi)| pi * harm).sum()
    }

    /// Whether the evidence of harm is enough to abort.
    #[must_use]
    pub fn convicts(&self) -> bool {
        self.harm() >= self.convict_at
    }

    /// Whether there is no evidence of harm worth a doubt.
    #[must_use]
    pub fn trusts(&self) -> bool {
        self.harm() < DOUBT
    }

    /// The place of the metric that speaks loudest for harm; the first of equals.
    #[must_use]
    pub fn culprit(&self) -> usize {
        let mut culprit = (0, f64::MIN);
        for (k, voice) in self.harms().zip(&self.pi).map(|(harm, pi)| pi * harm).enumerate() {
            if voice > culprit.1 {
                culprit = (k, voice);
            }
        }
        culprit.0
    }

    /// The certificates of a step, in the order of [`Tests::certificate`]. Past the last step the last margin counts.
    #[must_use]
    pub fn certificates(&self, step: usize) -> &[Certificate] {
        let last = self.bets.certificates.len() - 1;
        &self.bets.certificates[step.min(last)]
    }

    /// Whether one certificate is proof enough.
    #[must_use]
    pub fn certifies(&self, certificate: &Certificate) -> bool {
        certificate.value() >= self.certify_at
    }

    /// Whether all certificates of a step are there and nothing is in doubt. Without any certificate nothing passes.
    #[must_use]
    pub fn passes(&self, step: usize) -> bool {
        let certificates = self.certificates(step);
        !certificates.is_empty() && self.trusts() && certificates.iter().all(|certificate| self.certifies(certificate))
    }
}

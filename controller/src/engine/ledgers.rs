//! The ledgers that requests still score in, read into what the judge and Prometheus are shown.
//!
//! A ledger is read until the last request that holds it has ended, however late that is. What is read of it counts
//! at the weight, and for the generation, that it was opened for.

use std::collections::BTreeMap;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;
use canary_proxy::histogram::{BUCKETS, Counts, EDGES_US};
use canary_proxy::ledger::{Arm, Ledger};
use canary_proxy::outcome::Outcome;
use canary_proxy::track::Track;

use crate::analysis::{ArmSample, Arms, Sample};
use crate::rollout::Generation;

/// The bounds of the buckets that the judge is given.
pub(super) static EDGES: LazyLock<Vec<Duration>> =
    LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

/// Every ledger that is still read, and what was read of all there ever were.
#[derive(Debug, Default)]
pub(super) struct Ledgers {
    open: Vec<Open>,
    totals: BTreeMap<(ReleaseId, Track), [u64; Outcome::ALL.len()]>,
}

/// What a ledger is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Purpose {
    pub(super) generation: Generation,
    pub(super) weight: Weight,
    pub(super) stable: ReleaseId,
    pub(super) canary: ReleaseId,
}

/// A ledger that requests may still score in.
#[derive(Debug)]
struct Open {
    purpose: Purpose,
    ledger: Arc<Ledger>,
    seen: Arms<Seen>,
}

/// How far an arm has been read.
#[derive(Clone, Debug)]
struct Seen {
    failures: [u64; Outcome::ALL.len()],
    successes: Counts,
    abandoned: Counts,
}

/// What came to an arm since it was read last.
#[derive(Debug)]
struct News {
    failures: [u64; Outcome::ALL.len()],
    successes: Counts,
    abandoned: Counts,
}

// === impl Ledgers ===

impl Ledgers {
    /// The ledger for this purpose: the open one, or a new one if there is none.
    pub(super) fn open(&mut self, purpose: Purpose) -> Arc<Ledger> {
        match self.open.last() {
            Some(last) if last.purpose == purpose => Arc::clone(&last.ledger),
            _ => {
                let ledger = Arc::<Ledger>::default();
                self.open.push(Open { purpose, ledger: Arc::clone(&ledger), seen: Arms::default() });
                ledger
            }
        }
    }

    /// Whether anything may still be scored.
    pub(super) fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }

    /// Reads what was scored since the last time, and shows it ledger by ledger.
    pub(super) fn read(&mut self, mut show: impl FnMut(&Purpose, &Sample<'_>)) {
        for open in &mut self.open {
            let canary = open.seen.canary.advance(open.ledger.arm(Track::Canary));
            let stable = open.seen.stable.advance(open.ledger.arm(Track::Stable));
            for (release, track, news) in
                [(&open.purpose.canary, Track::Canary, &canary), (&open.purpose.stable, Track::Stable, &stable)]
            {
                if news.is_any() {
                    news.add_to(self.totals.entry((release.clone(), track)).or_default());
                }
            }
            let waits = Arms { canary: canary.waits(), stable: stable.waits() };
            let sample = Arms { canary: canary.sample(&waits.canary), stable: stable.sample(&waits.stable) };
            show(&open.purpose, &sample);
        }
    }

    /// Lets go of the ledgers that nobody can score in any more. To be called before [`Ledgers::read`] reads them for
    /// the last time: the answer is given for the ledgers that were unheld at that moment.
    pub(super) fn read_and_close(&mut self, show: impl FnMut(&Purpose, &Sample<'_>)) {
        // Whoever lets go of a ledger after this look has scored before the next reading.
        let is_unheld: Vec<bool> = self.open.iter().map(|open| Arc::strong_count(&open.ledger) == 1).collect();
        // The count is read without order; this makes what its last holder wrote before it let go visible here.
        fence(Ordering::Acquire);
        self.read(show);
        let mut is_unheld = is_unheld.into_iter();
        self.open.retain(|_| !is_unheld.next().unwrap_or(false));
    }

    /// What was scored in all, by release, role and outcome.
    pub(super) fn totals(&self) -> impl Iterator<Item = (&ReleaseId, Track, &[u64; Outcome::ALL.len()])> {
        self.totals.iter().map(|((release, track), totals)| (release, *track, totals))
    }

    /// Forgets the totals of releases that are not kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&ReleaseId) -> bool) {
        self.totals.retain(|(release, _), _| is_kept(release));
    }
}

// === impl Seen ===

impl Default for Seen {
    fn default() -> Self {
        Self { failures: [0; Outcome::ALL.len()], successes: [0; BUCKETS], abandoned: [0; BUCKETS] }
    }
}

impl Seen {
    /// Reads on, and gives what is new. Counters only grow, so nothing is read twice or missed.
    fn advance(&mut self, arm: &Arm) -> News {
        let failures = Outcome::ALL.map(|outcome| arm.ended_by(outcome));
        let (successes, abandoned) = (arm.successes().counts(), arm.abandoned().counts());
        let news = News {
            failures: std::array::from_fn(|at| failures[at] - self.failures[at]),
            successes: std::array::from_fn(|at| successes[at] - self.successes[at]),
            abandoned: std::array::from_fn(|at| abandoned[at] - self.abandoned[at]),
        };
        *self = Self { failures, successes, abandoned };
        news
    }
}

// === impl News ===

impl News {
    fn failed(&self) -> u64 {
        self.failures.iter().sum()
    }

    fn sample<'a>(&self, successes: &'a Counts) -> ArmSample<'a> {
        let (all, refused) = (self.failed(), self.failures[Outcome::ConnectFailed.index()]);
        let unanswered = self.failures[Outcome::Unanswered.index()];
        ArmSample { refused, failed: all - refused - unanswered, unanswered, successes, ..ArmSample::default() }
    }

    fn succeeded(&self) -> u64 {
        self.successes.iter().sum()
    }

    fn abandoned(&self) -> u64 {
        self.abandoned.iter().sum()
    }

    /// What did not fail, by time to first byte. Who left had waited so long already, in either arm: as the coin knew
    /// nothing of it, the comparison stays fair.
    fn waits(&self) -> Counts {
        std::array::from_fn(|at| self.successes[at] + self.abandoned[at])
    }

    fn is_any(&self) -> bool {
        self.failed() + self.succeeded() + self.abandoned() > 0
    }

    fn add_to(&self, totals: &mut [u64; Outcome::ALL.len()]) {
        for (total, new) in totals.iter_mut().zip(self.failures) {
            *total += new;
        }
        totals[Outcome::Success.index()] += self.succeeded();
        totals[Outcome::ClientGone.index()] += self.abandoned();
    }
}

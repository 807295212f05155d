//! The ledgers of one try that requests still score in, read into what the judge and Prometheus are shown.
//!
//! A ledger is read until the last request that holds it has ended, however late that is. What is read of it counts
//! at the weight that it was opened for.

use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use canary_config::weight::Weight;
use canary_proxy::cohort::Keys;
use canary_proxy::histogram::EDGES_US;
use canary_proxy::ledger::{Ledger, THRESHOLDS};
use canary_proxy::track::Track;

use crate::analysis::{Arms, Sample};
use crate::witness::reading::{News, Reading};
use crate::witness::totals::Totals;

/// The bounds of the buckets that the judge is given.
pub(crate) static EDGES: LazyLock<Vec<Duration>> =
    LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

/// Above what an answer is slow, by arm and metric of latency, where every such metric is on.
pub(crate) type Thresholds = Option<Arms<[Duration; THRESHOLDS]>>;

/// Every ledger of a try that is still read, and what the others came to.
#[derive(Debug, Default)]
pub(crate) struct Ledgers {
    open: Vec<Open>,
    closed: Arms<Totals>,
    keys: Option<Arc<Keys>>,
}

/// A ledger that requests may still score in.
#[derive(Debug)]
struct Open {
    weight: Weight,
    ledger: Arc<Ledger>,
    read: Arms<Reading>,
}

// === impl Ledgers ===

impl Ledgers {
    /// Those of a try that goes by these keys, if it goes by keys.
    pub(crate) fn of(keys: Option<&Arc<Keys>>) -> Self {
        Self { keys: keys.cloned(), ..Self::default() }
    }

    /// The ledger for this weight: the open one, or a new one if there is none.
    pub(crate) fn open(&mut self, weight: Weight) -> Arc<Ledger> {
        match self.open.last() {
            Some(last) if last.weight == weight => Arc::clone(&last.ledger),
            _ => {
                let ledger = Arc::<Ledger>::default();
                self.open.push(Open { weight, ledger: Arc::clone(&ledger), read: Arms::default() });
                ledger
            }
        }
    }

    /// Whether nothing can be scored any more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.open.is_empty()
    }

    /// Reads what was scored since the last time, and what has become overdue, and shows it weight by weight.
    pub(crate) fn read(&mut self, now: Instant, thresholds: &Thresholds, mut show: impl FnMut(Weight, &Sample<'_>)) {
        for open in &mut self.open {
            let news = open.read(now, thresholds);
            let mut sample = Arms { canary: news.canary.sample(), stable: news.stable.sample() };
            if self.keys.is_some() {
                sample.canary.by_request = Some(news.canary.by_request());
                sample.stable.by_request = Some(news.stable.by_request());
            }
            show(open.weight, &sample);
        }
    }

    /// The same, and lets go of the ledgers that nobody could score in any more before they were read.
    pub(crate) fn read_and_close(
        &mut self,
        now: Instant,
        thresholds: &Thresholds,
        show: impl FnMut(Weight, &Sample<'_>),
    ) {
        if let Some(keys) = &self.keys {
            keys.mature(now, self.open.iter().map(|open| &*open.ledger));
        }
        // Whoever lets go of a ledger after this look has scored before the next reading.
        let is_unheld: Vec<bool> = self.open.iter().map(|open| Arc::strong_count(&open.ledger) == 1).collect();
        // The count is read without order; this makes what its last holder wrote before it let go visible here.
        fence(Ordering::Acquire);
        // A key that nobody asks with any more may still become good.
        let is_over: Vec<bool> = self
            .open
            .iter()
            .zip(is_unheld)
            .map(|(open, is_unheld)| is_unheld && open.ledger.undecided() == 0)
            .collect();
        self.read(now, thresholds, show);
        let mut is_over = is_over.into_iter();
        for closed in self.open.extract_if(.., |_| is_over.next().unwrap_or(false)) {
            self.closed.canary.add(&closed.read.canary.totals());
            self.closed.stable.add(&closed.read.stable.totals());
        }
    }

    /// What the open ledgers came to so far.
    pub(crate) fn open_totals(&self) -> Arms<Totals> {
        let mut totals = Arms::<Totals>::default();
        for open in &self.open {
            totals.canary.add(&open.read.canary.totals());
            totals.stable.add(&open.read.stable.totals());
        }
        totals
    }

    /// What the ledgers came to that were closed since the last time this was asked.
    pub(crate) fn take_closed(&mut self) -> Arms<Totals> {
        std::mem::take(&mut self.closed)
    }
}

// === impl Open ===

impl Open {
    fn read(&mut self, now: Instant, thresholds: &Thresholds) -> Arms<News> {
        let mut became_overdue = Arms::<[u64; THRESHOLDS]>::default();
        let of_arm = |track| thresholds.map(|thresholds| *arm(&thresholds, track));
        // Before the arms are read: whoever is marked here and ends meanwhile is found there as what was counted.
        self.ledger.open().mark(now, of_arm, |track, reached| {
            let counts = match track {
                Track::Canary => &mut became_overdue.canary,
                Track::Stable => &mut became_overdue.stable,
            };
            for count in &mut counts[reached] {
                *count += 1;
            }
        });
        Arms {
            canary: self.read.canary.advance(self.ledger.arm(Track::Canary), became_overdue.canary),
            stable: self.read.stable.advance(self.ledger.arm(Track::Stable), became_overdue.stable),
        }
    }
}

fn arm<T>(arms: &Arms<T>, track: Track) -> &T {
    match track {
        Track::Canary => &arms.canary,
        Track::Stable => &arms.stable,
    }
}

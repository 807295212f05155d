//! A number drawn from the runs of a cell, and the target that it is held to.

use std::time::Duration;

use canary_controller::simulation::bound::{self, Side};

use super::record::Record;
use super::rival::Fate;

/// What is drawn from the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The share of runs in which the canary was sent back.
    Aborted,
    /// The share of runs in which it came to have all requests.
    Promoted,
    /// Half of the runs had sent it back by then, in seconds.
    MedianAbort,
    /// The mean time until it was sent back, in seconds.
    MeanAbort,
    /// Half of the runs had it at all requests by then, in seconds.
    MedianFull,
    /// The mean of the requests that the canary failed.
    MeanFailed,
}

/// What a figure must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
}

/// A figure of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Requests per second.
    pub rate: f64,
    /// The figure of canaryd.
    pub ours: f64,
    /// Its 99 % bound, on the side of the target.
    pub bound: f64,
    /// What it must be.
    pub limit: Limit,
    /// The figure of Flagger's rule.
    pub flagger: f64,
    /// The figure of Argo's.
    pub argo: f64,
}

// === impl Figure ===

impl Figure {
    /// The figure of these runs beside its target. There is at least one run.
    #[must_use]
    pub fn measure(self, rate: f64, records: &[Record], limit: Limit) -> Measured {
        let ours: Vec<Fate> = records.iter().map(|record| record.ours).collect();
        let flagger: Vec<Fate> = records.iter().map(|record| record.flagger).collect();
        let argo: Vec<Fate> = records.iter().map(|record| record.argo).collect();
        let bound = self.bound(&ours, limit.side());
        Measured { rate, ours: self.of(&ours), bound, limit, flagger: self.of(&flagger), argo: self.of(&argo) }
    }

    fn of(self, fates: &[Fate]) -> f64 {
        let values = self.values(fates);
        match self {
            Self::MedianAbort | Self::MedianFull => values[(values.len() - 1) / 2],
            Self::Aborted | Self::Promoted | Self::MeanAbort | Self::MeanFailed => {
                values.iter().sum::<f64>() / values.len() as f64
            }
        }
    }

    fn bound(self, fates: &[Fate], side: Side) -> f64 {
        let values = self.values(fates);
        match self {
            Self::Aborted | Self::Promoted => {
                bound::share(values.iter().filter(|value| **value > 0.0).count(), values.len(), side)
            }
            Self::MedianAbort | Self::MedianFull => bound::median(&values, side),
            Self::MeanAbort | Self::MeanFailed => bound::mean(&values, side),
        }
    }

    /// The value of each run, the least first. What has not happened happens in eternity.
    fn values(self, fates: &[Fate]) -> Vec<f64> {
        let seconds = |at: Option<Duration>| at.map_or(f64::INFINITY, |at| at.as_secs_f64());
        let share = |is_so: bool| if is_so { 1.0 } else { 0.0 };
        let value = |fate: &Fate| match self {
            Self::Aborted => share(fate.aborted_at.is_some()),
            Self::Promoted => share(fate.full_at.is_some()),
            Self::MedianAbort | Self::MeanAbort => seconds(fate.aborted_at),
            Self::MedianFull => seconds(fate.full_at),
            Self::MeanFailed => fate.failed as f64,
        };
        let mut values: Vec<f64> = fates.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

// === impl Limit ===

impl Limit {
    /// The number itself.
    #[must_use]
    pub const fn value(self) -> f64 {
        match self {
            Self::AtMost(value) | Self::AtLeast(value) => value,
        }
    }

    const fn side(self) -> Side {
        match self {
            Self::AtMost(_) => Side::Low,
            Self::AtLeast(_) => Side::High,
        }
    }

    fn allows(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

// === impl Measured ===

impl Measured {
    /// Whether the figure keeps to its target, as far as so many runs can tell.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.limit.allows(self.bound)
    }

    /// Whether the figure itself keeps to it.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.limit.allows(self.ours)
    }
}

//! The certificates' expected course over a plan, for a canary that is as good as stable.

use canary_config::plan::Plan;
use canary_config::weight::Weight;

use super::super::certificate::{self, BET_COUNT, CertificateTable, ln_mix};
use super::super::counts::Arms;
use super::super::judge::BETA;
use super::super::metric::Metric;
use super::pace::{least, pace};
use super::{Outlook, whole};

const METRICS: usize = Metric::ALL.len();

/// More requests than could come within any forecast.
const REQUESTS_MAX: f64 = 1e13;

/// What a step's certificates need.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Need {
    /// Canary requests for each metric, from nothing.
    pub(super) fresh: [Option<u64>; METRICS],
    /// Requests of the service until all have theirs, with what the steps before have left.
    pub(super) requests: Option<f64>,
}

/// Where every certificate of a plan is expected to be.
pub(super) struct Course<'a> {
    plan: &'a Plan,
    outlook: &'a Outlook,
    /// The bets' logs of each step's certificates, by metric.
    ln: Vec<[[f64; BET_COUNT]; METRICS]>,
    stable_successes: f64,
    canary_requests: f64,
}

// === impl Course ===

impl<'a> Course<'a> {
    /// No request has come yet.
    pub(super) fn new(plan: &'a Plan, outlook: &'a Outlook) -> Self {
        let ln = vec![[[0.0; BET_COUNT]; METRICS]; plan.steps.len()];
        Self { plan, outlook, ln, stable_successes: 0.0, canary_requests: 0.0 }
    }

    /// What the certificates of a step need from here on, at its own share.
    pub(super) fn need(&self, step: usize) -> Need {
        let share = self.share(step);
        let delays = self.latency_delays(step);
        let needs = Metric::ALL.map(|metric| {
            let pace = self.pace(metric, step, step)?;
            let from = |ln: [f64; BET_COUNT]| least(REQUESTS_MAX, |requests| certifies(&ln, &pace, requests));
            let requests = from(self.ln[step][metric as usize])? + delays[metric as usize];
            Some((whole(from([0.0; BET_COUNT])? * share), requests))
        });
        Need {
            fresh: needs.map(|need| need.map(|(fresh, _)| fresh)),
            requests: needs.into_iter().try_fold(0.0, |most, need| Some(f64::max(most, need?.1))),
        }
    }

    /// How many requests come at a step before each metric is on.
    pub(super) fn latency_delays(&self, step: usize) -> [f64; METRICS] {
        let stable_share = (1.0 - self.share(step)) * (1.0 - self.outlook.error_rate);
        Metric::ALL.map(|metric| {
            let missing = metric.stable_successes_needed() as f64 - self.stable_successes;
            if missing > 0.0 { missing / stable_share } else { 0.0 }
        })
    }

    /// The canary's requests so far.
    pub(super) const fn canary_requests(&self) -> f64 {
        self.canary_requests
    }

    /// So many requests come at a step.
    pub(super) fn stay(&mut self, step: usize, requests: f64) {
        let (share, delays) = (self.share(step), self.latency_delays(step));
        for row in 0..self.ln.len() {
            for metric in Metric::ALL {
                let Some(pace) = self.pace(metric, row, step) else { continue };
                let counted = (requests - delays[metric as usize]).max(0.0);
                for (ln, pace) in self.ln[row][metric as usize].iter_mut().zip(pace) {
                    *ln += pace * counted;
                }
            }
        }
        self.stable_successes += requests * (1.0 - share) * (1.0 - self.outlook.error_rate);
        self.canary_requests += requests * share;
    }

    /// How fast the bets of one step's certificate grow at the share of another; nothing if it never comes.
    fn pace(&self, metric: Metric, row: usize, step: usize) -> Option<[f64; BET_COUNT]> {
        let next = self.plan.steps.get(row + 1).map_or(Weight::FULL, |step| step.weight).ratio();
        let (share, spec) = (self.share(step), metric.certificate(self.plan.criteria.profile));
        let table = CertificateTable::new(&spec, spec.margin(next), share);
        let bad = match metric {
            Metric::ErrorRate => Arms { canary: self.outlook.error_rate, stable: self.outlook.error_rate },
            latency => self.outlook.spread.slow(latency, 1.0)?,
        };
        Some(pace(table.ln(), share, bad))
    }

    fn share(&self, step: usize) -> f64 {
        self.plan.steps.get(step).map_or(1.0, |step| step.weight.ratio())
    }
}

fn certifies(ln: &[f64; BET_COUNT], pace: &[f64; BET_COUNT], requests: f64) -> bool {
    let grown: [f64; BET_COUNT] = std::array::from_fn(|j| ln[j] + pace[j] * requests);
    ln_mix(&grown, &certificate::PRIOR) >= BETA.recip().ln()
}

//! What the ledgers' counts prove: pure statistics, no clock, no chance, no input or output.
//!
//! Two kinds of bets run beside each other, both on the coin that sent each request to its arm. The *stakes* bet that
//! the canary does harm, and convict it; the *certificates* bet that it is safe, and let it pass. Either may be looked
//! at after every request. Time comes in as `now`; after construction nothing here allocates: all that grows is
//! numbers in arrays and boxed slices.
//!
//! Read on in [`judge`], which the engine talks to; [`guard`] holds the bets, [`stake`] and [`certificate`] their rules.

mod block;
pub mod breaker;
pub mod certificate;
pub mod confidence;
pub mod counts;
mod damage;
pub mod evidence;
mod exact;
pub mod forecast;
mod ground;
pub mod guard;
mod guardrail;
pub mod judge;
pub mod latency;
pub mod metric;
pub mod probation;
pub mod reserve;
mod sample;
pub mod stake;
mod threshold;
pub mod verdict;

pub use counts::{Arms, Tally};
pub use damage::Damage;
pub use evidence::{ArmEvidence, Evidence, Glance, MetricEvidence, ProbationEvidence};
pub use ground::{BlastLimit, BreakerRule, Ground};
pub use judge::{Judge, Kept, Misfit};
pub use metric::Metric;
pub use probation::ProbationGuard;
pub use sample::{ArmSample, ByRequest, Sample};
pub use verdict::{Breach, Shortfall, Verdict};

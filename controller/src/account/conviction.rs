//! What a canary was convicted of, in the words of the API.

use std::time::Duration;

use canary_config::weight::Weight;

use crate::analysis::{Breach, Tally};
use crate::api::{AccountConviction, AccountCounts};
use crate::rollout::Reason;

/// The breach of a canary that had this share then.
pub(super) fn of(breach: &Breach, weight: Weight, at_ms: u64) -> AccountConviction {
    AccountConviction {
        at_ms,
        weight,
        ground: Reason::of(breach.ground).label().to_owned(),
        metric: breach.metric.label().to_owned(),
        ln_abort: breach.ln_harm,
        ln_abort_at: breach.ln_needed,
        canary: counts(breach.counts.canary, breach.thresholds.map(|arms| arms.canary)),
        stable: counts(breach.counts.stable, breach.thresholds.map(|arms| arms.stable)),
    }
}

fn counts(tally: Tally, slow_above: Option<Duration>) -> AccountCounts {
    let slow_above_ms = slow_above.map(|above| above.as_secs_f64() * 1_000.0);
    AccountCounts { scored: tally.requests(), bad: tally.bad, slow_above_ms }
}

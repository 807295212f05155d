//! Above which edges of the histograms a success is slow.
//!
//! For a quantile `q`, stable's success is slow above a bucket edge `T` at stable's own quantile, and the canary's above
//! the first edge that lies a tenth above `T`, and 2 ms at least.

use std::time::Duration;

use super::counts::Arms;
use super::latency::total;

/// The canary may be slower than stable by this part of stable's quantile, as a divisor: a tenth of it,
const TOLERANCE_DIVISOR: u32 = 10;

/// and at least by this much, so that a quantile of a few microseconds does not convict.
const TOLERANCE_MIN: Duration = Duration::from_millis(2);

/// Edges are whole microseconds: one that is a tenth above another may fall short of it by so much.
const ROUNDING: Duration = Duration::from_micros(1);

/// The first bucket at or below whose edge lies at least this percentage of the counts.
pub(super) fn quantile(buckets: &[u64], percent: u64) -> Option<usize> {
    let wanted = u128::from(total(buckets)) * u128::from(percent);
    let mut below = 0_u128;
    buckets.iter().position(|count| {
        below += u128::from(*count) * 100;
        below > 0 && below >= wanted
    })
}

/// The edges of both arms for a percentile of stable's counts; nothing without any, or beyond the last edge.
pub(super) fn pair(edges: &[Duration], stable: &[u64], percent: u64) -> Option<Arms<usize>> {
    let at = quantile(stable, percent)?;
    let pair = |stable| Some(Arms { canary: tolerated(edges, stable)?, stable });
    // Where an edge lies between those that grow by a tenth, the next one may have its partner nearer.
    let is_near = |pair: &Arms<usize>| pair.canary <= pair.stable + 1;
    let (first, second) = (pair(at)?, pair(at + 1));
    Some(if is_near(&first) { first } else { second.filter(is_near).unwrap_or(first) })
}

/// Up to which edge the canary may be slower than stable is at that one.
fn tolerated(edges: &[Duration], stable: usize) -> Option<usize> {
    let edge = *edges.get(stable)?;
    let tolerated = edge.saturating_add(TOLERANCE_MIN.max(edge / TOLERANCE_DIVISOR)).saturating_sub(ROUNDING);
    edges.iter().position(|edge| *edge >= tolerated)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use canary_proxy::histogram::EDGES_US;

    use super::*;

    static EDGES: LazyLock<Vec<Duration>> =
        LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

    /// The edges of both arms where stable's quantile lies in that bucket.
    fn edges_at(bucket: usize) -> Option<Arms<Duration>> {
        let mut seen = vec![0; EDGES.len() + 1];
        seen[bucket] = 1;
        let Arms { canary, stable } = pair(&EDGES, &seen, 50)?;
        assert!(stable >= bucket && canary > stable, "{bucket}: {stable} {canary}");
        Some(Arms { canary: EDGES[canary], stable: EDGES[stable] })
    }

    #[test]
    fn the_canary_may_be_slower_by_a_tenth_and_hardly_more() {
        let slow = EDGES.iter().position(|edge| *edge >= 10 * TOLERANCE_MIN).expect("there are slow ones");
        let ratios = (slow..EDGES.len()).filter_map(edges_at).map(|edge| edge.canary.div_duration_f64(edge.stable));
        let ratios: Vec<f64> = ratios.collect();
        assert!(ratios.len() > 80 && ratios.iter().all(|ratio| (1.0999..1.111).contains(ratio)), "{ratios:?}");
    }

    #[test]
    fn a_canary_of_a_quick_stable_may_be_slower_by_two_milliseconds() {
        for edge in (0..EDGES.len()).filter_map(edges_at) {
            assert!(edge.canary + ROUNDING >= edge.stable + TOLERANCE_MIN, "{edge:?}");
        }
    }
}

//! How long a canary is waited for, by what is known of stable.

use std::time::Duration;

use canary_proxy::histogram::{Counts, EDGES_US};
use canary_proxy::table::Patience;

/// A canary that has not begun to answer after so many times stable's 99th percentile is not waited for any longer.
const FIRST_BYTE_FACTOR: u32 = 3;

/// However fast stable is.
const FIRST_BYTE_MIN: Duration = Duration::from_secs(1);

/// While nothing is known of stable.
const FIRST_BYTE_UNKNOWN: Duration = Duration::from_secs(5);

/// What moved by less than one part in so many is not worth a new table.
const WORTH_ONE_PART_IN: u32 = 10;

/// A part of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percentile(pub(crate) u64);

/// How long to wait for a canary beside a stable release with this 99th percentile, and what is remarkable.
pub(crate) fn patience(stable_p99: Option<Duration>, remarkable: Option<Duration>) -> Patience {
    let first_byte = stable_p99.map(|p99| p99.saturating_mul(FIRST_BYTE_FACTOR).max(FIRST_BYTE_MIN));
    Patience { first_byte: Some(first_byte.unwrap_or(FIRST_BYTE_UNKNOWN)), remarkable }
}

/// Whether the table should say another patience than it does.
pub(crate) fn has_moved(shown: Patience, wanted: Patience) -> bool {
    let pairs = [(shown.first_byte, wanted.first_byte), (shown.remarkable, wanted.remarkable)];
    pairs.into_iter().any(|pair| match pair {
        (Some(shown), Some(wanted)) => shown.abs_diff(wanted) > shown / WORTH_ONE_PART_IN,
        (shown, wanted) => shown != wanted,
    })
}

/// The upper bound of the bucket that a percentile falls into; nothing without a count, or beyond the last bound.
pub(crate) fn percentile(counts: &Counts, Percentile(percent): Percentile) -> Option<Duration> {
    let wanted = counts.iter().sum::<u64>() * percent;
    let mut below = 0;
    let bucket = counts.iter().position(|count| {
        below += count;
        below > 0 && below * 100 >= wanted
    })?;
    EDGES_US.get(bucket).map(|us| Duration::from_micros(*us))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_canary_is_waited_for_three_times_as_long_as_stable_and_a_second_at_least() {
        let first_byte = |p99| patience(p99, None).first_byte.expect("there is always a limit");
        assert_eq!(
            [None, Some(ms(5)), Some(ms(333)), Some(ms(334)), Some(ms(2_000))].map(first_byte),
            [ms(5_000), ms(1_000), ms(1_000), ms(1_002), ms(6_000)]
        );
    }

    #[test]
    fn a_tenth_is_not_worth_a_table_and_more_is() {
        let at = |first_byte, remarkable: Option<u64>| Patience {
            first_byte: Some(ms(first_byte)),
            remarkable: remarkable.map(ms),
        };
        let shown = at(1_000, Some(100));
        for (wanted, is_worth) in [
            (at(1_100, Some(90)), false),
            (at(1_101, Some(100)), true),
            (at(899, Some(100)), true),
            (at(1_000, Some(111)), true),
            (at(1_000, None), true),
        ] {
            assert_eq!(has_moved(shown, wanted), is_worth, "{wanted:?}");
        }
    }
}

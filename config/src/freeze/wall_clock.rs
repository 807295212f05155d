//! What a time on the wall clock of a zone is in absolute time, also where clocks are put forward or back.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// When what begins at this time begins: the first time that a clock in this zone shows it, or passes over it.
///
/// Nothing at the ends of the calendar.
pub(super) fn begin(zone: &TimeZone, shown: DateTime) -> Option<Timestamp> {
    let time = zone.to_ambiguous_timestamp(shown);
    match time.offset() {
        AmbiguousOffset::Gap { .. } => end_of_gap(zone, time.earlier().ok()?),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => time.earlier().ok(),
    }
}

/// When what ends at this time ends: the last time that a clock in this zone shows it, or passes over it.
///
/// Nothing at the ends of the calendar.
pub(super) fn end(zone: &TimeZone, shown: DateTime) -> Option<Timestamp> {
    let time = zone.to_ambiguous_timestamp(shown);
    match time.offset() {
        AmbiguousOffset::Gap { .. } => end_of_gap(zone, time.earlier().ok()?),
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => time.later().ok(),
    }
}

/// The instant at which the clocks are put forward, from one that is less than the gap before it.
fn end_of_gap(zone: &TimeZone, before: Timestamp) -> Option<Timestamp> {
    zone.following(before).next().map(|transition| transition.timestamp())
}

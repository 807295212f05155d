//! The stretches of time between two moments: one, or one every week.

use std::ops::Range;
use std::time::SystemTime;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::moment::{Moment, WeekTime};
use super::wall_clock::{begin, end};

/// When a window is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// Every week, on the wall clock of a zone. The two are never equal.
    Weekly { from: WeekTime, to: WeekTime, zone: TimeZone },
    /// Once. Never empty.
    Dated(Range<Timestamp>),
}

/// Why there is nothing between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScheduleError {
    /// One comes every week, and the other once.
    Mixed,
    /// The end is the beginning, or before it.
    Empty,
}

// === impl Schedule ===

impl Schedule {
    /// What lies between two moments on the wall clock of a zone.
    ///
    /// # Errors
    /// When that is nothing.
    pub(crate) fn new(from: Moment, to: Moment, zone: TimeZone) -> Result<Self, ScheduleError> {
        match (from, to) {
            (Moment::Weekly(from), Moment::Weekly(to)) if from == to => Err(ScheduleError::Empty),
            (Moment::Weekly(from), Moment::Weekly(to)) => Ok(Self::Weekly { from, to, zone }),
            (Moment::Dated(from), Moment::Dated(to)) => {
                let stretch = stretch(&zone, from, to).filter(|stretch| !stretch.is_empty());
                stretch.map(Self::Dated).ok_or(ScheduleError::Empty)
            }
            (Moment::Weekly(_), Moment::Dated(_)) | (Moment::Dated(_), Moment::Weekly(_)) => Err(ScheduleError::Mixed),
        }
    }

    /// When the stretch that this time lies in ends.
    pub(super) fn in_force_until(&self, at: SystemTime) -> Option<SystemTime> {
        let at = Timestamp::try_from(at).ok()?;
        let until = match self {
            Self::Dated(stretch) => stretch.contains(&at).then_some(stretch.end),
            Self::Weekly { from, to, zone } => {
                let begins = days_of_beginning(zone.to_datetime(at).date(), *from);
                let stretches = begins.filter_map(|date| weekly(zone, date, *from, *to));
                // Where the clocks are put back, one week's stretch may end after the next one has begun.
                stretches.fold(
                    None,
                    |until: Option<Timestamp>, stretch| {
                        if stretch.contains(&until.unwrap_or(at)) { Some(stretch.end) } else { until }
                    },
                )
            }
        };
        until.map(SystemTime::from)
    }
}

/// The days on which a stretch may have begun that lasts on this day, in their order, and the one after them. That one
/// counts too where the clocks are put back over midnight: what begins tomorrow may have begun.
fn days_of_beginning(today: Date, from: WeekTime) -> impl Iterator<Item = Date> {
    let last = today.checked_sub(i32::from(from.day.until(today.weekday())).days()).ok();
    last.into_iter().flat_map(|last| [-7, 0, 7].into_iter().filter_map(move |days| last.checked_add(days.days()).ok()))
}

/// The stretch that begins on this day.
fn weekly(zone: &TimeZone, date: Date, from: WeekTime, to: WeekTime) -> Option<Range<Timestamp>> {
    let days = match i32::from(from.day.until(to.day)) {
        0 if to.time <= from.time => 7,
        days => days,
    };
    let last = date.checked_add(days.days()).ok()?;
    stretch(zone, date.to_datetime(from.time), last.to_datetime(to.time))
}

fn stretch(zone: &TimeZone, from: DateTime, to: DateTime) -> Option<Range<Timestamp>> {
    Some(begin(zone, from)?..end(zone, to)?)
}

//! A walk through some weeks of a zone's wall clock, minute by minute, and what a freeze is by it.

use std::fmt;
use std::time::SystemTime;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Days before and after the one in question, so that every week that touches the middle is there as a whole.
const DAYS: i32 = 20;
/// What is looked at lies less than this around the one in question, in minutes.
const LOOKED_AT_MINUTES: usize = 5 * 24 * 60;
/// And this around it is looked at closely, whichever zone it is.
const CHANGE_MINUTES: usize = 36 * 60;

/// What a clock on the wall shows, at every minute.
pub(crate) struct Walk {
    minutes: Vec<(Timestamp, DateTime)>,
    day: Date,
}

/// A day of the week and a time, as the file has it.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Moment(Weekday, Time);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:02}:{:02}", self.0, self.1.hour(), self.1.minute())
    }
}

impl Walk {
    pub(crate) fn around(zone: &TimeZone, day: &str) -> Self {
        let day: Date = day.parse().unwrap();
        let begin = day.checked_sub(DAYS.days()).unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp();
        let minutes = (0..i64::from(DAYS) * 2 * 24 * 60).map(|minute| {
            let at = begin.checked_add(minute.minutes()).unwrap();
            (at, zone.to_datetime(at))
        });
        Self { minutes: minutes.collect(), day }
    }

    /// Two moments of a week. Every other one is near the change of the clocks.
    pub(crate) fn moments(&self, seed: u64) -> [Moment; 2] {
        let mut state = seed;
        [(); 2].map(|()| {
            // SplitMix64.
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let chance = i64::try_from(mixed >> 34).unwrap();
            let minutes = if chance % 2 == 0 { chance % (7 * 24 * 60) } else { chance / 2 % (6 * 60) - 60 };
            let shown = self.day.to_datetime(Time::midnight()).checked_add(minutes.minutes()).unwrap();
            Moment(shown.weekday(), shown.time())
        })
    }

    /// For each minute, whether a window is in force that comes every week.
    pub(crate) fn weekly(&self, from: Moment, to: Moment) -> Vec<bool> {
        let mut frozen = vec![false; self.minutes.len()];
        let first = self.minutes[0].1.date();
        for begin in first.series(1.day()).skip(1).take(2 * DAYS as usize - 10).filter(|day| day.weekday() == from.0) {
            let mut end = begin.to_datetime(to.1);
            while end.weekday() != to.0 || end <= begin.to_datetime(from.1) {
                end = end.tomorrow().unwrap();
            }
            let begin = self.minutes.iter().position(|(_, shown)| *shown >= begin.to_datetime(from.1)).unwrap();
            let last = self.minutes.iter().rposition(|(_, shown)| *shown <= end).unwrap();
            let end = if self.minutes[last].1 == end { last } else { last + 1 };
            frozen[begin..end.max(begin)].fill(true);
        }
        frozen
    }

    /// Where to look, and until when something is in force there: every boundary, often near the change of the clocks,
    /// and now and then between.
    pub(crate) fn looks(&self, frozen: &[bool]) -> impl Iterator<Item = (SystemTime, Option<SystemTime>)> {
        let minutes_away = |index: usize| index.abs_diff(self.minutes.len() / 2);
        let looked_at = (1..frozen.len() - 1).filter(move |&index| {
            let is_boundary = frozen[index] != frozen[index - 1] || frozen[index] != frozen[index + 1];
            let is_at_change = minutes_away(index) < CHANGE_MINUTES && index % 7 == 0;
            minutes_away(index) < LOOKED_AT_MINUTES && (is_boundary || is_at_change || index % 97 == 0)
        });
        looked_at.map(move |index| {
            let until = frozen[index..].iter().position(|frozen| !frozen).filter(|length| *length > 0);
            let instant = |index: usize| SystemTime::from(self.minutes[index].0);
            (instant(index), until.map(|length| instant(index + length)))
        })
    }
}

//! A time as an operator writes it: `Fri 16:00`, every week, or `2026-12-20 00:00`, once.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::quoted::Quoted;

/// The days of a week by their full names. The first three letters are enough.
const DAYS: [(&str, Weekday); 7] = [
    ("Monday", Weekday::Monday),
    ("Tuesday", Weekday::Tuesday),
    ("Wednesday", Weekday::Wednesday),
    ("Thursday", Weekday::Thursday),
    ("Friday", Weekday::Friday),
    ("Saturday", Weekday::Saturday),
    ("Sunday", Weekday::Sunday),
];
const SHORT_LENGTH: usize = 3;

/// A time on a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Every week.
    Weekly(WeekTime),
    /// Once.
    Dated(DateTime),
}

/// A day of the week and a time of that day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WeekTime {
    pub(super) day: Weekday,
    pub(super) time: Time,
}

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MomentError {
    /// Neither a day and a time nor a date and a time.
    #[error(
        "{} is not a time; write a day or a date and a time, such as \"Fri 16:00\" or \"2026-12-20 00:00\"",
        Quoted(.0)
    )]
    Shape(String),
    /// Letters, but no day.
    #[error("{} has no day of the week; write one such as Fri or Friday before the time", Quoted(.0))]
    Day(String),
    /// A date that no calendar has.
    #[error("{} has a date that does not exist; write year, month and day, such as \"2026-12-20 00:00\"", Quoted(.0))]
    Date(String),
    /// A time that no clock shows.
    #[error("{} has a time outside 00:00 to 23:59; midnight is 00:00 of the next day", Quoted(.0))]
    Clock(String),
}

// === impl Moment ===

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let shape = || MomentError::Shape(text.into());
        let (day, clock) = text.split_once(' ').ok_or_else(shape)?;
        let (hour, minute) = clock.split_once(':').ok_or_else(shape)?;
        let (hour, minute) = number(hour, 2).zip(number(minute, 2)).ok_or_else(shape)?;
        let time = Time::new(hour, minute, 0, 0).map_err(|_| MomentError::Clock(text.into()))?;
        if day.contains('-') {
            let mut parts = day.splitn(3, '-');
            let mut next = || parts.next().unwrap_or_default();
            let year = number(next(), 4).ok_or_else(shape)?;
            let (month, day) = number(next(), 2).zip(number(next(), 2)).ok_or_else(shape)?;
            let date = Date::new(year, month, day).map_err(|_| MomentError::Date(text.into()))?;
            return Ok(Self::Dated(date.to_datetime(time)));
        }
        let is_day = |name: &str| day.eq_ignore_ascii_case(name) || day.eq_ignore_ascii_case(&name[..SHORT_LENGTH]);
        let found = DAYS.iter().find(|(name, _)| is_day(name));
        let (_, day) = found.ok_or_else(|| MomentError::Day(text.into()))?;
        Ok(Self::Weekly(WeekTime { day: *day, time }))
    }
}

/// A number of so many digits.
fn number<T: FromStr>(text: &str, digits: usize) -> Option<T> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(day: Weekday, hour: i8, minute: i8) -> Moment {
        Moment::Weekly(WeekTime { day, time: Time::constant(hour, minute, 0, 0) })
    }

    #[test]
    fn a_day_has_a_short_name_and_a_full_one() {
        for (text, moment) in [
            ("Fri 16:00", weekly(Weekday::Friday, 16, 0)),
            ("friday 00:05", weekly(Weekday::Friday, 0, 5)),
            ("TUESDAY 23:59", weekly(Weekday::Tuesday, 23, 59)),
            ("2028-02-29 08:30", Moment::Dated(DateTime::constant(2028, 2, 29, 8, 30, 0, 0))),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_no_clock_and_no_calendar_shows_is_refused() {
        let error = |text: &str| text.parse::<Moment>().expect_err(text);
        for text in ["", "Fri", "16:00", "Fri16:00", "Fri 16", "Fri 16:0", "Fri +6:00", "Fri  16:00", "26-1-2 00:00"] {
            assert_eq!(error(text), MomentError::Shape(text.into()), "{text}");
        }
        for text in ["Fri 24:00", "Fri 23:60", "2026-12-20 99:00"] {
            assert_eq!(error(text), MomentError::Clock(text.into()), "{text}");
        }
        for text in ["Freitag 16:00", "Fr 16:00", " 16:00", "é 16:00"] {
            assert_eq!(error(text), MomentError::Day(text.into()), "{text}");
        }
        for text in ["2027-02-29 00:00", "2027-13-01 00:00", "2027-00-01 00:00"] {
            assert_eq!(error(text), MomentError::Date(text.into()), "{text}");
        }
    }
}

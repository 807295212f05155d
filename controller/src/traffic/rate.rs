//! A rate of requests, as it is written: `40rps`.

use std::fmt;
use std::str::FromStr;

/// More than a service here could ever get.
const PER_SECOND_MAX: f64 = 1e6;

/// Less than one request in three years is no traffic.
const PER_SECOND_MIN: f64 = 1e-8;

const SECONDS_PER_MINUTE: f64 = 60.0;

/// The units, and how many seconds each lasts.
const UNITS: [(&str, f64); 5] = [
    ("rps", 1.0),
    ("/s", 1.0),
    ("rpm", SECONDS_PER_MINUTE),
    ("/min", SECONDS_PER_MINUTE),
    ("/h", 60.0 * SECONDS_PER_MINUTE),
];

/// Requests per second: above 0, and at most a million.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

/// Why a text or a number is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// No number with a unit.
    #[error("it is no rate; write requests per second or minute, such as 40rps or 90rpm")]
    NotARate,
    /// Nothing, less, or more than there could be.
    #[error("it is no traffic; write more than none and at most 1000000 requests per second")]
    OutOfRange,
}

// === impl Rate ===

impl Rate {
    /// So many requests per second.
    ///
    /// # Errors
    /// When it is none, or not one that could be.
    pub fn per_second(requests: f64) -> Result<Self, RateError> {
        let is_possible = (PER_SECOND_MIN..=PER_SECOND_MAX).contains(&requests);
        is_possible.then_some(Self(requests)).ok_or(RateError::OutOfRange)
    }

    /// Requests per second.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let in_unit = |(unit, seconds)| Some((text.trim().strip_suffix(unit)?, seconds));
        let (number, seconds) = UNITS.into_iter().find_map(in_unit).ok_or(RateError::NotARate)?;
        let requests: f64 = number.trim_end().parse().map_err(|_| RateError::NotARate)?;
        Self::per_second(requests / seconds)
    }
}

impl fmt::Display for Rate {
    /// As it can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}rps", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_unit() {
        for (text, requests) in
            [("40rps", 40.0), ("0.5 rps", 0.5), ("1e3/s", 1_000.0), ("90rpm", 1.5), ("6/min", 0.1), (" 36/h ", 0.01)]
        {
            assert_eq!(text.parse::<Rate>().map(Rate::get), Ok(requests), "{text}");
        }
        for text in ["", "40", "rps", "rpm", "-rps", "40 r", "1_000rps", "fourty rps"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError::NotARate), "{text}");
        }
    }

    #[test]
    fn nothing_and_everything_are_no_rates() {
        for text in ["0rps", "-1rps", "1e7rps", "infrps", "NaNrps", "1e-9rps"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError::OutOfRange), "{text}");
        }
        let rate: Rate = "90rpm".parse().expect("a rate");
        assert_eq!(rate.to_string().parse(), Ok(rate));
    }
}

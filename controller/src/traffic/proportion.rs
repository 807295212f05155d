//! A part of all requests, as it is written: `0.1%`.

use std::fmt;
use std::str::FromStr;

/// A part of all requests: 0 is none, 1 is all. Finer than a weight, as errors are rarer than canaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Proportion(f64);

/// Why a text or a number is no part of all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProportionError {
    /// No number with a percent sign.
    #[error("it is no percentage; write one such as 0.1%")]
    NotAPercentage,
    /// Less than none or more than all.
    #[error("it is not between 0% and 100%")]
    OutOfRange,
}

// === impl Proportion ===

impl Proportion {
    /// The part, 0 to 1.
    ///
    /// # Errors
    /// When it is less than none or more than all.
    pub fn new(part: f64) -> Result<Self, ProportionError> {
        (0.0..=1.0).contains(&part).then_some(Self(part)).ok_or(ProportionError::OutOfRange)
    }

    /// The part, 0 to 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Proportion {
    type Err = ProportionError;

    fn from_str(text: &str) -> Result<Self, ProportionError> {
        let number = text.strip_suffix('%').ok_or(ProportionError::NotAPercentage)?;
        let percent: f64 = number.trim_end().parse().map_err(|_| ProportionError::NotAPercentage)?;
        Self::new(percent / 100.0)
    }
}

impl fmt::Display for Proportion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_written_in_percent() {
        for (text, part) in [("5%", 0.05), ("0%", 0.0), ("100%", 1.0), ("0.125 %", 0.001_25)] {
            assert_eq!(text.parse::<Proportion>().map(Proportion::get), Ok(part), "{text}");
        }
        for text in ["", "%", "5", "0.05", "five%", "5%%"] {
            assert_eq!(text.parse::<Proportion>(), Err(ProportionError::NotAPercentage), "{text}");
        }
        for text in ["-1%", "101%", "inf%", "NaN%"] {
            assert_eq!(text.parse::<Proportion>(), Err(ProportionError::OutOfRange), "{text}");
        }
    }
}

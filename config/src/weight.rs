//! The canary's share of a service's requests, in whole basis points.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::quoted::Quoted;

/// A share of requests in basis points: 0 is none, 10 000 is all of them. Stable has the rest.
///
/// An operator writes percent, as a number (`10`, `0.5`) or as text (`"10%"`, `"0.5%"`). On the wire and in the store
/// a weight is its basis points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u16);

/// Why a text or a number is no weight.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightError {
    /// Neither a number nor a number followed by `%`.
    #[error("{} is not a weight; write percent, such as 10 or \"0.5%\"", Quoted(.0))]
    NotANumber(String),
    /// Below 0 % or above 100 %.
    #[error("{} is outside 0% to 100%", Quoted(.0))]
    OutOfRange(String),
    /// Finer than a basis point.
    #[error("{} is finer than 0.01%, the smallest share there is", Quoted(.0))]
    TooFine(String),
}

// === impl Weight ===

impl Weight {
    /// No request at all.
    pub const ZERO: Self = Self(0);
    /// Every request.
    pub const FULL: Self = Self(10_000);

    /// The weight of so many basis points, or nothing above 10 000.
    #[must_use]
    pub const fn from_bp(bp: u16) -> Option<Self> {
        if bp <= Self::FULL.0 { Some(Self(bp)) } else { None }
    }

    /// Basis points, 0 to 10 000.
    #[must_use]
    pub const fn bp(self) -> u16 {
        self.0
    }

    /// The share that some instances are of all, rounded down to whole basis points. Some of all are never none, and
    /// never all.
    #[must_use]
    pub fn part_of_whole(part: usize, whole: usize) -> Self {
        if part >= whole {
            return Self::FULL;
        }
        let bp = part as u128 * u128::from(Self::FULL.0) / whole as u128;
        let shown = bp.clamp(u128::from(part > 0), u128::from(Self::FULL.0) - 1);
        u16::try_from(shown).map_or(Self::FULL, Self)
    }

    /// The same share as a fraction between 0 and 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / f64::from(Self::FULL.0)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 100, self.0 % 100);
        match (fraction, fraction % 10) {
            (0, _) => write!(f, "{whole}%"),
            (_, 0) => write!(f, "{whole}.{}%", fraction / 10),
            _ => write!(f, "{whole}.{fraction:02}%"),
        }
    }
}

impl FromStr for Weight {
    type Err = WeightError;

    /// Reads percent with or without the sign: `10`, `10%`, `0.5%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_suffix('%').unwrap_or(text).trim_end();
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(below_zero) = digits.strip_prefix('-')
            && below_zero.parse::<f64>().is_ok()
        {
            return Err(WeightError::OutOfRange(text.into()));
        }
        if !is_number(whole) || !is_number(fraction) {
            return Err(WeightError::NotANumber(text.into()));
        }
        let hundredths = fraction.trim_end_matches('0');
        if hundredths.len() > 2 {
            return Err(WeightError::TooFine(text.into()));
        }
        // `{:0<2}` turns ".5" into 50 hundredths of a percent, which are basis points.
        let bp = whole
            .parse::<u16>()
            .ok()
            .and_then(|percent| percent.checked_mul(100))
            .zip(format!("{hundredths:0<2}").parse::<u16>().ok())
            .and_then(|(percent, hundredths)| percent.checked_add(hundredths));
        bp.and_then(Self::from_bp).ok_or_else(|| WeightError::OutOfRange(text.into()))
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bp = u16::deserialize(deserializer)?;
        Self::from_bp(bp).ok_or_else(|| de::Error::custom(format_args!("{bp} basis points are more than 10000")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_basis_point_survives_being_written_and_read() {
        for bp in 0..=10_000 {
            let weight = Weight::from_bp(bp).expect("within range");
            assert_eq!(weight.to_string().parse(), Ok(weight), "{weight}");
        }
    }

    #[test]
    fn a_part_of_a_whole_is_its_share_and_never_none_or_all_of_it() {
        let bp = |part, whole| Weight::part_of_whole(part, whole).bp();
        assert_eq!([bp(1, 2), bp(1, 3), bp(2, 3), bp(3, 4), bp(7, 10)], [5_000, 3_333, 6_666, 7_500, 7_000]);
        assert_eq!([bp(0, 3), bp(3, 3), bp(4, 3), bp(0, 0)], [0, 10_000, 10_000, 10_000]);
        assert_eq!([bp(1, 1_000_000), bp(999_999, 1_000_000)], [1, 9_999]);
        assert_eq!(
            [bp(1, usize::MAX), bp(usize::MAX / 2, usize::MAX), bp(usize::MAX - 1, usize::MAX)],
            [1, 4_999, 9_999]
        );
    }

    #[test]
    fn percent_is_read_with_and_without_its_sign() {
        for (text, bp) in [("10", 1_000), ("10%", 1_000), ("0.5%", 50), ("0.05", 5), ("100.00%", 10_000), ("0", 0)] {
            assert_eq!(text.parse::<Weight>().map(Weight::bp), Ok(bp), "{text}");
        }
    }

    #[test]
    fn what_is_no_share_is_refused_with_its_own_text() {
        let error = |text: &str| text.parse::<Weight>().expect_err(text).to_string();
        assert_eq!(error("101%"), "`101%` is outside 0% to 100%");
        assert_eq!(error("-5"), "`-5` is outside 0% to 100%");
        assert_eq!(error("0.001%"), "`0.001%` is finer than 0.01%, the smallest share there is");
        assert_eq!(error("ten"), "`ten` is not a weight; write percent, such as 10 or \"0.5%\"");
        for text in ["", "%", "1e1", "1.2.3", "+5", "99999999999", "NaN", "."] {
            assert!(text.parse::<Weight>().is_err(), "{text}");
        }
    }
}

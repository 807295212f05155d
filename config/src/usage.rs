//! How much more of its host a release may use than stable does.

use std::fmt;
use std::time::Duration;

/// How much more of its host a release on trial may use than stable does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageLimits {
    /// How many times the memory of stable's containers each of its own may have. Default 4.
    pub memory: Option<Factor>,
    /// How many times the processor time of stable's requests each of its own may take. Default any.
    pub processor: Option<Factor>,
    /// So long a limit has to be exceeded without a break before it counts, and so long nothing is said at first.
    /// Default 30 s.
    pub sustained: Duration,
}

/// How many times as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor {
    milli: u32,
}

// === impl Factor ===

impl Factor {
    /// Less is too near to as much.
    pub const MIN: Self = Self { milli: 1_100 };
    /// More limits nothing.
    pub const MAX: Self = Self { milli: 1_000_000 };
    /// Four times as much.
    pub const FOUR: Self = Self { milli: 4_000 };

    /// So many thousandths of one time, if that is a factor that can be meant.
    #[must_use]
    pub fn from_milli(milli: u32) -> Option<Self> {
        let factor = Self { milli };
        (Self::MIN..=Self::MAX).contains(&factor).then_some(factor)
    }

    /// It in thousandths.
    #[must_use]
    pub const fn milli(self) -> u32 {
        self.milli
    }

    /// Whether one amount is more than this many times another one.
    #[must_use]
    pub fn is_exceeded(self, amount: u64, other: u64) -> bool {
        u128::from(amount) * 1_000 > u128::from(other) * u128::from(self.milli)
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.milli / 1_000, self.milli % 1_000);
        if part == 0 {
            return whole.fmt(f);
        }
        write!(f, "{whole}.{}", format!("{part:03}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_written_as_briefly_as_it_is_exact() {
        let texts = [1_100, 1_125, 2_000, 2_050, 1_000_000].map(|milli| Factor::from_milli(milli).unwrap().to_string());
        assert_eq!(texts, ["1.1", "1.125", "2", "2.05", "1000"]);
        assert_eq!([0, 1_099, 1_000_001].map(Factor::from_milli), [None; 3]);
    }

    #[test]
    fn a_limit_itself_is_within_it() {
        assert!(!Factor::FOUR.is_exceeded(400, 100) && Factor::FOUR.is_exceeded(401, 100));
        assert!(!Factor::MAX.is_exceeded(u64::MAX, u64::MAX) && !Factor::MIN.is_exceeded(0, 0));
    }
}

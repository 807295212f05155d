//! What the judge must be sure of before it acts.

use std::fmt;
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de};

/// The promises that a rollout's verdicts keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Criteria {
    /// The probability of ever aborting a release that is as good as stable is at most this. Default 0.05.
    pub alpha: Alpha,
    /// How much worse than stable is still as good as stable. Default [`Profile::Balanced`].
    #[serde(default)]
    pub profile: Profile,
    /// What no release may do, whatever stable does. Default nothing.
    #[serde(default)]
    pub guardrails: Guardrails,
    /// How much damage aborts at once, whatever the statistics say. Default nothing does.
    #[serde(default)]
    pub blast_radius: BlastRadius,
}

/// A set of margins for the judge (statistics.md, section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Half a tenth of a percent more errors than stable is tolerated.
    #[default]
    Balanced,
    /// No excess of errors is tolerated at all.
    Strict,
    /// One false abort in a hundred at the most, and bursts count less.
    Calm,
    /// For little traffic: fewer and larger steps, and certificates that ask for half as many requests.
    LowTraffic,
}

/// Absolute limits, at every weight and in probation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guardrails {
    /// The highest error rate, a probability between 0 and 1, both excluded.
    #[serde(default)]
    pub error_rate: Option<f64>,
    /// At most one success in a hundred may take longer than this to its first byte.
    #[serde(default)]
    pub p99: Option<Duration>,
}

/// A budget of damage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlastRadius {
    /// So many failures of the canary abort, rescued or not.
    #[serde(default)]
    pub max_failed_requests: Option<NonZeroU64>,
    /// So many clients with a failure abort. Only where the assignment is by a key.
    #[serde(default)]
    pub max_users: Option<NonZeroU64>,
}

/// A probability of error between 0 and 0.5, both excluded.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Alpha(f64);

// === impl Profile ===

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Balanced, Self::Strict, Self::Calm, Self::LowTraffic];

    /// The word for it in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Strict => "strict",
            Self::Calm => "calm",
            Self::LowTraffic => "low_traffic",
        }
    }

    /// The probability of error where none is given: that of [`Alpha::DEFAULT`], or a calm one's fifth of it.
    #[must_use]
    pub const fn alpha(self) -> Alpha {
        match self {
            Self::Balanced | Self::Strict | Self::LowTraffic => Alpha::DEFAULT,
            Self::Calm => Alpha(0.01),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Alpha ===

impl Alpha {
    /// One rollout in twenty at the most: the guarantee, not the expectation (about 0.3 % is observed).
    pub const DEFAULT: Self = Self(0.05);

    /// The probability, if it is one that can be promised.
    #[must_use]
    pub fn new(probability: f64) -> Option<Self> {
        (probability > 0.0 && probability < 0.5).then_some(Self(probability))
    }

    /// The part of each of so many that fail together: if each promises this, all together promise the whole.
    #[must_use]
    pub fn shared_among(self, all: NonZeroUsize) -> Self {
        Self((self.0 / all.get() as f64).max(f64::MIN_POSITIVE))
    }

    /// The probability itself.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Alpha {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let probability = f64::deserialize(deserializer)?;
        Self::new(probability)
            .ok_or_else(|| de::Error::custom(format_args!("alpha {probability} is not between 0 and 0.5")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_of_several_promises_adds_up_to_the_whole() {
        for all in [1, 2, 3, 1_000] {
            let share = Alpha::DEFAULT.shared_among(NonZeroUsize::new(all).expect("more than none"));
            assert!((share.get() * all as f64 - Alpha::DEFAULT.get()).abs() < 1e-15, "{all}");
        }
    }

    #[test]
    fn a_part_is_still_a_probability_that_can_be_promised() {
        let least = Alpha::new(f64::from_bits(1)).expect("above 0").shared_among(NonZeroUsize::MAX);
        assert_eq!(Alpha::new(least.get()), Some(least));
    }
}

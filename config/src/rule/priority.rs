//! Which of two rules wins that match the same request.

use std::fmt;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use super::Rule;

/// A rule's rank among those that match a request: the highest wins, and among equals the service that comes first by
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(NonZeroU32);

// === impl Priority ===

impl Priority {
    /// It wins against none.
    pub const LOWEST: Self = Self(NonZeroU32::MIN);
    /// What an operator may write.
    pub const ALLOWED: RangeInclusive<u32> = 1..=1_000_000;

    /// A priority of [`Priority::ALLOWED`].
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).filter(|_| Self::ALLOWED.contains(&number)).map(Self)
    }

    /// The priority of a rule that is given none: its length in bytes, so that the longest rule wins.
    #[must_use]
    pub fn of(rule: &Rule) -> Self {
        Self(u32::try_from(rule.text().len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

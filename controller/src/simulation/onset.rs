//! From when on the canary is what it is; before, it is like stable.

use std::time::Duration;

use canary_config::weight::Weight;

/// When a canary turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Onset {
    /// It has been so from the first request on.
    #[default]
    AtOnce,
    /// When it has this share, and from then on.
    AtWeight(Weight),
    /// So long after the rollout began.
    After(Duration),
}

// === impl Onset ===

impl Onset {
    /// Whether it has turned. Weights only rise.
    #[must_use]
    pub fn is_over(self, weight: Weight, time: Duration) -> bool {
        match self {
            Self::AtOnce => true,
            Self::AtWeight(onset) => weight >= onset,
            Self::After(onset) => time >= onset,
        }
    }
}

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
        self.turned_at(weight, time).is_some()
    }

    /// When it turned, if it has by now; that it has reached its share is known when it does.
    pub(super) fn turned_at(self, weight: Weight, time: Duration) -> Option<Duration> {
        match self {
            Self::AtOnce => Some(Duration::ZERO),
            Self::AtWeight(onset) => (weight >= onset).then_some(time),
            Self::After(onset) => (time >= onset).then_some(onset),
        }
    }
}

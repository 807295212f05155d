//! The role that a pool plays at this moment.

/// The controller's fact, never a label of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// What clients are served by unless a rollout says otherwise.
    Stable,
    /// The release on trial.
    Canary,
}

// === impl Track ===

impl Track {
    /// Its value of the label `track`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
        }
    }
}

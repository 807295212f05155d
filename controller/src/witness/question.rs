//! What is asked about a canary, and what a conviction does. The engine says it, as it follows from the phase and the probes.

/// What a verdict would be about. Whatever is asked, a canary that does harm is convicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Question {
    /// Nothing: a conviction would help nobody, as there is nothing to go back to, or the try is over.
    #[default]
    None,
    /// Whether it may leave this step of its plan, counted from zero.
    Step(usize),
    /// Whether it may stay where it is, with all requests.
    Probation,
}

// === impl Question ===

impl Question {
    /// The step that it is about. Whatever is no step's is shown beside the certificates of the first.
    pub(super) const fn step(self) -> usize {
        match self {
            Self::Step(step) => step,
            Self::None | Self::Probation => 0,
        }
    }
}

/// What a conviction does at once. The engine hears of it in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Means {
    /// It takes the canary out of the data path, as stable serves beside it.
    #[default]
    Trip,
    /// Nothing more: until the engine has given stable its requests back, there is nobody else to serve.
    Tell,
}

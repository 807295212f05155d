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

/// What a conviction does at once. The engine hears of it in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Means {
    /// It takes the canary out of the data path, as stable serves beside it.
    #[default]
    Trip,
    /// Nothing more: until the engine has given stable its requests back, there is nobody else to serve.
    Tell,
}

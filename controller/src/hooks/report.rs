//! How a hook or a smoke test went.

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Why it failed, if it did, in words.
    pub result: Result<(), String>,
    /// The last lines that it said, without what a terminal would obey.
    pub said: Vec<String>,
    /// How often it was tried.
    pub tries: u32,
}

// === impl Report ===

impl Report {
    /// What is said where there was nothing to do.
    #[must_use]
    pub const fn nothing() -> Self {
        Self { result: Ok(()), said: Vec::new(), tries: 0 }
    }

    /// This went well.
    pub(super) const fn passed(said: Vec<String>) -> Self {
        Self { result: Ok(()), said, tries: 1 }
    }

    /// This went wrong, and why.
    pub(super) fn failed(why: impl Into<String>, said: Vec<String>) -> Self {
        Self { result: Err(why.into()), said, tries: 1 }
    }

    /// First this and then that: what came last counts, and it was tried as often as the one that was tried most.
    pub(super) fn and(self, next: Self) -> Self {
        Self { tries: self.tries.max(next.tries), ..next }
    }
}

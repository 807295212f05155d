//! What a rule should say differently, though it is understood.

use std::fmt;

/// A place in a rule that means what it meant to an older proxy, and what to write there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWarning {
    column: usize,
    message: String,
}

// === impl RuleWarning ===

impl RuleWarning {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into() }
    }

    /// Where the text in question begins: bytes from the beginning of the text that was parsed.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is outdated, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for RuleWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

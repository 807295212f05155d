//! Why a text is no rule, and where in it.

/// A rule that cannot be understood, or that asks for what does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    column: usize,
    text: String,
    message: String,
}

// === impl RuleError ===

impl RuleError {
    pub(super) fn new(column: usize, text: &str, message: impl Into<String>) -> Self {
        Self { column, text: text.into(), message: message.into() }
    }

    /// Where the offending text begins: bytes from the rule's beginning.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// The offending text as it was written; empty where something is missing.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

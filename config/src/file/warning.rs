//! What is right in a configuration, and yet hardly meant.

use std::fmt;
use std::path::Path;

use super::finding::{Finding, Position, lines};

/// Everything that a reader of the file should think about, in the order of the file. One line each; often none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigWarnings(Vec<ConfigWarning>);

/// One thing to think about: where, what comes of it, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning(Finding);

// === impl ConfigWarnings ===

impl ConfigWarnings {
    pub(super) fn from_all(mut warnings: Vec<ConfigWarning>) -> Self {
        warnings.sort_by_key(ConfigWarning::position);
        Self(warnings)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigWarning> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigWarnings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(&self.0, f)
    }
}

// === impl ConfigWarning ===

impl ConfigWarning {
    pub(super) fn new(path: &Path, position: Position, key: &str, message: String) -> Self {
        Self(Finding::new(path, position, key, message))
    }

    /// Where in the file.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// The key in question, such as `services.web.rule`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// What comes of it, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "warning")
    }
}

//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::Path;

use super::finding::{Finding, Position, lines};

/// Everything that is wrong with a configuration, in the order of the file. Never empty. One line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

/// One thing that is wrong: where, with the offending text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Finding);

// === impl ConfigErrors ===

impl ConfigErrors {
    /// The errors, if there is one.
    pub(super) fn from_all(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(ConfigError::position);
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// One after the other, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(&self.0, f)
    }
}

impl std::error::Error for ConfigErrors {}

// === impl ConfigError ===

impl ConfigError {
    pub(super) fn new(path: &Path, position: Position, key: &str, message: String) -> Self {
        Self(Finding::new(path, position, key, message))
    }

    pub(super) fn unreadable(path: &Path, message: String) -> Self {
        Self(Finding::of_file(path, message))
    }

    /// Where in the file; nothing when the file itself could not be read.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.position
    }

    /// The key in question, such as `services.web.rollout.steps[2]`; empty when it is the file itself.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// What is wrong, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, "")
    }
}

impl std::error::Error for ConfigError {}

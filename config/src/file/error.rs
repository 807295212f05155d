//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a configuration, in the order of the file. Never empty. One line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

/// One thing that is wrong: where, with the offending text, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    path: PathBuf,
    position: Option<Position>,
    key: Box<str>,
    message: Box<str>,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

// === impl ConfigErrors ===

impl ConfigErrors {
    /// The errors, if there is one.
    pub(super) fn from_all(mut errors: Vec<ConfigError>) -> Option<Self> {
        errors.sort_by_key(|error| error.position);
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
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

// === impl ConfigError ===

impl ConfigError {
    pub(super) fn new(path: &Path, position: Position, key: &str, message: String) -> Self {
        Self { path: path.into(), position: Some(position), key: key.into(), message: message.into() }
    }

    pub(super) fn unreadable(path: &Path, message: String) -> Self {
        Self { path: path.into(), position: None, key: "".into(), message: message.into() }
    }

    /// Where in the file; nothing when the file itself could not be read.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The key in question, such as `services.web.rollout.steps[2]`; empty when it is the file itself.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, "{line}:{column}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

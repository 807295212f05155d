//! The way to a value through the file's tables, as messages name it.

use std::fmt;

use crate::quoted::Excerpt;

/// A dotted key, such as `services.web.rollout.steps[2]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Key(String);

// === impl Key ===

impl Key {
    /// A key of this table. What TOML wants quoted is quoted.
    pub(super) fn child(&self, name: &str) -> Self {
        let dot = if self.0.is_empty() { "" } else { "." };
        let is_bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let quote = if is_bare { "" } else { "\"" };
        Self(format!("{}{dot}{quote}{}{quote}", self.0, Excerpt(name)))
    }

    /// An element of this array, counted from 0.
    pub(super) fn item(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

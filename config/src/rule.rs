//! Which requests belong to a service: rules such as ``Host(`example.com`) && PathPrefix(`/api`)``.
//!
//! The language is that of Traefik 3: `!` binds tighter than `&&`, and that tighter than `||`; a text stands in
//! backticks or in double quotes. What Traefik 2 wrote differently is read where it can only mean one thing, with a
//! warning. The way of a rule: `token` cuts it, `parser` reads it, `name` knows the matchers, `condition` makes one of
//! them, and `argument` looks at what is between the quotes.

mod argument;
mod condition;
mod error;
mod matcher;
mod name;
mod parser;
mod path;
mod pattern;
mod priority;
mod token;
mod warning;

use std::fmt;
use std::sync::Arc;

pub use self::error::RuleError;
pub use self::matcher::Matcher;
pub use self::path::NormalPath;
pub use self::pattern::Pattern;
pub use self::priority::Priority;
pub use self::warning::RuleWarning;

/// A rule as the operator wrote it, and what it means. A clone shares both with the original.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: Arc<str>,
    matcher: Arc<Matcher>,
    warnings: Arc<[RuleWarning]>,
}

// === impl Rule ===

impl Rule {
    /// Reads a rule. Its length, its depth and what its regular expressions take up are bounded, so that no text is
    /// too much for the stack or for the memory.
    ///
    /// # Errors
    /// The first place at which the text is no rule, and what to write there.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let (matcher, warnings) = parser::parse(text)?;
        Ok(Self { text: text.trim().into(), matcher: Arc::new(matcher), warnings: warnings.into() })
    }

    /// The rule as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the rule means.
    #[must_use]
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// What is understood and should be written differently, in the order of the text.
    #[must_use]
    pub fn warnings(&self) -> &[RuleWarning] {
        &self.warnings
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

//! Which requests belong to a service: rules such as ``Host(`example.com`) && PathPrefix(`/api`)``.
//!
//! `&&` binds tighter than `||`. A text stands in backticks or in double quotes. The way of a rule: `token` cuts it,
//! `parser` reads it, `argument` looks at what is between the quotes.

mod argument;
mod error;
mod parser;
mod token;

use std::fmt;

pub use self::error::RuleError;

/// A rule as the operator wrote it, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: Box<str>,
    matcher: Matcher,
}

/// The meaning of a rule: a tree of conditions on a request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The request's host, without port and in lower case, equals this one.
    Host(Box<str>),
    /// The request's path equals this one, byte for byte.
    Path(Box<str>),
    /// The request's path begins with these bytes.
    PathPrefix(Box<str>),
    /// Every one of these holds.
    All(Vec<Matcher>),
    /// At least one of these holds.
    Any(Vec<Matcher>),
}

// === impl Rule ===

impl Rule {
    /// Reads a rule. Its length and depth are bounded, so that no text is too much for the stack.
    ///
    /// # Errors
    /// The first place at which the text is no rule, and what to write there.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        Ok(Self { text: text.trim().into(), matcher: parser::parse(text)? })
    }

    /// The rule as it was written. Its length is its priority: the longest rule that matches a request wins.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the rule means.
    #[must_use]
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

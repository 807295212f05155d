//! One condition of a rule: from a matcher's name and its texts to what it means.

use super::argument::{client, header, host, key, method, path, pattern, value};
use super::error::RuleError;
use super::matcher::Matcher;
use super::name::Name;

/// What stands between a pair of quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument<'a> {
    /// Where the text begins, behind its quote.
    pub(super) column: usize,
    pub(super) text: &'a str,
}

/// A part of an argument that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where in the argument, in bytes.
    pub(super) offset: usize,
    pub(super) message: String,
}

// === impl Argument ===

impl Argument<'_> {
    fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, Fault>) -> Result<T, RuleError> {
        read(self.text).map_err(|Fault { offset, message }| {
            let offset = self.text.floor_char_boundary(offset);
            RuleError::new(self.column + offset, &self.text[offset..], message)
        })
    }
}

// === impl Fault ===

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self { offset: 0, message }
    }
}

/// The condition of this name. The second text is there where the name takes two.
pub(super) fn condition(name: Name, first: Argument<'_>, second: Option<Argument<'_>>) -> Result<Matcher, RuleError> {
    Ok(match (name, second) {
        (Name::Host, _) => first.read(host::read)?,
        (Name::HostRegexp, _) => Matcher::HostRegexp(first.read(pattern::of_host)?),
        (Name::Path, _) => Matcher::Path(first.read(path::whole)?),
        (Name::PathPrefix, _) => Matcher::PathPrefix(first.read(path::prefix)?),
        (Name::PathRegexp, _) => Matcher::PathRegexp(first.read(pattern::of_path)?),
        (Name::Method, _) => Matcher::Method(first.read(method)?),
        (Name::ClientIp, _) => Matcher::ClientIp(first.read(client)?),
        (Name::HeaderRegexp, Some(second)) => {
            Matcher::HeaderRegexp(first.read(header)?, second.read(pattern::of_value)?)
        }
        (Name::Header, Some(second)) => Matcher::Header(first.read(header)?, second.read(value)?),
        (Name::Header | Name::HeaderRegexp, None) => {
            let message = format!("{} has one text of two; write {}", name.as_str(), name.shape());
            return Err(RuleError::new(first.column, first.text, message));
        }
        (Name::QueryRegexp, Some(second)) => Matcher::QueryRegexp(first.read(key)?, second.read(pattern::of_value)?),
        // Without a value it is there, and empty.
        (Name::Query | Name::QueryRegexp, second) => {
            Matcher::Query(first.read(key)?, second.map_or_else(Box::default, |second| second.text.into()))
        }
    })
}

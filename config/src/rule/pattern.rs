//! Regular expressions: what the operator wrote, ready to be used.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::{Error, ParserBuilder};

/// How much one compiled expression may take up, in bytes, and as much again for what each thread remembers of it.
const PATTERN_BYTES_MAX: usize = 256 * 1024;
/// The deepest groups of an expression. Reading it descends as deep.
const PATTERN_DEPTH_MAX: u32 = 64;

/// A regular expression of RE2's kind: no look-around, no back-references, and a search takes time in proportion to
/// the text, whatever the expression is.
///
/// It is found anywhere in a text unless it says `^` and `$`. As in Go, `\d`, `\s` and `\w` are ASCII. A dot is one
/// byte, so that no byte that is no text can slip past it; only where an expression needs classes of other letters it
/// is one character. Two of them are equal if they are written alike.
#[derive(Clone)]
pub struct Pattern(Regex);

/// How letters outside of ASCII are read.
#[derive(Clone, Copy)]
enum Alphabet {
    Bytes,
    Unicode,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    /// Where in the text, in bytes.
    pub(super) offset: usize,
    pub(super) message: String,
}

// === impl Pattern ===

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        // Only an expression that speaks of other letters pays for the tables of Unicode.
        Self::of(text, Alphabet::Bytes).or_else(|_| Self::of(text, Alphabet::Unicode))
    }

    fn of(text: &str, alphabet: Alphabet) -> Result<Self, PatternError> {
        let is_unicode = matches!(alphabet, Alphabet::Unicode);
        let mut syntax = ParserBuilder::new();
        syntax.nest_limit(PATTERN_DEPTH_MAX).unicode(is_unicode).utf8(false);
        // This parser knows the place of an error. The one below is the same, and only has a text for it.
        syntax.build().parse(text).map_err(|error| PatternError::of_syntax(&error))?;
        let mut builder = RegexBuilder::new(text);
        builder.nest_limit(PATTERN_DEPTH_MAX).unicode(is_unicode);
        let built = builder.size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX).build();
        built.map(Self).map_err(|_| PatternError {
            offset: 0,
            message: format!("takes more than {PATTERN_BYTES_MAX} bytes; write fewer or smaller repetitions"),
        })
    }

    /// Whether it occurs in a text.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.as_str()).finish()
    }
}

// === impl PatternError ===

impl PatternError {
    fn of_syntax(error: &Error) -> Self {
        let (offset, message) = match error {
            Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            _ => (0, "it cannot be read".to_owned()),
        };
        Self { offset, message: format!("is no regular expression: {message}; write one of RE2's kind") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
    }

    #[test]
    fn a_pattern_is_found_anywhere_unless_it_says_otherwise() {
        assert!(pattern("b+").is_match(b"abbc"));
        assert!(!pattern("^b").is_match(b"abbc"));
        assert!(pattern("^a.*c$").is_match(b"a\xff\xfec"), "a dot is any byte");
    }

    #[test]
    fn classes_are_ascii_and_other_letters_can_be_named() {
        assert!(!pattern(r"^\w$").is_match("é".as_bytes()));
        assert!(pattern(r"^\p{L}$").is_match("é".as_bytes()));
        assert!(pattern("^[àé]$").is_match("é".as_bytes()));
        assert!(pattern(r"^\w{1,63}\.example$").is_match(b"a_1.example"), "a repeated class is not too large");
    }

    #[test]
    fn an_error_has_its_place() {
        for (text, offset) in [("a(b", 1), ("é[z-a]", 3), (r"(?<n>a)\1", 7), ("(?=a)", 0), ("*", 0)] {
            let error = Pattern::parse(text).unwrap_err();
            assert!(error.offset >= offset && error.offset <= text.len(), "{text}: {error:?}");
            assert!(text.is_char_boundary(error.offset), "{text}: {error:?}");
        }
    }

    #[test]
    fn what_would_eat_memory_is_refused() {
        for text in ["(a{1000}){1000}", r"\pL{200}", "((a{100}){100}){100}"] {
            let error = Pattern::parse(text).unwrap_err();
            assert_eq!(error.message, "takes more than 262144 bytes; write fewer or smaller repetitions", "{text}");
        }
        assert!(Pattern::parse(&format!("{}a{}", "(".repeat(1_000), ")".repeat(1_000))).is_err());
    }
}

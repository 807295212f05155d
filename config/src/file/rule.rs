//! `rule`: the place of an error within its text.

use std::ops::Range;

use serde_spanned::Spanned;

use super::problems::{Placed, Section};
use crate::rule::Rule;

// === impl Section ===

impl Section<'_, '_> {
    /// The rule that a key of this table gives.
    pub(super) fn rule(&mut self, name: &str, written: &Spanned<String>) -> Option<Placed<Rule>> {
        let (text, span) = (written.get_ref(), written.span());
        match Rule::parse(text) {
            Ok(value) => {
                for warning in value.warnings() {
                    self.warn(name, &self.within(text, &span, warning.column()), warning.message());
                }
                Some(Placed { key: self.key().child(name), span, value })
            }
            Err(error) => {
                self.report(name, &self.within(text, &span, error.column()), error.message());
                None
            }
        }
    }

    /// The rest of a TOML string from this byte of its text on. The end of the text stays within its quotes.
    fn within(&self, text: &str, span: &Range<usize>, column: usize) -> Range<usize> {
        let inside = place_of(self.source().slice(span), text, column);
        Range { start: span.start + inside.unwrap_or_default(), end: span.end }
    }
}

/// Where in a TOML string, as it is written with its quotes, this byte of its text stands.
fn place_of(written: &str, text: &str, column: usize) -> Option<usize> {
    let quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 };
    let inner = written.get(quotes..written.len().checked_sub(quotes)?)?;
    let is_literal = written.starts_with('\'');
    let mut rest = if quotes == 3 { without_first_line_break(inner) } else { inner };
    for character in text.get(..column)?.chars() {
        rest = if is_literal { rest } else { without_joined_lines(rest) };
        let length = match rest.strip_prefix('\\').filter(|_| !is_literal) {
            Some(escape) => 1 + escape_length(escape),
            None if rest.starts_with(character) => character.len_utf8(),
            // A line break of two bytes is read as one.
            None if rest.starts_with("\r\n") && character == '\n' => 2,
            None => return None,
        };
        rest = rest.get(length..)?;
    }
    Some(written.len() - quotes - rest.len())
}

/// TOML drops a line break directly behind the quotes.
fn without_first_line_break(inner: &str) -> &str {
    inner.strip_prefix('\n').or_else(|| inner.strip_prefix("\r\n")).unwrap_or(inner)
}

/// A backslash at the end of a line takes away the line break and the space behind it.
fn without_joined_lines(rest: &str) -> &str {
    let mut rest = rest;
    while let Some(behind) = rest.strip_prefix('\\')
        && behind.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
    {
        rest = behind.trim_start_matches([' ', '\t', '\r', '\n']);
    }
    rest
}

/// How many bytes follow the backslash of an escape.
fn escape_length(escape: &str) -> usize {
    match escape.as_bytes().first() {
        Some(b'u') => 5,
        Some(b'U') => 9,
        Some(b'x') => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_within_a_text_is_known_however_it_is_written() {
        for (written, text, places) in [
            (r#""Host""#, "Host", vec![1, 2, 3, 4, 5]),
            ("'Host'", "Host", vec![1, 2, 3, 4, 5]),
            (r"'a\.b'", r"a\.b", vec![1, 2, 3, 4, 5]),
            ("'''\na\r\nb'''", "a\nb", vec![4, 5, 7, 8]),
            (r#""a\\.b\"""#, r#"a\.b""#, vec![1, 2, 4, 5, 6, 8]),
            (r#""\u0061\U00000062c""#, "abc", vec![1, 7, 17, 18]),
            ("\"\"\"a\\\n   b\"\"\"", "ab", vec![3, 4, 10]),
            ("\"", "", vec![]),
            ("", "", vec![]),
        ] {
            let found: Vec<_> = (0..=text.len()).filter_map(|column| place_of(written, text, column)).collect();
            assert_eq!(found, places, "{written}");
        }
        assert_eq!(place_of("\"Host\"", "Post", 1), None);
    }
}

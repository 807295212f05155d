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
            Ok(value) => Some(Placed { key: self.key().child(name), span, value }),
            Err(error) => {
                let begin = begin_of_text(self.source().slice(&span), text).map_or(span.start, |inside| {
                    // An error at the end of the text stays within its quotes.
                    span.start + inside + error.column()
                });
                self.report(name, &Range { start: begin, end: span.end }, error.message());
                None
            }
        }
    }
}

/// Where the text of a TOML string begins, unless escapes make its bytes differ from those of the file.
fn begin_of_text(written: &str, text: &str) -> Option<usize> {
    let quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") { 3 } else { 1 };
    let inner = written.get(quotes..written.len().checked_sub(quotes)?)?;
    let line_break = if quotes == 3 { inner.len() - inner.trim_start_matches(['\r', '\n']).len() } else { 0 };
    (inner.get(line_break..)? == text).then_some(quotes + line_break)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_within_a_text_is_known_unless_it_has_escapes() {
        assert_eq!(begin_of_text("\"Host\"", "Host"), Some(1));
        assert_eq!(begin_of_text("'Host'", "Host"), Some(1));
        assert_eq!(begin_of_text("'''\nHost'''", "Host"), Some(4));
        assert_eq!(begin_of_text("\"\\u0048ost\"", "Host"), None);
        assert_eq!(begin_of_text("\"", ""), None);
        assert_eq!(begin_of_text("", ""), None);
    }
}

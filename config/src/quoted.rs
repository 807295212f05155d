//! Foreign text in a message: in backticks, on one line and never long, whatever was written.

use std::fmt;

/// This many characters are shown; a longer text is cut.
const SHOWN_MAX: usize = 120;

/// A text as messages show it.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

/// A text as messages show it, without the backticks.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt<'a>(pub &'a str);

// === impl Quoted ===

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", Excerpt(self.0))
    }
}

// === impl Excerpt ===

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(SHOWN_MAX) {
            match character {
                '"' | '\'' | '\\' => write!(f, "{character}")?,
                // A line break or a text-direction mark would make the message lie about itself.
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        if characters.next().is_some() { f.write_str("...") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_one_line_and_short() {
        assert_eq!(Quoted("a \"b\" \\ 'c' é").to_string(), "`a \"b\" \\ 'c' é`");
        assert_eq!(Quoted("a\nb\u{202e}").to_string(), "`a\\nb\\u{202e}`");
        assert_eq!(Quoted(&"x".repeat(SHOWN_MAX)).to_string().len(), SHOWN_MAX + 2);
        assert_eq!(Quoted(&"x".repeat(1_000)).to_string().len(), SHOWN_MAX + 5);
    }
}

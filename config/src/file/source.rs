//! The text of a configuration and the file that it came from.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::finding::Position;

/// A byte order mark is no character of the text.
const MARK: char = '\u{feff}';

/// A text, and the file whose content it is.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) path: &'a Path,
}

// === impl Source ===

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, path: &'a Path) -> Self {
        Self { text, path }
    }

    /// The line and column of a byte. What lies behind the text's end, or within a character, is brought back.
    pub(super) fn position(&self, offset: usize) -> Position {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().filter(|character| *character != MARK).count() + 1,
        }
    }

    /// What stands there, as it was written.
    pub(super) fn slice(&self, span: &Range<usize>) -> &'a str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// A path of the file as the daemon opens it: a relative one begins at the file's folder.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_a_place_is_always_inside_the_text() {
        let source = Source::new("\u{feff}é = 1\nb = 2\n", Path::new("canaryd.toml"));
        let at = |offset| {
            let Position { line, column } = source.position(offset);
            (line, column)
        };
        assert_eq!([at(0), at(3), at(5), at(6), at(9)], [(1, 1), (1, 1), (1, 2), (1, 3), (1, 6)]);
        assert_eq!([at(10), at(15), at(16), at(usize::MAX)], [(2, 1), (2, 6), (3, 1), (3, 1)]);
    }
}

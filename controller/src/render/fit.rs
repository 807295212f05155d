//! A text for a screen of a certain size, drawn over what was there before.

use crate::render::text::letter_columns;

/// The cursor's way home.
const HOME: &str = "\u{1b}[H";
/// Clears what stood behind the end of a line.
const CLEAR_LINE: &str = "\u{1b}[K";
/// Clears what stood below.
const CLEAR_BELOW: &str = "\u{1b}[J";
/// Ends every colour.
const PLAIN: &str = "\u{1b}[0m";

/// The bytes that draw the text over what a terminal of this size shows. Nothing is cleared before it is drawn over, so
/// nothing flickers. What has no room is left out, and the last line says so.
#[must_use]
pub fn frame(text: &str, columns: usize, rows: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    // The last row stays free for the cursor.
    let room = rows.saturating_sub(1).max(1);
    let shown = if lines.len() > room { room - 1 } else { lines.len() };
    let mut frame = HOME.to_owned();
    for line in &lines[..shown] {
        frame += &format!("{}{CLEAR_LINE}\n", cut(line, columns));
    }
    if shown < lines.len() {
        let rest = format!("… {} more lines", lines.len() - shown);
        frame += &format!("{}{CLEAR_LINE}\n", cut(&rest, columns));
    }
    frame + CLEAR_BELOW
}

/// As much of the painted line as there is room for.
fn cut(line: &str, columns: usize) -> String {
    let (mut kept, mut used, mut is_escape) = (String::with_capacity(line.len()), 0, false);
    for letter in line.chars() {
        let width = match letter {
            '\u{1b}' => 0,
            _ if is_escape => 0,
            letter => letter_columns(letter),
        };
        is_escape = letter == '\u{1b}' || is_escape && letter != 'm';
        if used + width > columns {
            return kept + PLAIN;
        }
        used += width;
        kept.push(letter);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_no_more_than_its_room() {
        let text = "\u{1b}[31mabcdef\u{1b}[0m\n日本語\nthird\n";
        let whole = "\u{1b}[H\u{1b}[31mabcdef\u{1b}[0m\u{1b}[K\n日本語\u{1b}[K\nthird\u{1b}[K\n\u{1b}[J";
        assert_eq!(frame(text, 80, 24), whole);
        let small = "\u{1b}[H\u{1b}[31mabcde\u{1b}[0m\u{1b}[K\n… 2 m\u{1b}[0m\u{1b}[K\n\u{1b}[J";
        assert_eq!(frame(text, 5, 3), small);
        assert_eq!(frame("日本語", 5, 3), "\u{1b}[H日本\u{1b}[0m\u{1b}[K\n\u{1b}[J");
        assert_eq!(frame(text, 0, 0), "\u{1b}[H\u{1b}[0m\u{1b}[K\n\u{1b}[J");
    }
}

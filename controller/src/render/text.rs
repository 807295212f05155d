//! Text from elsewhere: made harmless, measured, shortened and wrapped.

/// The text without anything that a terminal would obey or hide: control characters, escapes, and marks that change the
/// direction of writing become visible escapes such as `\n` or `\u{1b}`.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => escaped.push(letter),
            _ => escaped.extend(letter.escape_debug()),
        }
    }
    escaped
}

/// How many columns a terminal gives to the (escaped) text.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(letter_columns).sum()
}

/// The text in at most so many columns. What is left out is in the middle, as names differ at their ends.
pub(super) fn shorten(text: &str, columns_max: usize) -> String {
    if columns(text) <= columns_max {
        return text.to_owned();
    }
    let room = columns_max.saturating_sub(1);
    let head = fitting(text.chars(), room.div_ceil(2));
    let tail: String = fitting(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{head}…{tail}")
}

/// The text in lines of at most so many columns, broken between words where that is possible.
pub(super) fn wrap(text: &str, columns_max: usize) -> Vec<String> {
    if columns(text) <= columns_max {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut rest = word;
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            let room = columns_max.saturating_sub(columns(line) + gap);
            if columns(rest) <= room {
                line.push_str(&" "[..gap]);
                line.push_str(rest);
                break;
            }
            // A word is broken only if it would fill a line of its own.
            if gap == 0 {
                let head = fitting(rest.chars(), columns_max.max(2));
                rest = &rest[head.len()..];
                *line = head;
            }
            lines.push(String::new());
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// As much of the text's beginning as there is room for.
fn fitting(letters: impl Iterator<Item = char>, room: usize) -> String {
    let mut used = 0;
    letters
        .take_while(|letter| {
            used += letter_columns(*letter);
            used <= room
        })
        .collect()
}

/// Two for the wide scripts and for emoji, one for everything else: `escape` has left nothing of width zero.
pub(super) fn letter_columns(letter: char) -> usize {
    match u32::from(letter) {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(escape("a\u{1b}[31mb\n\t\0\u{7f}\u{9b}"), "a\\u{1b}[31mb\\n\\t\\0\\u{7f}\\u{9b}");
        assert_eq!(escape("\u{202e}abc\u{200b}"), "\\u{202e}abc\\u{200b}");
        assert_eq!(escape("Host(`é.example`) \"it's\" 日本"), "Host(`é.example`) \"it's\" 日本");
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(shorten("release-2026-05-01-abcdef", 11), "relea…bcdef");
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("日本語日本語", 7), "日…語");
        assert_eq!(shorten("anything", 1), "…");
    }

    #[test]
    fn no_line_is_longer_than_it_may_be() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij k", 4), ["a", "abcd", "efgh", "ij k"]);
        for length in 2..40 {
            let lines = wrap("the 日本語日本語 quick brownfoxjumpsoverthelazydog \\u{1b}", length);
            assert!(lines.iter().all(|line| columns(line) <= length), "{length}: {lines:?}");
        }
    }
}

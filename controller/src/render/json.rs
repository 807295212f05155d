//! A JSON document over several lines or in one, and otherwise as it came: the same order, the same numbers.

use std::fmt::Write as _;

const INDENT: &str = "  ";

/// The document over several lines, with a line break at its end. It must be JSON.
///
/// Characters that a terminal would obey are written as JSON's own escapes, which mean the same.
#[must_use]
pub fn pretty(document: &str) -> String {
    let mut page = String::with_capacity(document.len() * 2);
    let (mut depth, mut is_in_string, mut is_escaped, mut is_just_open) = (0, false, false, false);
    for letter in document.chars() {
        if is_in_string {
            push_escaped(&mut page, letter);
            is_in_string = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        if letter.is_ascii_whitespace() {
            continue;
        }
        let is_close = matches!(letter, '}' | ']');
        if is_close {
            depth -= 1;
        }
        if is_just_open != is_close {
            break_line(&mut page, depth);
        }
        is_just_open = matches!(letter, '{' | '[');
        match letter {
            '{' | '[' => depth += 1,
            '"' => is_in_string = true,
            _ => {}
        }
        page.push(letter);
        match letter {
            ',' => break_line(&mut page, depth),
            ':' => page.push(' '),
            _ => {}
        }
    }
    page + "\n"
}

/// The document in one line, with a line break at its end. It must be JSON.
#[must_use]
pub fn line(document: &str) -> String {
    let mut line = String::with_capacity(document.len() + 1);
    let (mut is_in_string, mut is_escaped) = (false, false);
    for letter in document.chars() {
        if is_in_string {
            push_escaped(&mut line, letter);
            is_in_string = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
        } else if !letter.is_ascii_whitespace() {
            is_in_string = letter == '"';
            line.push(letter);
        }
    }
    line + "\n"
}

fn break_line(page: &mut String, depth: usize) {
    page.push('\n');
    page.push_str(&INDENT.repeat(depth));
}

fn push_escaped(page: &mut String, letter: char) {
    if letter.is_ascii() && !letter.is_ascii_control() || letter.escape_debug().len() == 1 {
        page.push(letter);
        return;
    }
    for unit in letter.encode_utf16(&mut [0; 2]) {
        let _infallible = write!(page, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_stay_as_they_came() {
        let document = r#"{"b":[1.10,2e3,{}],"a":{"x":[ ],"y":"a\"{,:}\\"},"n":null}"#;
        let page = "\
{
  \"b\": [
    1.10,
    2e3,
    {}
  ],
  \"a\": {
    \"x\": [],
    \"y\": \"a\\\"{,:}\\\\\"
  },
  \"n\": null
}
";
        assert_eq!(pretty(document), page);
        assert_eq!(pretty(page), page);
        assert_eq!(line(page), document.replace("[ ]", "[]") + "\n");
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_means_the_same() {
        let document = "[\"\u{7f}\u{9b}31m\u{202e}\u{e0001} é日😀\"]";
        let page = pretty(document);
        assert_eq!(page, "[\n  \"\\u007f\\u009b31m\\u202e\\udb40\\udc01 é日😀\"\n]\n");
        let value = |text| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&page), value(document));
    }
}

//! Hostile files: whatever a byte becomes, there is a configuration or a place where it is wrong, never a panic.

use std::path::Path;

use canary_config::daemon::Config;

use crate::support::GOOD;

/// Every path of the grammar begins or ends with one of these.
const BYTES: &str = "\0\n\"'`[]{}()=.,#&|!\\ 0-a\u{feff}é\u{202e}";

/// Loads, or refuses with places that are all in the text.
fn assert_no_panic(text: &str) {
    let Err(errors) = Config::parse(text, Path::new("canaryd.toml")) else { return };
    let lines: Vec<&str> = text.split('\n').collect();
    for error in errors.iter() {
        let position = error.position().expect("every error of a text has a place");
        let line = lines.get(position.line - 1).unwrap_or_else(|| panic!("no such line: {error}\n{text}"));
        assert!((1..=line.chars().count() + 1).contains(&position.column), "no such column: {error}\n{text}");
        assert!(!error.to_string().contains(['\n', '\0', '\u{202e}']), "{error}");
        assert!(!error.message().is_empty());
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_at_a_place_or_loads() {
    for end in 0..=GOOD.len() {
        assert_no_panic(&GOOD[..end]);
        assert_no_panic(&GOOD[end..]);
    }
}

#[test]
fn a_file_without_any_one_byte_is_refused_at_a_place_or_loads() {
    for at in 0..GOOD.len() {
        assert_no_panic(&format!("{}{}", &GOOD[..at], &GOOD[at + 1..]));
    }
}

#[test]
fn a_file_with_any_one_byte_changed_is_refused_at_a_place_or_loads() {
    for at in 0..GOOD.len() {
        for byte in BYTES.chars() {
            assert_no_panic(&format!("{}{byte}{}", &GOOD[..at], &GOOD[at + 1..]));
        }
    }
}

#[test]
fn a_file_without_any_one_line_is_refused_at_a_place_or_loads() {
    let lines: Vec<&str> = GOOD.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        assert_no_panic(&[&lines[..at], &lines[at + 1..]].concat().concat());
        // The same line twice.
        assert_no_panic(&[&lines[..=at], &lines[at..]].concat().concat());
    }
}

#[test]
fn depth_and_length_are_too_much_for_nobody() {
    for text in [
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("[a{}]", ".a".repeat(100_000)),
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("[services.web]\nrule = '{}'", "(".repeat(100_000)),
        format!("[services.web]\nrule = '{}'", "(".repeat(4_000)),
        format!("[services.web]\nrule = '''{}'''", "Host(`a`) ||\n".repeat(300)),
        format!("[services.\"{}\"]", "x".repeat(100_000)),
    ] {
        assert_no_panic(&text);
    }
}

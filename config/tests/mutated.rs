//! Hostile files: whatever a byte becomes, there is a configuration or a place where it is wrong, never a panic.

use std::path::Path;

use canary_config::file::{ConfigErrors, Reading};

use crate::support::GOOD;

/// And some of them, for a second file.
const SOME_BYTES: &str = "\0\n\"=[-9é";

/// The ways that the good file does not go.
const OTHER: &str = r#"[listen.web]
address = "127.0.0.1:0"
health_path = "/health"
[admin]
address = "[::1]:9902"
bearer_token_file = "none"
hosts = ["localhost"]
[services.web]
rule = "Host(`a`)"
critical = true
rescue.idempotency_key = true
parking.requests = 10
preview.secret_file = "none"
hooks.pre_traffic = { url = "http://h/", retries = 1 }
smoke = { requests = [{ path = "/", headers = { a = "b" } }] }
releases.v1.backends = ["127.0.0.1:1", "127.0.0.1:2"]
[services.web.rollout]
strategy = "rolling"
batch = 1
on_busy = "queue"
assignment = "header:x-user"
profile = "calm"
guardrails = { error_rate = "1%", p99 = "1s" }
blast_radius = { max_failed_requests = 5, max_users = 1 }
[[freeze]]
name = "weekend"
from = "Fri 16:00"
to = "Mon 08:00"
timezone = "Europe/Berlin"
services = ["web"]
[[freeze]]
name = "once"
from = "2026-12-20 00:00"
to = "2027-01-02 00:00"
"#;

/// Every path of the grammar begins or ends with one of these.
const BYTES: &str = "\0\n\"'`[]{}()=.,#&|!\\ 0-a\u{feff}é\u{202e}";

/// Loads, or refuses with places that are all in the text.
fn assert_no_panic(text: &str) {
    let Reading { result, warnings } = Reading::of_text(text, Path::new("canaryd.toml"));
    let errors = result.err();
    let said = warnings.iter().map(|warning| (warning.position(), warning.to_string(), warning.message()));
    let errors = errors.iter().flat_map(ConfigErrors::iter);
    let said = said.chain(errors.map(|error| (error.position(), error.to_string(), error.message())));
    let lines: Vec<&str> = text.split('\n').collect();
    for (position, error, message) in said {
        let position = position.expect("whatever is said of a text has a place");
        let line = lines.get(position.line - 1).unwrap_or_else(|| panic!("no such line: {error}\n{text}"));
        assert!((1..=line.chars().count() + 1).contains(&position.column), "no such column: {error}\n{text}");
        assert!(!error.contains(['\n', '\0', '\u{202e}']), "{error}");
        assert!(!message.is_empty());
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_at_a_place_or_loads() {
    for text in [GOOD, OTHER] {
        for end in 0..=text.len() {
            assert_no_panic(&text[..end]);
            assert_no_panic(&text[end..]);
        }
    }
}

#[test]
fn a_file_without_any_one_byte_is_refused_at_a_place_or_loads() {
    for text in [GOOD, OTHER] {
        for at in 0..text.len() {
            assert_no_panic(&format!("{}{}", &text[..at], &text[at + 1..]));
        }
    }
}

#[test]
fn a_file_with_any_one_byte_changed_is_refused_at_a_place_or_loads() {
    for (text, bytes) in [(GOOD, BYTES), (OTHER, SOME_BYTES)] {
        for at in 0..text.len() {
            for byte in bytes.chars() {
                assert_no_panic(&format!("{}{byte}{}", &text[..at], &text[at + 1..]));
            }
        }
    }
}

#[test]
fn a_file_without_any_one_line_is_refused_at_a_place_or_loads() {
    for text in [GOOD, OTHER] {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for at in 0..lines.len() {
            assert_no_panic(&[&lines[..at], &lines[at + 1..]].concat().concat());
            // The same line twice.
            assert_no_panic(&[&lines[..=at], &lines[at..]].concat().concat());
        }
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

//! A regular expression, and what only looks like one.

use super::super::condition::Fault;
use super::super::pattern::{Pattern, PatternError};
use crate::quoted::Quoted;

/// An expression for hosts, which are ASCII in lower case.
pub(in super::super) fn of_host(text: &str) -> Result<Pattern, Fault> {
    no_placeholder(text, "HostRegexp")?;
    ascii(text, "hosts are compared as clients send them; write xn--")?;
    of_value(text)
}

/// An expression for paths, which are visible ASCII.
pub(in super::super) fn of_path(text: &str) -> Result<Pattern, Fault> {
    no_placeholder(text, "PathRegexp")?;
    ascii(text, "paths are compared in percent-encoding; write it so, such as %C3%A9")?;
    of_value(text)
}

/// An expression for any text.
pub(in super::super) fn of_value(text: &str) -> Result<Pattern, Fault> {
    Pattern::parse(text).map_err(|PatternError { offset, message }| {
        let shown = Quoted(text);
        Fault { offset, message: format!("{shown} {message}") }
    })
}

/// What is never in a host or in a path would never be found.
fn ascii(text: &str, message: &str) -> Result<(), Fault> {
    match text.char_indices().find(|(_, character)| !character.is_ascii()) {
        None => Ok(()),
        Some((offset, character)) => {
            Err(Fault { offset, message: format!("`{character}` is not ASCII, and {message}") })
        }
    }
}

/// Traefik 2 read `{name:expression}` as an expression and `{name}` as anything; both would now be looked for as they
/// stand, or not at all.
pub(super) fn no_placeholder(text: &str, instead: &str) -> Result<(), Fault> {
    let is_name = |inner: &str| {
        let name = inner.split(':').next().unwrap_or_default();
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    for (at, _) in text.match_indices('{') {
        // `\{` is a brace, and `\p{L}` or `\x{41}` is a character.
        let is_escape = text[..at].ends_with('\\') || text[..at].trim_end_matches(char::is_alphabetic).ends_with('\\');
        if let Some((inner, _)) = text[at + 1..].split_once('}')
            && !is_escape
            && is_name(inner)
        {
            let placeholder = format!("{{{inner}}}");
            let message = format!(
                "{} is a placeholder of Traefik 2; write {instead}(`...`) with a regular expression",
                Quoted(&placeholder)
            );
            return Err(Fault { offset: at, message });
        }
    }
    Ok(())
}

//! What the TOML reader itself refuses, in our words and with the key it is about.

use std::ops::Range;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::key::Key;
use super::source::Source;
use crate::nearest::nearest;
use crate::quoted::{Excerpt, Quoted};

/// How serde names the types that a file can have, and how an operator does.
const TYPES: [(&str, &str); 10] = [
    ("expected a string", "write text in double quotes"),
    ("expected a sequence", ARRAY),
    ("expected a map", "write a table"),
    ("expected a table", "write a table"),
    ("expected a duration", "write a duration, such as \"10s\""),
    ("expected a weight", "write percent, such as 10 or \"0.5%\""),
    ("expected a whole number", "write a whole number"),
    ("expected a step", "write percent, such as 10, or a table, such as { weight = 10 }"),
    ("expected f64", "write a number"),
    ("expected a boolean", "write true or false"),
];

/// What to do where there should be several.
const ARRAY: &str = "write an array in [ ]";

/// What a second key is called while its place is looked for.
const DUPLICATE: &str = "second-of-two";

/// The reader's error as one of ours.
pub(super) fn problem(source: &Source<'_>, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or_default();
    let (key, message) = match DeTable::parse(source.text) {
        Ok(root) => refused(root.get_ref(), &span, error.message()),
        // Where the text is no TOML, the keys around that place would be guesses.
        Err(_) if error.message() != "duplicate key" => {
            (Key::default(), Excerpt(error.message().trim_end_matches(", expected nothing")).to_string())
        }
        Err(_) => duplicate(source, &span),
    };
    ConfigError::new(source.path, source.position(span.start), key.as_str(), message)
}

/// A key that is written twice: which it is, and where it was written first.
fn duplicate(source: &Source<'_>, span: &Range<usize>) -> (Key, String) {
    let written = source.slice(span);
    // The reader forgets the second of two equal keys, so it is given another name to be found by.
    let renamed = match (source.text.get(..span.start), source.text.get(span.end..)) {
        (Some(before), Some(after)) => format!("{before}{DUPLICATE}{after}"),
        _ => String::new(),
    };
    let (root, _) = DeTable::parse_recoverable(&renamed);
    let place = span.start..span.start + DUPLICATE.len();
    let name = written.trim_matches(['"', '\'']);
    let (key, first) = twin(root.get_ref(), &place, name, &Key::default()).unwrap_or_default();
    let first =
        first.map(|offset| source.position(offset)).map(|at| format!(" ({}:{} is the first)", at.line, at.column));
    (key, format!("{} is here a second time{}; keep one of them", Quoted(name), first.unwrap_or_default()))
}

/// The key that would stand at `place` if it were called `name`, and where its table has that name already.
fn twin(table: &DeTable<'_>, place: &Range<usize>, name: &str, parent: &Key) -> Option<(Key, Option<usize>)> {
    if table.keys().any(|key| key.span() == *place) {
        let first = table.keys().find(|key| key.get_ref() == name).map(|key| key.span().start);
        return Some((parent.child(name), first));
    }
    table.iter().find_map(|(key, value)| {
        let table = value.get_ref().as_table()?;
        twin(table, place, name, &parent.child(key.get_ref()))
    })
}

/// What is TOML but not ours: the key that it is about, and why.
fn refused(root: &DeTable<'_>, span: &Range<usize>, message: &str) -> (Key, String) {
    let (key, name) = in_table(root, span, &Key::default()).unwrap_or_default();
    if message.starts_with("unknown field ") {
        return (key, unknown_key(&name, message));
    }
    let wrong = TYPES.iter().find_map(|(expected, instead)| Some((message.strip_suffix(expected)?, instead)));
    let Some((found, instead)) = wrong else { return (key, Excerpt(message).to_string()) };
    if found == "invalid type: map, " && *instead == ARRAY {
        return (key.clone(), format!("a table or a date stands here; {ARRAY}, or [[{key}]] with two brackets"));
    }
    let found = match found.trim_start_matches("invalid type: ").trim_end_matches(", ") {
        "sequence" => "an array",
        "map" => "a table or a date",
        scalar => scalar,
    };
    (key, format!("{} stands here; {instead}", Excerpt(found)))
}

fn unknown_key(name: &str, message: &str) -> String {
    // The reader says: unknown field `x`, expected one of `a`, `b`.
    let known = message.rsplit_once(", expected ").map_or("", |(_, known)| known);
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let meant = nearest(name, known.iter().copied()).map(|known| format!("did you mean `{known}`? "));
    format!("there is no such key; {}the keys here are {}", meant.unwrap_or_default(), known.join(", "))
}

/// The key that is written at, or whose value is written around, this place; and its last part.
fn in_table(table: &DeTable<'_>, span: &Range<usize>, parent: &Key) -> Option<(Key, String)> {
    table.iter().find_map(|(name, value)| {
        let key = parent.child(name.get_ref());
        if name.span() == *span {
            return Some((key, name.get_ref().to_string()));
        }
        in_value(value, span, &key)
    })
}

fn in_value(value: &Spanned<DeValue<'_>>, span: &Range<usize>, key: &Key) -> Option<(Key, String)> {
    let below = match value.get_ref() {
        DeValue::Table(table) => in_table(table, span, key),
        DeValue::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| in_value(item, span, &key.item(index)))
        }
        _ => None,
    };
    below.or_else(|| value.span().contains(&span.start).then(|| (key.clone(), String::new())))
}

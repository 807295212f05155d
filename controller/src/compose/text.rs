//! What Compose says of a file: as JSON, or as YAML where it knows no JSON.

use serde_json::{Map, Number, Value};
use yaml_rust2::{Yaml, YamlLoader};

/// What a Compose writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Version 2 and later.
    Json,
    /// Version 1, in block style.
    Yaml,
}

/// Reads a resolved file; nothing, if it is none. A parser's own message may hold a piece of what it read.
#[must_use]
pub fn read(text: &str, dialect: Dialect) -> Option<Value> {
    let value = match dialect {
        Dialect::Json => serde_json::from_str(text).ok()?,
        Dialect::Yaml => value(YamlLoader::load_from_str(text).ok()?.first()?)?,
    };
    value.is_object().then_some(value)
}

fn value(yaml: &Yaml) -> Option<Value> {
    Some(match yaml {
        Yaml::Real(text) => Value::Number(Number::from_f64(text.parse().ok()?)?),
        Yaml::Integer(number) => (*number).into(),
        Yaml::String(text) => text.clone().into(),
        Yaml::Boolean(is) => (*is).into(),
        Yaml::Array(list) => Value::Array(list.iter().map(value).collect::<Option<_>>()?),
        Yaml::Hash(hash) => {
            let entry = |(key, own): (&Yaml, &Yaml)| Some((key_of(key)?, value(own)?));
            Value::Object(hash.iter().map(entry).collect::<Option<Map<_, _>>>()?)
        }
        Yaml::Null => Value::Null,
        Yaml::Alias(_) | Yaml::BadValue => return None,
    })
}

fn key_of(key: &Yaml) -> Option<String> {
    match key {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(is) => Some(is.to_string()),
        Yaml::Array(_) | Yaml::Hash(_) | Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => None,
    }
}

//! Whether what an Engine made is what it was asked for. It says where not, and never what: a value may be a secret.

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, EndpointSettings};
use serde::Serialize;
use serde_json::Value;

use super::networks;

/// An Engine shows these in words of its own.
const TRANSLATED: [&str; 3] = ["HostConfig.Links", "HostConfig.NetworkMode", "Image"];

/// What came out other than it was asked for, by the names that Docker's interface has: `HostConfig.Memory`.
#[must_use]
pub fn differences(
    asked: &ContainerCreateBody,
    connected: &[(String, EndpointSettings)],
    made: &ContainerInspectResponse,
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut config = json(asked);
    let host = take(&mut config, "HostConfig");
    let endpoints = take(&mut take(&mut config, "NetworkingConfig"), "EndpointsConfig");
    compare(&config, &json(&made.config), "", &mut differences);
    if has_entrypoint_again(asked, made) {
        differences.push("Entrypoint".into());
    }
    compare(&host, &json(&made.host_config), "HostConfig", &mut differences);
    let networks = json(&made.network_settings.as_ref().and_then(|settings| settings.networks.as_ref()));
    compare(&endpoints, &networks, "Networks", &mut differences);
    for (network, endpoint) in connected {
        let asked = Value::Object([(network.clone(), json(endpoint))].into_iter().collect());
        compare(&asked, &networks, "Networks", &mut differences);
    }
    let is_elsewhere = asked.host_config.as_ref().and_then(|host| host.network_mode.as_deref()).is_some_and(|mode| {
        let same = [mode, networks::mode(made)].map(|mode| if mode == "bridge" { "default" } else { mode });
        !mode.starts_with("container:") && same[0] != same[1]
    });
    if is_elsewhere {
        differences.push("HostConfig.NetworkMode".into());
    }
    differences
}

/// Whether there is an entrypoint where none was asked for. Of nothing else an empty list means more than none at all.
fn has_entrypoint_again(asked: &ContainerCreateBody, made: &ContainerInspectResponse) -> bool {
    let has = made.config.as_ref().and_then(|config| config.entrypoint.as_ref()).is_some_and(|words| !words.is_empty());
    asked.entrypoint.as_ref().is_some_and(Vec::is_empty) && has
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn take(value: &mut Value, key: &str) -> Value {
    value.as_object_mut().and_then(|object| object.remove(key)).unwrap_or_default()
}

/// Each leaf that was asked for must be there; what the Engine or the image added is theirs.
fn compare(asked: &Value, made: &Value, path: &str, differences: &mut Vec<String>) {
    if TRANSLATED.contains(&path) || is_nothing(asked) {
        return;
    }
    let is_same = match (asked, made) {
        (Value::Object(entry), Value::Null) if entry.is_empty() => !is_an_entry(path),
        (Value::Object(asked), _) => {
            for (key, asked) in asked {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(asked, made.get(key).unwrap_or(&Value::Null), &path, differences);
            }
            return;
        }
        (Value::Array(asked), Value::Array(made)) if is_a_set(path) => asked.iter().all(|entry| made.contains(entry)),
        _ => asked == made,
    };
    if !is_same {
        differences.push(path.to_owned());
    }
}

/// To these lists the image or the Engine adds.
fn is_a_set(path: &str) -> bool {
    matches!(path, "Env" | "ExposedPorts" | "Volumes" | "HostConfig.Binds") || path.ends_with(".Aliases")
}

/// What is named there is asked for by its name alone.
fn is_an_entry(path: &str) -> bool {
    ["Networks.", "ExposedPorts.", "Volumes."].iter().any(|map| path.starts_with(map))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        // Each of its entries is a question of its own.
        Value::Object(_) => false,
    }
}

//! What a service shares with what is there: its networks and volumes, which are there already, and its contents.

use serde_json::{Map, Value, json};

use super::Contents;

/// An address belongs to one container at a time.
const ADDRESSES: [&str; 4] = ["ipv4_address", "ipv6_address", "link_local_ips", "mac_address"];
/// The network of a service that names none.
const DEFAULT: &str = "default";

/// Takes the addresses away that belong to the release that is there.
pub(super) fn addresses(own: &mut Map<String, Value>, remarks: &mut Vec<String>) {
    let Some(networks) = own.get_mut("networks").and_then(Value::as_object_mut) else { return };
    for (network, settings) in networks {
        let Some(settings) = settings.as_object_mut() else { continue };
        let before = settings.len();
        settings.retain(|key, _| !ADDRESSES.contains(&key.as_str()));
        if settings.len() < before {
            remarks.push(format!("its address on the network {network} stays with the release that is there"));
        }
    }
}

/// What stands beside the services in the file, as far as this one needs it; and how its contents come to it.
pub(super) fn beside(config: &Value, project: &str, own: &Map<String, Value>) -> (Map<String, Value>, Contents) {
    let mut beside = Map::new();
    // Version 2 of the format has the name of what is there in another place.
    let is_old = config["version"].as_str().is_some_and(|version| version.starts_with('2'));
    for (kind, used) in [("networks", networks(own)), ("volumes", volumes(own))] {
        let entry = |key: String| {
            let name = name(&config[kind][&key], project, &key);
            let there = if is_old {
                json!({ "external": { "name": name } })
            } else {
                json!({ "name": name, "external": true })
            };
            (key, there)
        };
        let entries: Map<_, _> = used.into_iter().map(entry).collect();
        if !entries.is_empty() {
            beside.insert(kind.to_owned(), entries.into());
        }
    }
    let mut contents = Contents::Mounted;
    for kind in ["configs", "secrets"] {
        let used = own.get(kind).and_then(Value::as_array).into_iter().flatten().filter_map(source);
        let entries: Map<_, _> = used.filter_map(|key| Some((key.clone(), config[kind].get(&key)?.clone()))).collect();
        if entries.values().any(|entry| entry.get("file").is_none()) {
            contents = Contents::Written;
        }
        if !entries.is_empty() {
            beside.insert(kind.to_owned(), entries.into());
        }
    }
    (beside, contents)
}

fn networks(own: &Map<String, Value>) -> Vec<String> {
    match own.get("networks") {
        _ if own.contains_key("network_mode") => Vec::new(),
        Some(Value::Object(map)) if !map.is_empty() => map.keys().cloned().collect(),
        Some(Value::Array(list)) if !list.is_empty() => list.iter().filter_map(source).collect(),
        _ => vec![DEFAULT.to_owned()],
    }
}

/// Those with a name; `data:/srv:ro` and `{type: volume, source: data}` both have one.
fn volumes(own: &Map<String, Value>) -> Vec<String> {
    let all = own.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let named = all.filter_map(|volume| match volume {
        Value::String(text) => {
            let source = text.split_once(':')?.0;
            (!source.starts_with(['/', '.', '~'])).then(|| source.to_owned())
        }
        volume if volume["type"] == "volume" => source(volume),
        _ => None,
    });
    named.collect()
}

/// `x`, or `{source: x}`.
fn source(value: &Value) -> Option<String> {
    Some(value.as_str().or_else(|| value.get("source")?.as_str())?.to_owned())
}

/// How the Engine calls what a file calls so.
fn name(entry: &Value, project: &str, key: &str) -> String {
    let external = entry.get("external");
    let name = entry.get("name").or_else(|| external?.get("name")).and_then(Value::as_str);
    match name {
        Some(name) => name.to_owned(),
        None if external.is_some_and(|external| *external != Value::Bool(false)) => key.to_owned(),
        None => format!("{project}_{key}"),
    }
}

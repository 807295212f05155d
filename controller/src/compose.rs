//! The shadow of a Compose project: one service of its file, under another project's name, beside what is there. Pure.
//!
//! It is made of what `docker compose config` says, in which every file is read and every variable is put in. So it
//! may hold secrets: it goes to Compose's standard input, and shows itself to nobody. It is never a second copy of what
//! the service shares: networks and volumes are those that are there, by their names.

mod kept;
mod text;

use std::collections::BTreeMap;
use std::fmt;

use canary_config::secret::Secret;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

pub use self::text::{Dialect, read};
use crate::docker::label::PROXIES;

/// What belongs to one container alone, to a build, or to the services beside.
const DROPPED: [&str; 12] = [
    "build",
    "container_name",
    "depends_on",
    "develop",
    "env_file",
    "external_links",
    "links",
    "mac_address",
    "ports",
    "profiles",
    "pull_policy",
    "scale",
];
/// What a service may share with another one of its file, which is not in the shadow.
const SHARED: [&str; 5] = ["network_mode", "ipc", "pid", "uts", "cgroup"];
/// By these other proxies find what to serve, and Compose and canaryd their own.
const FOREIGN: [&str; 3] = [PROXIES[0], PROXIES[1], "com.docker."];
/// Labels of ours that an operator writes and that hold for every release.
const OPERATORS: [&str; 2] = ["canary.port", "canary.network"];
/// Values that are shorter are words of any message.
const REDACTED_BYTES_MIN: usize = 4;

/// One service of a file, ready to be made beside what is there.
#[derive(Clone, PartialEq)]
pub struct Shadow {
    service: String,
    document: Map<String, Value>,
    /// The image that the file names, if it names one.
    pub image: Option<String>,
    /// Its restart policy, as Docker's command line writes it.
    pub restart: String,
    /// What the operator should know, without any value.
    pub remarks: Vec<String>,
    /// Whether Compose puts contents into its containers, which it does when it starts them.
    pub contents: Contents,
}

/// How the contents of `configs` and `secrets` come into a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// As files of the host, or there are none.
    Mounted,
    /// Compose writes them into each container before it starts it.
    Written,
}

/// Why there can be no shadow of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Unfit {
    what: String,
    remedy: String,
}

// === impl Shadow ===

impl Shadow {
    /// The shadow of a service of a project whose resolved file this is, with these variables over those of the file.
    ///
    /// # Errors
    /// When there is no such service, or it cannot be there twice.
    pub fn of(config: &Value, project: &str, service: &str, env: &[(String, Secret)]) -> Result<Self, Unfit> {
        let known = config["services"].as_object();
        let Some(mut own) = known.and_then(|services| services.get(service)?.as_object().cloned()) else {
            let names: Vec<_> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
            let what = format!("the Compose file has no service `{service}`");
            return Err(Unfit::new(what, format!("it has: {}", names.join(", "))));
        };
        fits(&own)?;
        let mut remarks = Vec::new();
        let image = own.remove("image").and_then(|image| Some(image.as_str()?.to_owned()));
        let restart = restart(&own);
        remark_on(&own, &mut remarks);
        for key in DROPPED {
            own.remove(key);
        }
        if let Some(resources) = own.remove("deploy").and_then(|deploy| deploy.get("resources").cloned()) {
            own.insert("deploy".to_owned(), json!({ "resources": resources }));
        }
        own.insert("restart".to_owned(), "no".into());
        own.insert("environment".to_owned(), environment(own.get("environment"), env));
        let labels = labels(own.get("labels"), &mut remarks);
        own.insert("labels".to_owned(), labels);
        kept::addresses(&mut own, &mut remarks);
        let (beside, contents) = kept::beside(config, project, &own);
        let mut document = Map::from_iter([("services".to_owned(), json!({ service: own }))]);
        document.extend(beside);
        if let Some(version) = config.get("version") {
            document.insert("version".to_owned(), version.clone());
        }
        Ok(Self { service: service.to_owned(), document, image, restart, remarks, contents })
    }

    /// On how many networks it is.
    #[must_use]
    pub fn networks(&self) -> usize {
        self.document.get("networks").and_then(Value::as_object).map_or(0, Map::len)
    }

    /// Whether Compose runs commands in its containers as soon as it has started them.
    #[must_use]
    pub fn has_post_start(&self) -> bool {
        let own = &self.document["services"][&self.service];
        own["post_start"].as_array().is_some_and(|hooks| !hooks.is_empty())
    }

    /// What tells two shadows of one image apart, as hexadecimal digits. Whoever knows it can try out what the file
    /// says, so that it is as much of a secret as that.
    #[must_use]
    pub fn spec(&self) -> Secret {
        let text = serde_json::to_vec(&self.document).expect("a document has text keys only");
        let hex = digest(&SHA256, &text).as_ref().iter().fold(String::new(), |mut hex, byte| {
            use fmt::Write as _;
            let _infallible = write!(hex, "{byte:02x}");
            hex
        });
        Secret::new(&hex)
    }

    /// The file for Compose, with this image and with these labels besides.
    #[must_use]
    pub fn file(&self, image: &str, more: &BTreeMap<String, String>) -> Secret {
        let mut document = Value::Object(self.document.clone());
        let own = &mut document["services"][&self.service];
        own["image"] = escaped(image).into();
        for (key, value) in more {
            own["labels"][key] = escaped(value).into();
        }
        Secret::new(&document.to_string())
    }

    /// A message of a program that has read the file, without any value of its variables and contents.
    #[must_use]
    pub fn redacted(&self, message: &str) -> String {
        let mut values = Vec::new();
        texts(&self.document["services"][&self.service]["environment"], &mut values);
        for kind in ["secrets", "configs"] {
            let contents = self.document.get(kind).and_then(Value::as_object).into_iter().flat_map(Map::values);
            contents.filter_map(|entry| entry.get("content")).for_each(|content| texts(content, &mut values));
        }
        // The longest first: a value may be a part of another one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.iter().fold(message.to_owned(), |message, value| message.replace(value.as_str(), "..."))
    }
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow").field("service", &self.service).field("image", &self.image).finish_non_exhaustive()
    }
}

// === impl Unfit ===

impl Unfit {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// Whether a service can be there a second time.
fn fits(own: &Map<String, Value>) -> Result<(), Unfit> {
    for key in SHARED {
        let with = own.get(key).and_then(Value::as_str).unwrap_or_default();
        if with.starts_with("service:") || with.starts_with("container:") {
            let what = format!("`{key}: {with}` binds it to another container, which would be shared by two releases");
            return Err(Unfit::new(what, "put both on a network of their own"));
        }
        if key == "network_mode" && with == "host" {
            let what = "`network_mode: host` gives both releases the same ports";
            return Err(Unfit::new(what, "put it on a network"));
        }
    }
    if own.contains_key("volumes_from") {
        return Err(Unfit::new("`volumes_from` binds it to another container", "give the volumes names"));
    }
    Ok(())
}

/// What becomes of the restart policy once the shadow is stable.
fn restart(own: &Map<String, Value>) -> String {
    let policy = own.get("deploy").and_then(|deploy| deploy.get("restart_policy"));
    let said = |key: &str| policy.and_then(|policy| policy.get(key));
    let attempts = || said("max_attempts").and_then(Value::as_u64).filter(|attempts| *attempts > 0);
    match (own.get("restart").and_then(Value::as_str), said("condition").and_then(Value::as_str)) {
        (_, Some("any")) => "always".to_owned(),
        (_, Some("on-failure")) => attempts().map_or_else(|| "on-failure".to_owned(), |n| format!("on-failure:{n}")),
        (_, Some("none")) | (None, _) => "no".to_owned(),
        (Some(restart), _) => restart.to_owned(),
    }
}

fn remark_on(own: &Map<String, Value>, remarks: &mut Vec<String>) {
    let has = |key: &str| own.get(key).is_some_and(|value| value.as_array().is_some_and(|array| !array.is_empty()));
    if has("ports") {
        remarks.push("its `ports` stay with the release that is there: canaryd serves the new one".to_owned());
    }
    for key in ["links", "external_links"] {
        if has(key) {
            remarks.push(format!("its `{key}` are left out: use the names on its networks"));
        }
    }
    if own.contains_key("mac_address") {
        remarks.push("its `mac_address` stays with the release that is there".to_owned());
    }
    if has("pre_stop") {
        remarks.push("its `pre_stop` is not run: canaryd stops the new release, not Compose".to_owned());
    }
    for volume in own.get("volumes").and_then(Value::as_array).into_iter().flatten() {
        let target = volume.get("target").and_then(Value::as_str);
        if let Some(target) = target.filter(|_| volume["type"] == "volume" && volume.get("source").is_none()) {
            remarks.push(format!("{target} is a volume without a name: the new release begins with an empty one"));
        }
    }
}

/// The variables of the file, with others over them.
fn environment(given: Option<&Value>, env: &[(String, Secret)]) -> Value {
    let mut all = pairs(given);
    all.extend(env.iter().map(|(name, value)| (name.clone(), escaped(value.expose()).into())));
    all.into()
}

/// The labels that hold for a new release, too.
fn labels(given: Option<&Value>, remarks: &mut Vec<String>) -> Value {
    let is_ours = |key: &String| key.starts_with("canary.") && !OPERATORS.contains(&key.as_str());
    let is_foreign = |key: &String| FOREIGN.iter().any(|prefix| key.starts_with(prefix));
    let (foreign, mut kept): (Map<_, _>, Map<_, _>) = pairs(given).into_iter().partition(|(key, _)| is_foreign(key));
    kept.retain(|key, _| !is_ours(key));
    if !foreign.is_empty() {
        let keys: Vec<_> = foreign.keys().map(String::as_str).collect();
        let keys = keys.join(", ");
        remarks.push(format!("labels of another proxy are left out, or it would serve the new release too: {keys}"));
    }
    kept.into()
}

/// `{K: V}`, or `[K=V]`.
fn pairs(given: Option<&Value>) -> Map<String, Value> {
    let pair = |text: &str| text.split_once('=').map_or((text.to_owned(), Value::Null), |(k, v)| (k.into(), v.into()));
    match given {
        Some(Value::Object(map)) => map.clone(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(pair).collect(),
        _ => Map::new(),
    }
}

/// A text that Compose reads as it is.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

/// Every text in a value that is long enough to be recognized, as it was written and as it was meant.
fn texts(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let meant = text.replace("$$", "$");
            into.extend([text.clone(), meant].into_iter().filter(|text| text.len() >= REDACTED_BYTES_MIN));
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, into)),
        Value::Object(map) => map.values().for_each(|value| texts(value, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests;

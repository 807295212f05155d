//! What an Engine that is none holds, and what it has told of it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::Said;
use super::container::{FakeContainer, summary};

const IMAGE: &str = include_str!("../../docker/recorded/image.json");
const NETWORKS: &str = include_str!("../../docker/recorded/networks.json");
const VERSION: &str = include_str!("../../docker/recorded/version.json");
const INFO: &str = include_str!("../../docker/recorded/info.json");

/// Events that a real one remembers.
const RING: usize = 256;

/// When the first thing happened, in nanoseconds of Unix, and from one to the next.
const BEGINNING_NS: u64 = 1_796_073_382_000_000_000;
const STEP_NS: u64 = 1_000_000;

/// Containers, images and networks as they are inspected, and the events.
pub(super) struct Holdings {
    containers: Vec<Value>,
    images: Vec<Value>,
    networks: Vec<Value>,
    pub(super) is_manager: bool,
    pub(super) services: Vec<Value>,
    pub(super) tasks: Vec<Value>,
    ring: VecDeque<Value>,
    now_ns: u64,
    streams: Vec<Stream>,
    pub(super) is_stalled: bool,
    held_back: Vec<Value>,
    last_id: u64,
}

/// Somebody who hears events, and of which ones.
struct Stream {
    sender: mpsc::UnboundedSender<Bytes>,
    filters: Value,
}

// === impl Holdings ===

impl Holdings {
    pub(super) fn new() -> Self {
        let mut networks: Vec<Value> = serde_json::from_str(NETWORKS).expect("they were recorded");
        networks.retain(|network| network["Name"] != "shop_default");
        Self {
            containers: Vec::new(),
            images: Vec::new(),
            networks,
            is_manager: false,
            services: Vec::new(),
            tasks: Vec::new(),
            ring: VecDeque::new(),
            now_ns: BEGINNING_NS,
            streams: Vec::new(),
            is_stalled: false,
            held_back: Vec::new(),
            last_id: 0,
        }
    }

    pub(super) fn add(&mut self, container: &FakeContainer) -> String {
        let id = self.next_id();
        let image_id = self.image(&container.image, &[]);
        let networks: Vec<_> = container.networks.iter().map(|(network, _)| self.network(network)).collect();
        let labels = self.image_of(&image_id).and_then(|image| image["Config"]["Labels"].as_object().cloned());
        let image = (image_id.as_str(), labels.unwrap_or_default());
        self.containers.push(container.inspected(&id, image, &networks));
        id
    }

    pub(super) fn container_mut(&mut self, id: &str) -> &mut Value {
        self.containers.iter_mut().find(|container| is_named(container, id)).expect("it was added")
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.containers.retain(|container| !is_named(container, id));
    }

    /// Returns the id of an image, which is made if there is none of this name.
    pub(super) fn image(&mut self, name: &str, labels: &[(&str, &str)]) -> String {
        if let Some(image) = self.image_of(name) {
            return image["Id"].as_str().expect("text").to_owned();
        }
        let id = format!("sha256:{}", self.next_id());
        let labels: Map<_, _> = labels.iter().map(|&(key, value)| (key.to_owned(), json!(value))).collect();
        let mut image: Value = serde_json::from_str(IMAGE).expect("it was recorded");
        image["Id"] = json!(id);
        image["RepoTags"] = json!([name]);
        image["Config"]["Labels"] = Value::Object(labels);
        self.images.push(image);
        id
    }

    pub(super) fn push(&mut self, name: &str, digest: &str) {
        let image = self.images.iter_mut().find(|image| is_image(image, name)).expect("there is such an image");
        let repository = name.split(':').next().expect("there is always one");
        let known_as = image["RepoDigests"].as_array_mut().expect("a list");
        known_as.push(json!(format!("{repository}@{digest}")));
    }

    pub(super) fn remove_image(&mut self, name: &str) {
        self.images.retain(|image| !is_image(image, name));
    }

    /// Returns the id of a network, which is made if there is none of this name.
    pub(super) fn network(&mut self, name: &str) -> String {
        let id = self.next_id();
        if let Some(network) = self.networks.iter().find(|network| network["Name"] == name) {
            return network["Id"].as_str().expect("text").to_owned();
        }
        let recorded: Vec<Value> = serde_json::from_str(NETWORKS).expect("they were recorded");
        let mut network = recorded.into_iter().last().expect("there are four");
        network["Name"] = json!(name);
        network["Id"] = json!(id);
        self.networks.push(network);
        id
    }

    fn next_id(&mut self) -> String {
        self.last_id += 1;
        // The first twelve digits tell it from others.
        format!("{:012x}{:052x}", self.last_id << 20 | 0xabcde, self.last_id)
    }

    fn image_of(&self, name: &str) -> Option<&Value> {
        self.images.iter().find(|image| is_image(image, name))
    }

    // --- Events ---

    pub(super) fn tell_of_container(&mut self, action: &str, id: &str, attributes: &[(&str, &str)]) {
        let container = self.container_mut(id).clone();
        let mut all = container["Config"]["Labels"].as_object().cloned().unwrap_or_default();
        all.insert("image".to_owned(), container["Config"]["Image"].clone());
        all.insert("name".to_owned(), json!(container["Name"].as_str().map(|name| name.trim_start_matches('/'))));
        all.extend(attributes.iter().map(|&(key, value)| (key.to_owned(), json!(value))));
        self.tell(json!({
            "status": action,
            "id": container["Id"],
            "from": container["Config"]["Image"],
            "Type": "container",
            "Action": action,
            "Actor": { "ID": container["Id"], "Attributes": all },
            "scope": "local",
        }));
    }

    pub(super) fn tell_of_network(&mut self, action: &str, network: &str, container: &str) {
        let id = self.network(network);
        self.tell(json!({
            "Type": "network",
            "Action": action,
            "Actor": { "ID": id, "Attributes": { "container": container, "name": network, "type": "bridge" } },
            "scope": "local",
        }));
    }

    pub(super) fn tell_of_service(&mut self, action: &str, service: &str) {
        self.tell(json!({
            "Type": "service",
            "Action": action,
            "Actor": { "ID": service, "Attributes": { "name": service } },
            "scope": "swarm",
        }));
    }

    fn tell(&mut self, mut event: Value) {
        self.now_ns += STEP_NS;
        event["time"] = json!(self.now_ns / 1_000_000_000);
        event["timeNano"] = json!(self.now_ns);
        if self.ring.len() == RING {
            self.ring.pop_front();
        }
        self.ring.push_back(event.clone());
        if self.is_stalled {
            self.held_back.push(event);
        } else {
            self.deliver(&event);
        }
    }

    fn deliver(&mut self, event: &Value) {
        let line = line_of(event);
        self.streams.retain(|stream| !passes(event, &stream.filters) || stream.sender.send(line.clone()).is_ok());
    }

    pub(super) fn resume(&mut self) {
        self.is_stalled = false;
        for event in std::mem::take(&mut self.held_back) {
            self.deliver(&event);
        }
    }

    pub(super) fn send(&mut self, bytes: &Bytes) {
        self.streams.retain(|stream| stream.sender.send(bytes.clone()).is_ok());
    }

    pub(super) fn end_streams(&mut self) {
        self.streams.clear();
        self.held_back.clear();
    }

    pub(super) fn turn_back(&mut self, by: Duration) {
        self.now_ns -= u64::try_from(by.as_nanos()).expect("it is short");
    }

    pub(super) fn forget(&mut self) {
        self.ring.clear();
    }

    pub(super) fn streams(&self) -> usize {
        self.streams.iter().filter(|stream| !stream.sender.is_closed()).count()
    }

    /// A stream of those events that pass, which begins with what the ring has since a moment.
    fn listen(&mut self, query: &Query) -> Said {
        let (sender, receiver) = mpsc::unbounded_channel();
        let filters = query.filters();
        if let Some(since_ns) = query.get("since").and_then(|since| nanoseconds(&since)) {
            let missed = self.ring.iter().filter(|event| event["timeNano"].as_u64() >= Some(since_ns));
            for event in missed.filter(|event| passes(event, &filters)) {
                sender.send(line_of(event)).expect("the receiver is here");
            }
        }
        self.streams.push(Stream { sender, filters });
        Said::Events(receiver)
    }

    // --- Questions ---

    pub(super) fn answer(&mut self, place: &str, query: &str) -> Said {
        let query = Query(query);
        let parts: Vec<&str> = place.split('/').skip(1).collect();
        match parts[..] {
            ["_ping"] => Said::Whole(200, "OK".to_owned()),
            ["version"] => Said::Whole(200, VERSION.to_owned()),
            ["info"] => Said::Whole(200, self.info().to_string()),
            ["services"] if self.is_manager => Said::Whole(200, json!(self.services).to_string()),
            ["tasks"] if self.is_manager => Said::Whole(200, self.tasks_of(&query).to_string()),
            ["services" | "tasks"] => {
                Said::Whole(503, json!({ "message": "This node is not a swarm manager." }).to_string())
            }
            ["events"] => self.listen(&query),
            ["containers", "json"] => Said::Whole(200, self.list(&query).to_string()),
            ["containers", id, "json"] => {
                let found = self.containers.iter().find(|container| is_named(container, id));
                found_or_not(found, &format!("No such container: {id}"))
            }
            ["networks"] => Said::Whole(200, json!(self.networks).to_string()),
            ["networks", id] => {
                let found = self.networks.iter().find(|network| network["Id"] == *id || network["Name"] == *id);
                found_or_not(found, &format!("network {id} not found"))
            }
            ["images", .., "json"] => {
                let name = decoded(&parts[1..parts.len() - 1].join("/"));
                found_or_not(self.image_of(&name), &format!("No such image: {name}"))
            }
            _ => Said::Whole(404, json!({ "message": "page not found" }).to_string()),
        }
    }

    fn info(&self) -> Value {
        let mut info: Value = serde_json::from_str(INFO).expect("it was recorded");
        // One that has services and is no manager is a worker.
        if self.is_manager || !self.services.is_empty() {
            (info["Swarm"]["LocalNodeState"], info["Swarm"]["ControlAvailable"]) =
                (json!("active"), json!(self.is_manager));
        }
        info
    }

    fn tasks_of(&self, query: &Query) -> Value {
        let services = values_of(&query.filters()["service"]);
        let is_of = |task: &&Value| services.iter().any(|service| task["ServiceID"] == **service);
        self.tasks.iter().filter(is_of).cloned().collect()
    }

    /// What is running, or everything; with all of the labels that are asked for.
    fn list(&self, query: &Query) -> Value {
        let is_all = matches!(query.get("all").as_deref(), Some("1" | "true"));
        let filters = query.filters();
        let shown = self.containers.iter().filter(|container| is_all || container["State"]["Running"] == true);
        let shown = shown.filter(|container| {
            values_of(&filters["label"]).iter().all(|label| {
                let (key, value) = label.split_once('=').map_or((&**label, None), |(key, value)| (key, Some(value)));
                let own = container["Config"]["Labels"][key].as_str();
                own.is_some() && (value.is_none() || own == value)
            })
        });
        // The youngest comes first.
        shown.rev().map(summary).collect()
    }
}

/// What follows the question mark of a path.
struct Query<'a>(&'a str);

// === impl Query ===

impl Query<'_> {
    fn get(&self, key: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes()).find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
    }

    fn filters(&self) -> Value {
        self.get("filters").map_or(Value::Null, |filters| serde_json::from_str(&filters).expect("filters are JSON"))
    }
}

fn is_image(image: &Value, name: &str) -> bool {
    image["Id"] == name || image["RepoTags"][0] == name
}

fn is_named(container: &Value, name: &str) -> bool {
    let id = container["Id"].as_str().unwrap_or_default();
    let own = container["Name"].as_str().unwrap_or_default();
    own.trim_start_matches('/') == name || (!name.is_empty() && id.starts_with(name))
}

/// Whether filters let an event through, as a real one does it: `health_status` and its kind go by their beginning,
/// and where one of them is asked for, so do all.
fn passes(event: &Value, filters: &Value) -> bool {
    let action = event["Action"].as_str().unwrap_or_default();
    let (types, actions) = (values_of(&filters["type"]), values_of(&filters["event"]));
    let is_fuzzy = actions.iter().any(|name| matches!(&**name, "health_status" | "exec_create" | "exec_start"));
    let is_asked_for = |name: &String| name == action || (is_fuzzy && action.starts_with(name.as_str()));
    (types.is_empty() || types.iter().any(|name| event["Type"] == **name))
        && (actions.is_empty() || actions.iter().any(is_asked_for))
}

/// Filters come as `["a"]`, and from older clients as `{"a": true}`.
fn values_of(filter: &Value) -> Vec<String> {
    match filter {
        Value::Array(values) => values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        Value::Object(values) => values.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

fn found_or_not(found: Option<&Value>, message: &str) -> Said {
    match found {
        Some(found) => Said::Whole(200, found.to_string()),
        None => Said::Whole(404, json!({ "message": message }).to_string()),
    }
}

fn line_of(event: &Value) -> Bytes {
    Bytes::from(format!("{event}\n"))
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    form_urlencoded::parse(text.as_bytes()).map(|(key, _)| key.into_owned()).collect()
}

/// `seconds` or `seconds.nanoseconds`.
fn nanoseconds(since: &str) -> Option<u64> {
    let (seconds, fraction) = since.split_once('.').unwrap_or((since, "0"));
    let fraction: u64 = format!("{fraction:0<9}").parse().ok()?;
    Some(seconds.parse::<u64>().ok()? * 1_000_000_000 + fraction)
}

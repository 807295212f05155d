//! A container of an Engine that is none, as an inspection and a list show it.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

/// What a real one looked like, which ran in the network that is taken out of it here.
const INSPECTED: &str = include_str!("../../docker/recorded/container.json");
const RECORDED_ID: &str = "03d81833b04f88565abe5cd6cd407e36d8ebbdbb632152493e438236259fbc13";
const RECORDED_NETWORK: &str = "shop_default";
const SHORT_ID: usize = 12;

/// A container that runs, until it is told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct FakeContainer {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) networks: Vec<(String, Ipv4Addr)>,
    labels: Vec<(String, String)>,
    health: Option<String>,
    status: String,
}

// === impl FakeContainer ===

impl FakeContainer {
    /// One of the image `web:v1`, in no network and without a health check.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            image: "web:v1".to_owned(),
            networks: Vec::new(),
            labels: Vec::new(),
            health: None,
            status: "running".to_owned(),
        }
    }

    /// With this image, by its name.
    pub(crate) fn image(mut self, image: &str) -> Self {
        image.clone_into(&mut self.image);
        self
    }

    pub(crate) fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// At this address of a network; the first one is the network that it was created in.
    pub(crate) fn network(mut self, network: &str, address: &str) -> Self {
        self.networks.push((network.to_owned(), address.parse().expect("an address")));
        self
    }

    /// With a health check that says `starting`, `healthy` or `unhealthy`.
    pub(crate) fn health(mut self, status: &str) -> Self {
        self.health = Some(status.to_owned());
        self
    }

    /// In this state: `created`, `running`, `paused`, `restarting` or `exited`.
    pub(crate) fn status(mut self, status: &str) -> Self {
        status.clone_into(&mut self.status);
        self
    }

    /// What an inspection shows, with the id and the labels of its image, and the ids of its networks.
    pub(super) fn inspected(&self, id: &str, image: (&str, Map<String, Value>), networks: &[String]) -> Value {
        let short = &id[..SHORT_ID];
        let text = INSPECTED.replace(RECORDED_ID, id).replace(&RECORDED_ID[..SHORT_ID], short);
        let mut inspected: Value = serde_json::from_str(&text).expect("it was recorded");
        let endpoint = inspected["NetworkSettings"]["Networks"][RECORDED_NETWORK].take();
        let (image_id, mut labels) = image;
        labels.extend(self.labels.iter().map(|(key, value)| (key.clone(), json!(value))));
        inspected["Name"] = json!(format!("/{}", self.name));
        inspected["Image"] = json!(image_id);
        inspected["Config"]["Image"] = json!(self.image);
        inspected["Config"]["Labels"] = Value::Object(labels);
        inspected["HostConfig"]["NetworkMode"] =
            json!(self.networks.first().map_or("default", |(network, _)| network.as_str()));
        let endpoints = self.networks.iter().zip(networks).map(|((network, address), network_id)| {
            let mut endpoint = endpoint.clone();
            endpoint["NetworkID"] = json!(network_id);
            endpoint["Aliases"] = json!([short]);
            set_address(&mut endpoint, *address);
            (network.clone(), endpoint)
        });
        inspected["NetworkSettings"]["Networks"] = Value::Object(endpoints.collect());
        match &self.health {
            Some(health) => inspected["State"]["Health"]["Status"] = json!(health),
            None => {
                inspected["State"].as_object_mut().expect("an object").remove("Health");
                inspected["Config"].as_object_mut().expect("an object").remove("Healthcheck");
            }
        }
        set_status(&mut inspected, &self.status);
        inspected
    }
}

/// Puts an inspected container into a state, with all that follows from it.
pub(super) fn set_status(inspected: &mut Value, status: &str) {
    let state = &mut inspected["State"];
    state["Status"] = json!(status);
    // One that is paused runs all the same.
    let runs = matches!(status, "running" | "paused" | "restarting");
    state["Running"] = json!(runs);
    state["Paused"] = json!(status == "paused");
    state["Restarting"] = json!(status == "restarting");
    if runs && status != "restarting" {
        return;
    }
    state["Pid"] = json!(0);
    let networks = inspected["NetworkSettings"]["Networks"].as_object_mut().expect("an object");
    for endpoint in networks.values_mut() {
        for (key, nothing) in [("EndpointID", json!("")), ("Gateway", json!("")), ("IPAddress", json!(""))] {
            endpoint[key] = nothing;
        }
        endpoint["IPPrefixLen"] = json!(0);
        endpoint["MacAddress"] = json!("");
    }
}

/// Gives an endpoint an address, and what goes with it.
pub(super) fn set_address(endpoint: &mut Value, address: Ipv4Addr) {
    let [a, b, c, d] = address.octets();
    endpoint["IPAddress"] = json!(address);
    endpoint["Gateway"] = json!(Ipv4Addr::new(a, b, 0, 1));
    endpoint["MacAddress"] = json!(format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}"));
}

/// What a list shows of it.
pub(super) fn summary(inspected: &Value) -> Value {
    let state = &inspected["State"];
    let status = match (state["Status"].as_str(), state["Health"]["Status"].as_str()) {
        (Some("running"), None) => "Up 2 seconds".to_owned(),
        (Some("running"), Some("starting")) => "Up 2 seconds (health: starting)".to_owned(),
        (Some("running"), Some(health)) => format!("Up 2 seconds ({health})"),
        (Some("paused"), _) => "Up 2 seconds (Paused)".to_owned(),
        (Some("created"), _) => "Created".to_owned(),
        (Some("restarting"), _) => format!("Restarting ({}) 2 seconds ago", state["ExitCode"]),
        _ => format!("Exited ({}) 2 seconds ago", state["ExitCode"]),
    };
    // A list shows no aliases.
    let mut networks = inspected["NetworkSettings"]["Networks"].clone();
    for endpoint in networks.as_object_mut().expect("an object").values_mut() {
        endpoint["Aliases"] = Value::Null;
    }
    json!({
        "Id": inspected["Id"],
        "Names": [inspected["Name"]],
        "Image": inspected["Config"]["Image"],
        "ImageID": inspected["Image"],
        "Command": inspected["Path"],
        "Created": 1_796_073_372,
        "Ports": [{ "PrivatePort": 8080, "Type": "tcp" }],
        "Labels": inspected["Config"]["Labels"],
        "State": state["Status"],
        "Status": status,
        "HostConfig": { "NetworkMode": inspected["HostConfig"]["NetworkMode"] },
        "NetworkSettings": { "Networks": networks },
        "Mounts": inspected["Mounts"],
    })
}

//! What a manager says of services and of their tasks, as far as it is of use: the shapes of the API. The client's own
//! leave out to which networks a task is attached.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Service {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: Box<str>,
    /// What it is to be.
    pub spec: ServiceSpec,
    /// What it was to be before that; tasks of it may still run.
    pub previous_spec: Option<ServiceSpec>,
}

/// What a service is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceSpec {
    /// Its name.
    pub name: Box<str>,
    /// Its labels.
    pub labels: Option<HashMap<String, String>>,
    /// What its tasks are to be.
    pub task_template: TaskSpec,
    /// How many tasks there are to be.
    pub mode: Mode,
    /// How it is published.
    pub endpoint_spec: Option<EndpointSpec>,
}

/// How many tasks there are to be: one on each node, if either is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Mode {
    /// Set if it has so many.
    pub replicated: Option<Replicated>,
    /// Set if each node has a task.
    pub global: Option<IgnoredAny>,
    /// Set if each node has one that ends.
    pub global_job: Option<IgnoredAny>,
}

/// So many tasks.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Replicated {
    /// How many; one, if nothing is said.
    pub replicas: Option<u64>,
}

/// How a service is published.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EndpointSpec {
    /// The ports.
    pub ports: Option<Vec<PublishedPort>>,
}

/// A port that is published.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PublishedPort {
    /// `tcp`, `udp` or `sctp`.
    pub protocol: Box<str>,
    /// The port of a task.
    pub target_port: u16,
    /// `ingress`, or `host` for the node's own.
    pub publish_mode: Box<str>,
}

/// What a task is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskSpec {
    /// What its container is to be.
    pub container_spec: ContainerSpec,
    /// A number that makes it another one, though nothing else does.
    pub force_update: u64,
}

/// What a container is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerSpec {
    /// Its image, with its digest if the client that made the service has looked for it.
    pub image: Box<str>,
    /// Its labels.
    pub labels: Option<HashMap<String, String>>,
    /// Its variables.
    pub env: Option<Vec<String>>,
    /// What tells it to stop.
    pub stop_signal: Option<Box<str>>,
}

/// One task: one container, once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Task {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: Box<str>,
    /// When it was made.
    pub created_at: Box<str>,
    /// What it is to be.
    pub spec: TaskSpec,
    /// Of which service.
    #[serde(rename = "ServiceID")]
    pub service_id: Box<str>,
    /// Which of its service's places it has; 0 where each node has one.
    pub slot: u64,
    /// On which node.
    #[serde(rename = "NodeID")]
    pub node_id: Box<str>,
    /// What it does.
    pub status: Status,
    /// What it is to do.
    pub desired_state: Box<str>,
    /// Where it is reached.
    pub networks_attachments: Option<Vec<Attached>>,
}

/// What a task does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Status {
    /// Since when.
    pub timestamp: Box<str>,
    /// How far it has come.
    pub state: Box<str>,
    /// Why it comes no further.
    pub err: Box<str>,
    /// Its container, once there is one.
    pub container_status: Option<ContainerStatus>,
}

/// The container of a task.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerStatus {
    /// Its id.
    #[serde(rename = "ContainerID")]
    pub container_id: Box<str>,
    /// How it ended.
    pub exit_code: i64,
}

/// That a task is attached to a network.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attached {
    /// To which.
    pub network: Network,
    /// By which addresses, with the lengths of their networks' prefixes.
    pub addresses: Option<Vec<Box<str>>>,
}

/// A network.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Network {
    /// What it is to be.
    pub spec: NetworkSpec,
}

/// What a network is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NetworkSpec {
    /// Its name.
    pub name: Box<str>,
    /// Whether containers that are no tasks can be connected to it.
    pub attachable: bool,
    /// Whether it is the one by which ports are published.
    pub ingress: bool,
}

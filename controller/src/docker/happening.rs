//! What an Engine tells of its containers as it happens. Pure.

use std::collections::HashMap;

use crate::docker::label::{SERVICE, SWARM_TASK};
use crate::docker::sighting::ContainerId;
use crate::docker::signal::Signal;

/// The events that say something: of containers, of what is connected to networks, and of services of Swarm. A health
/// check emits three others each time it runs.
pub const EVENTS: [&str; 16] = [
    "create",
    "start",
    "restart",
    "die",
    "oom",
    "health_status",
    "kill",
    "stop",
    "pause",
    "unpause",
    "destroy",
    "rename",
    "update",
    "connect",
    "disconnect",
    "remove",
];

/// Something that happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// To which.
    pub container: ContainerId,
    /// Its name, if it was told.
    pub name: Option<Box<str>>,
    /// Whose it says that it is. An event of a network does not tell.
    pub service: Option<Box<str>>,
    /// Whether it is the container of a task of Swarm's.
    pub is_task: bool,
    /// When, in nanoseconds of Unix by the Engine's clock.
    pub at_ns: i64,
    /// What.
    pub deed: Deed,
}

/// What happened to a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It was started.
    Started,
    /// It was sent a signal.
    Killed(Signal),
    /// Its process ended.
    Died {
        /// How.
        exit_code: i64,
    },
    /// The kernel ended a process of it, because there was no memory left.
    OutOfMemory,
    /// It was frozen.
    Paused,
    /// Its Docker health check has failed too often.
    Unhealthy,
    /// It exists no more.
    Gone,
    /// It left a network.
    Disconnected(Box<str>),
    /// It is no container but a service of Swarm's, and is another than it was.
    ServiceChanged,
    /// Something else, after which it may be another than it was.
    Other,
}

// === impl Happening ===

impl Happening {
    /// What an event of a container says.
    #[must_use]
    pub fn of_container(id: &str, action: &str, attributes: &HashMap<String, String>, at_ns: i64) -> Self {
        let deed = match action {
            "start" => Deed::Started,
            "kill" => attributes.get("signal").and_then(|text| Signal::read(text)).map_or(Deed::Other, Deed::Killed),
            "die" => {
                let exit_code = attributes.get("exitCode").and_then(|text| text.parse().ok());
                Deed::Died { exit_code: exit_code.unwrap_or_default() }
            }
            "oom" => Deed::OutOfMemory,
            "pause" => Deed::Paused,
            "destroy" => Deed::Gone,
            action if is_unhealthy(action) => Deed::Unhealthy,
            _ => Deed::Other,
        };
        Self {
            container: ContainerId::new(id),
            name: attributes.get("name").map(|name| name.as_str().into()),
            service: attributes.get(SERVICE).map(|name| name.as_str().into()),
            is_task: attributes.contains_key(SWARM_TASK),
            at_ns,
            deed,
        }
    }

    /// What an event of a network says, if it is about a container.
    #[must_use]
    pub fn of_network(action: &str, attributes: &HashMap<String, String>, at_ns: i64) -> Option<Self> {
        let network = attributes.get("name").map(String::as_str).unwrap_or_default();
        let deed = if action == "disconnect" { Deed::Disconnected(network.into()) } else { Deed::Other };
        let container = ContainerId::new(attributes.get("container")?);
        Some(Self { container, name: None, service: None, is_task: false, at_ns, deed })
    }

    /// What an event of a service says.
    #[must_use]
    pub fn of_service(id: &str, at_ns: i64) -> Self {
        let (container, deed) = (ContainerId::new(id), Deed::ServiceChanged);
        Self { container, name: None, service: None, is_task: false, at_ns, deed }
    }
}

/// `health_status: unhealthy`.
fn is_unhealthy(action: &str) -> bool {
    action.strip_prefix("health_status:").is_some_and(|status| status.trim() == "unhealthy")
}

//! What a container of a canary left behind: how it ended, and what it wrote last.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is kept of a container whose release was sent back, or that ended while its release was on trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastWords {
    /// Its id, as Docker shortens it for people.
    pub container: String,
    /// Its name.
    pub name: String,
    /// How it ended; nothing while it runs.
    pub ended: Option<ContainerEnd>,
    /// How often Docker has started it again.
    pub restarts: u64,
    /// What its last Docker health checks said, the oldest first.
    pub checks: Vec<String>,
    /// The last lines that it wrote, the oldest first: of one that ran, from when its release was sent back.
    pub log: Vec<String>,
    /// Why they are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerEnd {
    /// What its process left with; 137 is also what one leaves with that did not obey its stop signal.
    pub exit_code: i64,
    /// Whether the kernel killed it for its memory.
    pub out_of_memory: bool,
    /// Whether it had been told to stop.
    pub was_told: bool,
    /// What kept it from starting, as Docker says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

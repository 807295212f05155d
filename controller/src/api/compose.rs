//! Deployments whose containers Compose makes, at the word of `canaryctl`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The stage of a deployment that waits for its containers to be made.
pub const AWAITS_COMPOSE: &str = "waiting for Compose to make its containers";

/// What Compose is to make.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ByCompose {
    /// What tells this file apart from any other with the same image; kept nowhere.
    #[schema(max_length = 128)]
    pub spec: String,
    /// The restart policy of the containers once their release is stable, as `docker run --restart` takes it.
    pub restart: String,
    /// Whether Compose starts them, as they are whole only then: it writes contents into them that are in no file, runs
    /// `post_start`, or connects them to more networks.
    #[serde(default)]
    pub is_started: bool,
}

/// What is to be made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShadowOrder {
    /// Of which image.
    pub image: String,
    /// How many containers.
    pub instances: usize,
    /// The labels by which canaryd will know them.
    pub labels: BTreeMap<String, String>,
}

/// `POST /v1/services/{name}/made`: Compose has made what a deployment waits for, or has not and will not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// The name of the deployment.
    pub deployment: String,
    /// Why nothing was made; the deployment comes to nothing for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub failure: Option<String>,
}

/// Where Compose has a container from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComposeStatus {
    /// The project.
    pub project: String,
    /// The service of the project.
    pub service: String,
    /// The folder in which Compose was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// Its files; relative to that folder where an old Compose wrote them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config_files: Vec<String>,
    /// The files that it was told to read variables from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_files: Vec<String>,
}

// === impl ByCompose ===

impl fmt::Debug for ByCompose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByCompose").field("restart", &self.restart).finish_non_exhaustive()
    }
}

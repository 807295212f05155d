//! A hook or a smoke test of a rollout.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hook or a smoke test of the rollout that is under way or was the last, since canaryd started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckStatus {
    /// `pre_deploy`, `pre_traffic`, `pre_promote`, `post_promote`, `on_abort`, or `smoke`.
    pub hook: String,
    /// `running`, `passed`, `failed`, or `ignored` if it failed and that means nothing.
    pub outcome: String,
    /// How long it took, or has been running.
    pub took_ms: u64,
    /// How often it was tried.
    #[serde(default)]
    pub tries: u32,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The last lines that it said, or the end of the answer that was not good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<String>,
}

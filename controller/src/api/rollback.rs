//! How a canary left the data path.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a canary left the data path, from the verdict against it or the command to send it back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rollback {
    /// Until the last request that was still picked for the canary, in microseconds; 0 if none was.
    pub to_last_pick_us: u64,
    /// The canary's requests in flight at that moment. They were left to end.
    pub in_flight: u64,
    /// Until the last of them had ended; nothing while one has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_drained_ms: Option<u64>,
}

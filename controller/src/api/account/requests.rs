//! The requests that speak against a canary.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One of the canary's requests that speak against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountRequest {
    /// Its number, as in the access log.
    pub id: String,
    /// When it began, as RFC 3339 in UTC.
    pub at: String,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// The backend of the canary that was tried.
    #[schema(value_type = String)]
    pub backend: SocketAddr,
    /// How that ended: `success` (but slow), `server_error`, `connect_failed`, `reset`, `timed_out`, `unanswered`.
    pub outcome: String,
    /// The status that the canary answered with, if it answered.
    pub status: Option<u16>,
    /// To the first byte of its answer, or to the failure.
    pub waited_us: u64,
    /// What stable answered in its place, if it did.
    pub rescued: Option<u16>,
    /// Whether the canary was convicted before this ended, so that it had no part in it.
    pub is_after_verdict: bool,
}

/// Requests that speak against a canary and are not kept one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountMore {
    /// That failed.
    pub failed: u64,
    /// That were slow.
    pub slow: u64,
    /// That came at once in such numbers that nothing was written down of them.
    pub missed: u64,
}

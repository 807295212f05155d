//! The audit trail.

use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{EvidenceStatus, schema};
use crate::rollout::Transition;

/// `GET /v1/history?service=NAME&limit=N`: the newest first. `GET /v1/events` gives the same entries as they come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// What changed, and who changed it.
    pub entries: Vec<HistoryEntry>,
}

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// Its number; later ones are greater.
    pub id: i64,
    /// When, as RFC 3339 in UTC.
    pub at: String,
    /// Of which service; nothing for all of them.
    #[schema(value_type = Option<schema::ServiceName>)]
    pub service: Option<ServiceName>,
    /// Who: `uid 1000` for a command, `canaryd` for what it did itself.
    pub actor: String,
    /// The command, if it was one.
    pub command: Option<String>,
    /// Why, in the operator's words.
    pub note: Option<String>,
    /// What changed of its rollout; nothing for what is about none, such as a freeze.
    pub transition: Option<Transition>,
    /// What the judge had seen by then.
    pub evidence: Option<EvidenceStatus>,
}

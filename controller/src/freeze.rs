//! Freezes by an operator's word: nothing is started and no weight is raised. Pure: time comes in.
//!
//! Windows that the configuration declares are in [`canary_config::freeze`]; an operator can lift those too.

use std::time::SystemTime;

use canary_config::name::ServiceName;
use serde::{Deserialize, Serialize};

/// An operator's word about freezes, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFreeze {
    /// The service that it is about; nothing for all of them.
    pub service: Option<ServiceName>,
    /// Who said so.
    pub actor: String,
    /// Why, in their words.
    pub note: Option<String>,
    /// Since when.
    pub since: SystemTime,
    /// Until when; nothing if somebody has to lift it.
    pub until: Option<SystemTime>,
    /// What was said.
    pub effect: Effect,
}

/// What an operator said about a freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing is started or raised.
    Freeze,
    /// A window of the configuration does not count until it ends.
    Lift,
}

//! Everything at a glance.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::{DockerHealth, FreezeStatus, ServiceStatus};

/// `GET /v1/services`: everything at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Overview {
    /// The store's health.
    pub store: StoreHealth,
    /// Every service, by name.
    pub services: Vec<ServiceStatus>,
    /// How the Docker Engine is seen, if one is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker: Option<DockerHealth>,
    /// The freezes that are in force.
    #[serde(default)]
    pub freezes: Vec<FreezeStatus>,
}

/// Whether what is decided can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreHealth {
    /// Whether it takes what it is given.
    pub healthy: bool,
    /// What is wrong, and what to do about it.
    pub message: Option<String>,
}

//! The services whose containers are looked for.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use canary_config::name::ServiceName;

/// The services that are discovered, and what holds for containers whose labels do not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted(pub BTreeMap<ServiceName, Fallback>);

/// What holds for a service's containers where their labels say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallback {
    /// The port on which they listen.
    pub port: Option<NonZeroU16>,
    /// The network on which they are reached.
    pub network: Option<Box<str>>,
}

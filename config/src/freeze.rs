//! Times at which nothing is started or raised, as the file declares them.

use std::time::SystemTime;

use crate::name::ServiceName;

/// A time at which no rollout is started and no weight raised. Aborts are always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeWindow {
    /// Its name, for `status`.
    pub name: Box<str>,
    /// The services that it is about; empty for all of them.
    pub services: Vec<ServiceName>,
}

// === impl FreezeWindow ===

impl FreezeWindow {
    /// When the freeze that is in force at this time ends for this service; nothing if none is.
    #[must_use]
    pub fn in_force_until(&self, _service: &ServiceName, _at: SystemTime) -> Option<SystemTime> {
        None
    }
}

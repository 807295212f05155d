//! Times at which nothing is started or raised, as the file declares them.
//!
//! They are times on the wall clock of a zone, and no clock is read here: the instant to look at comes in. `moment` is
//! what an operator writes, `schedule` the stretches of time that two of those make, and `wall_clock` what happens to
//! them where clocks are changed.

mod moment;
mod schedule;
mod wall_clock;

use std::time::SystemTime;

pub(crate) use self::moment::Moment;
pub(crate) use self::schedule::{Schedule, ScheduleError};
use crate::name::ServiceName;

/// A time at which no rollout is started and no weight raised. Aborts are always allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeWindow {
    /// Its name, for `status`. No two windows of a configuration have the same.
    pub name: Box<str>,
    /// The services that it is about; empty for all of them.
    pub services: Vec<ServiceName>,
    /// When it is in force.
    pub(crate) schedule: Schedule,
}

// === impl FreezeWindow ===

impl FreezeWindow {
    /// When the freeze that is in force at this time ends for this service; nothing if none is. A freeze is in force
    /// from its beginning on, and no longer at its end.
    ///
    /// A time that the clocks skip counts as the moment they are put forward. One that comes twice begins a freeze the
    /// first time and ends it the second.
    #[must_use]
    pub fn in_force_until(&self, service: &ServiceName, at: SystemTime) -> Option<SystemTime> {
        let concerns = self.services.is_empty() || self.services.contains(service);
        if concerns { self.schedule.in_force_until(at) } else { None }
    }
}

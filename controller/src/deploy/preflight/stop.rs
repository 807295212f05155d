//! Whether requests have time to end when a container stops.
//!
//! canaryd lets the requests that it sent end before it has a container stopped. What comes past canaryd has the grace
//! of the container alone.

use std::time::Duration;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::host::GRACE;

pub(super) fn findings(facts: &Facts, found: &Found) -> Option<Finding> {
    const CHECK: &str = "stop";
    let config = found.original.container.config.as_ref();
    let given = config.and_then(|config| config.stop_timeout);
    let drain = facts.subject.service.plan.drain_timeout;
    let drain_shown = humantime::format_duration(drain);
    let host = found.original.container.host_config.as_ref();
    let is_published = host.and_then(|host| host.port_bindings.as_ref()).is_some_and(|ports| !ports.is_empty());
    // A negative grace is an endless one.
    let grace = given.map_or(GRACE, |seconds| u64::try_from(seconds).map_or(Duration::MAX, Duration::from_secs));
    let seconds = grace.as_secs();
    Some(if grace.is_zero() {
        Finding::warning(
            CHECK,
            "Docker kills it without a grace, and what it still writes is lost",
            "give it some: `stop_grace_period: 10s`",
        )
    } else if is_published && grace < drain {
        Finding::warning(
            CHECK,
            format!(
                "requests that come by its published ports have {seconds} s to end, and those by canaryd {drain_shown}"
            ),
            format!("write `stop_grace_period: {drain_shown}`, or let all requests come by canaryd"),
        )
    } else {
        let grace = if grace == Duration::MAX { "all the time it needs".to_owned() } else { format!("{seconds} s") };
        Finding::ok(CHECK, format!("requests have {drain_shown} to end; then it is told to stop, and has {grace}"))
    })
}

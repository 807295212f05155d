//! Whether the machine has room for the image and for two sets of containers.

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::clone::Place;
use crate::docker::host::Capacity;

const MIB: u64 = 1 << 20;
/// What an image takes on a disk while it is unpacked is about twice what it takes then.
const UNPACKING: u64 = 2;

pub(super) fn findings(facts: &Facts, found: &Found) -> Vec<Finding> {
    match &found.capacity {
        Ok(capacity) => vec![disk(found, capacity), memory(facts, found, capacity)],
        Err(why) => vec![Finding::warning("room", why, "see that disk and memory suffice")],
    }
}

fn disk(found: &Found, capacity: &Capacity) -> Finding {
    const CHECK: &str = "disk";
    let Some(free) = capacity.disk_free_bytes else {
        return Finding::ok(CHECK, "what is free where images lie is not to be seen from here");
    };
    if found.image.is_some() {
        return Finding::ok(CHECK, format!("the image is there, and {} are free", in_mib(free)));
    }
    // How large it is, nobody knows before it is pulled; most are as large as the one before.
    let size = found.original.image.size.unwrap_or_default().unsigned_abs();
    let what = format!("{} are free where images lie, and stable's image has {}", in_mib(free), in_mib(size));
    let remedy = "make room: `docker image prune` removes images that nothing uses";
    if free < size {
        Finding::refused(CHECK, what, remedy)
    } else if free < size.saturating_mul(UNPACKING) {
        Finding::warning(CHECK, what, remedy)
    } else {
        Finding::ok(CHECK, what)
    }
}

fn memory(facts: &Facts, found: &Found, capacity: &Capacity) -> Finding {
    const CHECK: &str = "memory";
    let free = capacity.memory_bytes.saturating_sub(capacity.memory_used_bytes);
    if facts.place() == Place::InsteadOf {
        return Finding::ok(CHECK, format!("the old release leaves first, and {} are free", in_mib(free)));
    }
    let instances = u64::try_from(facts.instances).unwrap_or(u64::MAX);
    let used = found.usage.map(|usage| usage.memory_bytes.saturating_mul(instances));
    let host = found.original.container.host_config.as_ref();
    let limit = host.and_then(|host| host.memory).filter(|limit| *limit > 0).map(i64::unsigned_abs);
    let limit = limit.map(|limit| limit.saturating_mul(instances));
    let remedy = "lower `instances`, give the machine more memory, or use `--strategy recreate`";
    let set = if facts.instances == 1 { "a second one".to_owned() } else { format!("{instances} more") };
    match (used, limit) {
        (Some(used), _) if used > free => {
            Finding::refused(CHECK, format!("{set} would use {}, and {} are free", in_mib(used), in_mib(free)), remedy)
        }
        (_, Some(limit)) if limit > free => Finding::warning(
            CHECK,
            format!("{set} may use up to {}, and {} are free", in_mib(limit), in_mib(free)),
            remedy,
        ),
        (Some(used), _) => Finding::ok(CHECK, format!("{set} would use {} of {}", in_mib(used), in_mib(free))),
        (None, _) => Finding::ok(CHECK, format!("{} are free; what stable uses is not known", in_mib(free))),
    }
}

fn in_mib(bytes: u64) -> String {
    format!("{} MiB", bytes / MIB)
}

//! Whether it is known where the new containers listen.

use std::collections::BTreeSet;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::label::PORT;

/// It is found as it will be found in the new container: by a label of its own, by the file, or by the only port that
/// it exposes.
pub(super) fn findings(facts: &Facts, found: &Found) -> Option<Finding> {
    const CHECK: &str = "port";
    let service = &facts.subject.service.name;
    let declared = facts.subject.service.origin.discovered().and_then(|discovered| discovered.port);
    let of_image = found.image.as_ref().and_then(|image| image.config.as_ref());
    let copy = facts.copy(found).body;
    let label = copy.labels.as_ref().and_then(|labels| labels.get(PORT));
    // One that equals the image's own is not believed.
    let is_believed = |port: &&String| of_image.and_then(|image| image.labels.as_ref()?.get(PORT)) != Some(*port);
    if declared.is_some() || label.filter(is_believed).is_some() {
        return None;
    }
    let brought = of_image.and_then(|image| image.exposed_ports.as_ref());
    let ports = tcp(copy.exposed_ports.iter().chain(brought).flatten());
    if found.image.is_none() && ports.len() < 2 {
        // What the image adds is known once it is here.
        return None;
    }
    let remedy = format!(
        "write services.{service}.docker.port; if it is a worker that serves no HTTP, leave it to Compose: it needs no \
         canaryd"
    );
    Some(match ports.as_slice() {
        [port] => Finding::ok(CHECK, format!("the new one exposes {port}")),
        [] => Finding::refused(CHECK, "the new one exposes no port, and nothing else says where it listens", remedy),
        several => {
            let what = format!("the new one exposes {}, and nothing says which is meant", several.join(" and "));
            Finding::refused(CHECK, what, remedy)
        }
    })
}

/// The ports of TCP, the lowest first.
fn tcp<'a>(exposed: impl Iterator<Item = &'a String>) -> Vec<String> {
    let tcp = exposed.filter_map(|port| {
        let (port, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        port.parse::<u16>().ok().filter(|_| protocol == "tcp")
    });
    tcp.collect::<BTreeSet<_>>().iter().map(ToString::to_string).collect()
}

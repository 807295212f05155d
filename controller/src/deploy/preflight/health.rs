//! Whether anybody can tell that the new containers serve.

use bollard::models::HealthConfig;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};

pub(super) fn findings(facts: &Facts, found: &Found) -> Finding {
    const CHECK: &str = "health";
    let service = &facts.subject.service.name;
    if let Some(path) = &facts.subject.service.probe.path {
        return Finding::ok(CHECK, format!("canaryd asks for {path}"));
    }
    // What the old image brought stays behind; what was asked for goes along, over what the new image brings.
    let copy = facts.copy(found);
    let of_image = found.image.as_ref().and_then(|image| image.config.as_ref()?.healthcheck.as_ref());
    let own = copy.body.healthcheck.as_ref().and_then(how);
    match own.or_else(|| of_image.and_then(how)) {
        Some(how) if how != "NONE" => Finding::ok(CHECK, "Docker's health check says when it serves"),
        None if found.image.is_none() => {
            Finding::ok(CHECK, "whether the image has a health check is seen when it has been pulled")
        }
        Some(_) | None => Finding::warning(
            CHECK,
            "it has neither a health check nor a path that is probed: it counts as ready once its port is open",
            format!("write services.{service}.probe.path, or a HEALTHCHECK in the Dockerfile"),
        ),
    }
}

/// How it is checked: by `CMD`, by `CMD-SHELL`, or by `NONE`, not at all.
fn how(check: &HealthConfig) -> Option<&str> {
    check.test.as_ref()?.first().map(String::as_str)
}

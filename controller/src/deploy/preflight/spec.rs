//! Whether a copy of stable's container would be what that is.

use bollard::models::ImageInspect;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found};
use crate::docker::clone::{self, Restart, Role, Wish};
use crate::docker::faithful::{self, Terms};

const CHECK: &str = "copy";

pub(super) fn findings(facts: &Facts, found: &Found) -> Vec<Finding> {
    let terms = Terms { place: facts.place(), volumes: facts.volumes(), privileged: facts.privileged() };
    let report = faithful::examine(&found.original, &found.others, &found.injected, terms);
    let refusals = report.refusals.into_iter().map(|one| Finding::refused(CHECK, one.what, one.remedy));
    let warnings = report.warnings.into_iter().chain(copy(facts, found).warnings);
    let warnings = warnings.map(|one| Finding::warning(CHECK, one.what, one.remedy));
    let mut findings: Vec<_> = refusals.chain(warnings).collect();
    if findings.is_empty() {
        let model = clone::name(&found.original.container);
        findings.push(Finding::ok(CHECK, format!("all that {model} is made of is carried over")));
    }
    findings
}

/// A copy as it would be made, for what there is to say of it.
fn copy(facts: &Facts, found: &Found) -> clone::Copy {
    let wish = Wish {
        image: &facts.asked,
        tag: &facts.asked,
        name: "",
        service: &facts.subject.service.name,
        release: "",
        deployment: "",
        carried: &[],
        env: &[],
        role: Role::Instance,
        restart: Restart::No,
        aliases: facts.aliases(),
        volumes: facts.volumes(),
        place: facts.place(),
    };
    let unknown = ImageInspect::default();
    clone::clone(&found.original, found.image.as_ref().unwrap_or(&unknown), &wish, found.api)
}

//! Whether a copy of stable's container would be what that is.

use canary_config::hooks::HookAction;
use canary_config::origin::Aliases;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Found, Maker};
use crate::docker::clone::{self, Place};
use crate::docker::faithful;

const CHECK: &str = "copy";
const STARTS: &str = "Compose completes these containers as it starts them";
const COMPLETES: &str = "it writes their `configs` and `secrets`, runs `post_start`, and version 1 connects them to all \
                         networks but one";

pub(super) fn findings(facts: &Facts, found: &Found) -> Vec<Finding> {
    if let Maker::Compose { is_started, .. } = facts.maker {
        return composed(facts, if is_started { Beginning::Started } else { Beginning::Made });
    }
    let report = faithful::examine(&found.original, &found.others, &found.injected, facts.terms());
    let refusals = report.refusals.into_iter().map(|one| Finding::refused(CHECK, one.what, one.remedy));
    let warnings = report.warnings.into_iter().chain(facts.copy(found).warnings);
    let warnings = warnings.map(|one| Finding::warning(CHECK, one.what, one.remedy));
    let mut findings: Vec<_> = refusals.chain(warnings).collect();
    if findings.is_empty() {
        let model = clone::name(&found.original.container);
        findings.push(Finding::ok(CHECK, format!("all that {model} is made of is carried over")));
    }
    findings
}

/// What Compose leaves behind when it has made a container.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// One that waits for its start.
    Made,
    /// One that runs.
    Started,
}

/// What there is to say of containers that Compose makes.
fn composed(facts: &Facts, beginning: Beginning) -> Vec<Finding> {
    let mut findings = Vec::new();
    if beginning == Beginning::Started && facts.place() == Place::InsteadOf {
        let what = format!("{STARTS}, and they must not run yet: {COMPLETES}");
        let remedy = "have contents in a `file`, use Compose 2 or later, or use another strategy";
        findings.push(Finding::refused(CHECK, what, remedy));
    }
    let pre_deploy = facts.subject.service.hooks.pre_deploy.as_ref().map(|hook| &hook.action);
    if beginning == Beginning::Started && matches!(pre_deploy, Some(HookAction::Command(_))) {
        let what =
            format!("{STARTS}, and the command of `pre_deploy` needs them to be there and not to run: {COMPLETES}");
        let remedy = "have contents in a `file`, use Compose 2 or later, or let `pre_deploy` call a webhook";
        findings.push(Finding::refused(CHECK, what, remedy));
    }
    if facts.aliases() == Aliases::OnPromote {
        let service = &facts.subject.service.name;
        let what = "other containers find the new ones by the names of the old ones at once: Compose gives them";
        let remedy = format!("deploy a copy, or write \"keep\" in services.{service}.docker.aliases");
        findings.push(Finding::warning(CHECK, what, remedy));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "Compose makes the containers by its file"));
    }
    findings
}

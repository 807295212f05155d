//! Whether a second service of Swarm can be beside stable's.

use bollard::models::{MountType, ServiceSpec};
use canary_config::hooks::{Hook, HookAction};
use canary_config::plan::Strategy;

use crate::api::Finding;
use crate::deploy::facts::{Facts, Maker, Served};
use crate::docker::host::Source;
use crate::docker::swarm::refusal::refusal;

const CHECK: &str = "swarm";

pub(super) fn findings(facts: &Facts, served: &Served) -> Vec<Finding> {
    let first = served.first.name.as_deref().unwrap_or_default();
    let refused = [manner(facts), second(facts), changing(served), strategy(facts, first), maker(facts), hooks(facts)];
    let mut findings: Vec<_> = refused.into_iter().flatten().collect();
    findings.extend(local(served));
    findings.extend(volumes(&served.first));
    if findings.is_empty() {
        let what =
            format!("a service beside {first} is made of all that {first} is, and {first} becomes the same then");
        findings.push(Finding::ok(CHECK, what));
    }
    findings
}

/// That there is one service, which can be beside another.
fn manner(facts: &Facts) -> Option<Finding> {
    let origin = facts.subject.swarm()?;
    let (what, remedy) = refusal(&origin.service, origin.manner)?;
    Some(Finding::refused(CHECK, what, remedy))
}

fn second(facts: &Facts) -> Option<Finding> {
    let (second, stable) = (facts.subject.second.as_ref()?, &facts.subject.stable);
    let what = format!("{second} still serves {stable} in the place of the service that it was made beside");
    Some(Finding::refused(CHECK, what, "wait until that one is the same; see `canaryctl status`"))
}

fn changing(served: &Served) -> Option<Finding> {
    let (first, state) = (served.first.name.as_deref().unwrap_or_default(), served.is_changing.as_ref()?);
    let what = format!("Swarm has not come to an end with {first} itself ({state})");
    Some(Finding::refused(CHECK, what, format!("wait for it, or see `docker service ps {first}`")))
}

fn strategy(facts: &Facts, first: &str) -> Option<Finding> {
    (facts.strategy == Strategy::Recreate).then(|| {
        let what = format!("a service beside {first} runs beside it, and recreate stops the old release first");
        Finding::refused(CHECK, what, "use another strategy")
    })
}

fn maker(facts: &Facts) -> Option<Finding> {
    matches!(facts.maker, Maker::Compose { .. })
        .then(|| Finding::refused(CHECK, "Compose makes no service of Swarm", "deploy it by --image"))
}

/// Commands are run in the like of a container of this machine, and a task is none.
fn hooks(facts: &Facts) -> Option<Finding> {
    let service = &facts.subject.service;
    let runs = |hook: &Option<Hook>| hook.as_ref().is_some_and(|hook| matches!(hook.action, HookAction::Command(_)));
    let hooks = &service.hooks;
    let hooks = [&hooks.pre_deploy, &hooks.pre_traffic, &hooks.pre_promote, &hooks.post_promote, &hooks.on_abort];
    let tests = service.smoke.as_ref().is_some_and(|smoke| smoke.command.is_some());
    (tests || hooks.into_iter().any(runs)).then(|| {
        let name = &service.name;
        let what =
            format!("a hook or a smoke test of {name} is a command, which needs a container, and tasks are Swarm's");
        Finding::refused(CHECK, what, "use webhooks, and requests as smoke tests; run migrations as a job of Swarm")
    })
}

/// An image that one node alone has.
fn local(served: &Served) -> Option<Finding> {
    let is_local = served.resolved.as_ref().is_ok_and(|resolved| resolved.source == Source::Local);
    is_local.then(|| {
        let what = "no registry has the image, so that this node alone can run it";
        Finding::warning(CHECK, what, "push it to a registry that all nodes reach")
    })
}

/// What both services would write to.
fn volumes(first: &ServiceSpec) -> Option<Finding> {
    let container = first.task_template.as_ref()?.container_spec.as_ref()?;
    let shared = container.mounts.iter().flatten().filter(|mount| {
        let is_kept = matches!(mount.typ, Some(MountType::VOLUME | MountType::BIND));
        is_kept && mount.read_only != Some(true)
    });
    let names: Vec<_> = shared.filter_map(|mount| mount.source.clone().filter(|name| !name.is_empty())).collect();
    (!names.is_empty()).then(|| {
        let what = format!("the old and the new release write to the same: {}", names.join(", "));
        Finding::warning(CHECK, what, "see that both can do so at once")
    })
}

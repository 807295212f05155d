//! Whether the service may be deployed now.

use canary_config::docker::DockerMode;

use crate::api::Finding;
use crate::deploy::facts::Facts;
use crate::docker::sighting::State;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    [mode(facts), rollout(facts), stable(facts), again(facts)].into_iter().flatten().collect()
}

fn mode(facts: &Facts) -> Option<Finding> {
    let remedy = "write mode = \"provision\" in [docker], and restart canaryd";
    (facts.subject.docker.mode != DockerMode::Provision)
        .then(|| Finding::refused("mode", "canaryd only looks at containers (docker.mode)", remedy))
}

/// That nothing else is under way, and nothing freezes it.
fn rollout(facts: &Facts) -> Option<Finding> {
    Some(match &facts.subject.hindrance {
        None => Finding::ok("rollout", format!("nothing is in the way of a {} rollout", facts.strategy)),
        Some(hindrance) => {
            let (what, remedy) = hindrance.rsplit_once("; ").unwrap_or((hindrance, "see `canaryctl status`"));
            Finding::refused("rollout", what, remedy)
        }
    })
}

fn stable(facts: &Facts) -> Option<Finding> {
    let (service, stable) = (&facts.subject.service.name, &facts.subject.stable);
    if stable.is_none() {
        let remedy = format!("start a container with the label canary.service={service}, or `canaryctl adopt` one");
        return Some(Finding::refused("stable", "nothing is stable yet, so that there is nothing to copy", remedy));
    }
    let own = facts.subject.containers.iter().filter(|container| container.release == *stable);
    let sick: Vec<_> = own
        .filter_map(|container| match &container.state {
            State::Unhealthy { why } => Some(format!("{}: {why}", container.name)),
            _ => None,
        })
        .collect();
    let ready = facts.subject.ready;
    Some(if ready == 0 {
        let what = format!("no container of {stable} is ready, so that the new release has nobody to be compared with");
        Finding::refused("stable", what, "mend it first, or bring the new one up by hand and `canaryctl adopt` it")
    } else if let Some(first) = sick.first() {
        let what = format!("{} of {stable} {} not healthy: {first}", plural(sick.len()), is_or_are(sick.len()));
        Finding::refused("stable", what, "mend or remove it first; the new release would be compared with it")
    } else {
        Finding::ok("stable", format!("{} of {stable} {} ready", plural(ready), is_or_are(ready)))
    })
}

/// What is known of the release already.
fn again(facts: &Facts) -> Option<Finding> {
    let release = facts.release.as_ref()?;
    if facts.is_stable() {
        let what = format!("{release} is stable already, so that there is nothing to do; --force makes it anew");
        return Some(Finding::ok("release", what));
    }
    let before = facts.subject.rollout.sent_back(release);
    Some(match before {
        Some(before) => {
            let (generation, reason) = (before.generation, before.reason.label());
            let what = format!("{release} was sent back by rollout {generation} ({reason})");
            if facts.force {
                Finding::warning("release", what, "it is tried again, as --force says")
            } else {
                Finding::refused("release", what, "deploy another image, or try it again with --force")
            }
        }
        None if facts.overrides.is_empty() => Finding::ok("release", format!("it becomes {release}")),
        None => Finding::ok("release", format!("it becomes {release}, with {} set", facts.overrides.join(", "))),
    })
}

fn plural(containers: usize) -> String {
    if containers == 1 { "1 container".to_owned() } else { format!("{containers} containers") }
}

fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

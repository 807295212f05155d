//! The labels of a copy: those that were given to the original by hand, and those by which canaryd knows its own.

use std::collections::{BTreeMap, HashMap};

use bollard::models::ImageInspect;

use super::{Original, Role, Task, Wish, restart};
use crate::docker::faithful::Warning;
pub use crate::docker::label::{
    CHECK, DEPLOYMENT, IMAGE, MANAGED, ORIGIN, ORIGIN_CONFIG_FILES, ORIGIN_ENV_FILES, ORIGIN_PROJECT, ORIGIN_SERVICE,
    ORIGIN_WORKING_DIR, PREFIX, RELEASE, RESTART, SERVICE, TASK, UNTIL,
};
use crate::docker::label::{
    COMPOSE_CONFIG_FILES, COMPOSE_ENV_FILES, COMPOSE_PROJECT, COMPOSE_SERVICE, COMPOSE_WORKING_DIR, PROXIES,
};

/// By these Compose and Swarm know their own: with them, the next `up` removes the copy.
const ORCHESTRATORS: [&str; 3] = ["com.docker.compose.", "com.docker.stack.", "com.docker.swarm."];
/// The labels of Compose that are kept under a name of ours.
const COMPOSE: [(&str, &str); 5] = [
    (COMPOSE_PROJECT, ORIGIN_PROJECT),
    (COMPOSE_SERVICE, ORIGIN_SERVICE),
    (COMPOSE_WORKING_DIR, ORIGIN_WORKING_DIR),
    (COMPOSE_CONFIG_FILES, ORIGIN_CONFIG_FILES),
    (COMPOSE_ENV_FILES, ORIGIN_ENV_FILES),
];

/// The labels of a copy.
pub(super) fn copied(
    original: &Original,
    image: &ImageInspect,
    wish: &Wish<'_>,
    warnings: &mut Vec<Warning>,
) -> HashMap<String, String> {
    let brought = original.image_config().labels.unwrap_or_default();
    let given = original.container.config.as_ref().and_then(|config| config.labels.clone()).unwrap_or_default();
    let (proxies, mut labels): (HashMap<_, _>, HashMap<_, _>) = given
        .into_iter()
        .filter(|(key, value)| brought.get(key) != Some(value) && !begins(key, &ORCHESTRATORS))
        .partition(|(key, _)| begins(key, &PROXIES));
    warn_of_proxies(proxies.into_keys().collect(), warnings);
    for stale in [TASK, CHECK, UNTIL, SERVICE] {
        labels.remove(stale);
    }
    for (key, value) in ours(original, wish) {
        labels.insert(key.into(), value);
    }
    warn_of_image(image, &labels, warnings);
    labels
}

/// Whether somebody else knows their own by a label: whoever orchestrates, or another proxy.
#[must_use]
pub fn is_of_another(key: &str) -> bool {
    begins(key, &ORCHESTRATORS) || begins(key, &PROXIES)
}

/// The labels of a container that Compose makes, by which canaryd knows it as its own.
#[must_use]
pub fn of_shadow(original: &Original, wish: &Wish<'_>, restart: &str) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<_, _> = ours(original, wish).into_iter().map(|(key, value)| (key.into(), value)).collect();
    labels.insert(RESTART.into(), restart.into());
    labels
}

/// What canaryd has to know of a copy, in the order of their importance.
fn ours(original: &Original, wish: &Wish<'_>) -> Vec<(&'static str, String)> {
    let origin = original.label(ORIGIN).filter(|_| original.label(MANAGED).is_some());
    let origin = origin.map_or_else(|| original.container.id.clone().unwrap_or_default(), str::to_owned);
    let mut ours = vec![
        (MANAGED, wish.owner.into()),
        (RELEASE, wish.release.into()),
        (DEPLOYMENT, wish.deployment.into()),
        (ORIGIN, origin),
        (IMAGE, wish.tag.into()),
        (RESTART, restart::written(&restart::of(&original.container))),
    ];
    match wish.role {
        Role::Instance => ours.push((SERVICE, wish.service.to_string())),
        Role::Task(Task { check, until, .. }) => {
            let until = humantime::format_rfc3339_seconds(until).to_string();
            ours.extend([(TASK, wish.service.to_string()), (CHECK, check.into()), (UNTIL, until)]);
        }
    }
    // The project of a shadow is not the one that it stands for.
    let known = |(theirs, name): &(&str, &'static str)| {
        let kept = original.label(name).filter(|_| original.label(MANAGED).is_some());
        Some((*name, kept.or_else(|| original.label(theirs))?.to_owned()))
    };
    let compose = COMPOSE.iter().filter_map(known);
    ours.extend(compose);
    ours
}

fn warn_of_proxies(mut labels: Vec<String>, warnings: &mut Vec<Warning>) {
    if labels.is_empty() {
        return;
    }
    labels.sort();
    warnings.push(Warning::new(
        format!("labels of another proxy are not copied, or it would serve the copy too: {}", labels.join(", ")),
        "let canaryd alone serve it, and remove the labels",
    ));
}

/// A label that an image brings cannot be taken away, and one of ours that equals the image's own counts for nothing.
fn warn_of_image(image: &ImageInspect, labels: &HashMap<String, String>, warnings: &mut Vec<Warning>) {
    let Some(brought) = image.config.as_ref().and_then(|config| config.labels.as_ref()) else { return };
    let is_ours = |key: &str| key.starts_with(PREFIX) && labels.get(key) == brought.get(key);
    let mut keys: Vec<&str> =
        brought.keys().map(String::as_str).filter(|key| begins(key, &PROXIES) || is_ours(key)).collect();
    if keys.is_empty() {
        return;
    }
    keys.sort_unstable();
    warnings.push(Warning::new(
        format!("the image itself brings labels that should be given to containers alone: {}", keys.join(", ")),
        "remove them from the Dockerfile",
    ));
}

fn begins(key: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}

//! What runs in a copy: command, environment, health check. What the old image brought stays behind.

use bollard::models::{ContainerConfig, ContainerCreateBody, HealthConfig, ImageConfig};

use super::{Original, Role, Wish, networks, short_id};
use crate::docker::faithful::Warning;

/// The variables by which other proxies find what to serve.
const PROXY_VARIABLES: [&str; 2] = ["VIRTUAL_HOST", "VIRTUAL_HOST_MULTIPORTS"];
/// A health check that says so is none, whatever the image has.
const NO_HEALTH_CHECK: &str = "NONE";

/// All but labels, host and networks.
pub(super) fn copied(original: &Original, wish: &Wish<'_>, warnings: &mut Vec<Warning>) -> ContainerCreateBody {
    let config = original.container.config.clone().unwrap_or_default();
    let image = original.image_config();
    let (entrypoint, cmd) = command(&config, &image, wish.role);
    ContainerCreateBody {
        image: Some(wish.image.into()),
        hostname: hostname(original, &config),
        env: Some(env(&config, &image, wish, warnings)),
        healthcheck: match wish.role {
            Role::Instance => healthcheck(config.healthcheck, image.healthcheck),
            Role::Task(_) => Some(HealthConfig { test: Some(vec![NO_HEALTH_CHECK.into()]), ..HealthConfig::default() }),
        },
        user: own(config.user, image.user.as_ref()),
        working_dir: own(config.working_dir, image.working_dir.as_ref()),
        stop_signal: own(config.stop_signal, image.stop_signal.as_ref()),
        shell: config.shell.filter(|shell| image.shell.as_ref() != Some(shell)),
        exposed_ports: without(config.exposed_ports, image.exposed_ports.as_deref()),
        volumes: without(config.volumes, image.volumes.as_deref()),
        entrypoint,
        cmd,
        domainname: config.domainname.filter(|name| !name.is_empty()),
        stop_timeout: config.stop_timeout,
        tty: config.tty,
        open_stdin: config.open_stdin,
        stdin_once: config.stdin_once,
        network_disabled: config.network_disabled,
        attach_stdin: Some(false),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        ..ContainerCreateBody::default()
    }
}

/// Entrypoint and command, as far as they were asked for. The command of one image is never given to the entrypoint of
/// another; one that was asked for is. An entrypoint that was taken away (`entrypoint: []`) is sent as an empty one:
/// of what is left out, an Engine takes the new image's.
fn command(
    config: &ContainerConfig,
    image: &ImageConfig,
    role: Role<'_>,
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let given = |words: &Option<Vec<String>>| words.clone().filter(|words| !words.is_empty());
    let (entrypoint, cmd) = (given(&config.entrypoint), given(&config.cmd));
    // Who sets an entrypoint gives up the image's command, even when it is the entrypoint that the image has.
    let is_set = entrypoint != given(&image.entrypoint) || (cmd.is_none() && given(&image.cmd).is_some());
    let task = match role {
        Role::Instance => None,
        Role::Task(task) => Some(task.command.to_vec()),
    };
    if entrypoint.is_none() && given(&image.entrypoint).is_some() {
        return (Some(Vec::new()), task.or(cmd.filter(|words| Some(words) != image.cmd.as_ref())));
    }
    if is_set {
        return (entrypoint, task.or(cmd));
    }
    (None, task.or(cmd.filter(|words| Some(words) != image.cmd.as_ref())))
}

/// The variables that were asked for, each once, those of the wish over all others.
fn env(config: &ContainerConfig, image: &ImageConfig, wish: &Wish<'_>, warnings: &mut Vec<Warning>) -> Vec<String> {
    let brought = image.env.as_deref().unwrap_or_default();
    let mut env: Vec<String> = Vec::new();
    for entry in config.env.iter().flatten().filter(|entry| !brought.contains(entry)) {
        if PROXY_VARIABLES.contains(&key(entry)) {
            warnings.push(Warning::new(
                format!("the variable `{}` is not copied: another proxy would serve the copy by it", key(entry)),
                "let canaryd alone serve it, and remove the variable",
            ));
            continue;
        }
        set(&mut env, entry.clone());
    }
    for (key, value) in wish.env {
        set(&mut env, format!("{key}={}", value.expose()));
    }
    env
}

fn set(env: &mut Vec<String>, entry: String) {
    match env.iter_mut().find(|other| key(other) == key(&entry)) {
        Some(other) => *other = entry,
        None => env.push(entry),
    }
}

fn key(entry: &str) -> &str {
    entry.split_once('=').map_or(entry, |(key, _)| key)
}

/// An Engine fills what is missing of a health check from the image, so that each field is a question of its own.
fn healthcheck(given: Option<HealthConfig>, image: Option<HealthConfig>) -> Option<HealthConfig> {
    let given = given?;
    let image = image.unwrap_or_default();
    if given.test.as_ref().and_then(|test| test.first()).is_some_and(|first| first == NO_HEALTH_CHECK) {
        let is_own = given.test != image.test;
        return is_own.then(|| HealthConfig { test: given.test, ..HealthConfig::default() });
    }
    let own = |given: Option<i64>, image: Option<i64>| given.filter(|time| *time != 0 && Some(*time) != image);
    let check = HealthConfig {
        test: given.test.filter(|test| !test.is_empty() && Some(test) != image.test.as_ref()),
        interval: own(given.interval, image.interval),
        timeout: own(given.timeout, image.timeout),
        retries: own(given.retries, image.retries),
        start_period: own(given.start_period, image.start_period),
        start_interval: own(given.start_interval, image.start_interval),
    };
    (check != HealthConfig::default()).then_some(check)
}

/// The name that it has inside, unless that is its id or the host's.
fn hostname(original: &Original, config: &ContainerConfig) -> Option<String> {
    let host = original.container.host_config.as_ref();
    let is_hosts = host.and_then(|host| host.uts_mode.as_deref()).is_some_and(|mode| !mode.is_empty())
        || networks::is_borrowed(networks::mode(&original.container));
    let name = config.hostname.clone().filter(|name| !name.is_empty())?;
    (!is_hosts && name != short_id(&original.container)).then_some(name)
}

fn own(given: Option<String>, image: Option<&String>) -> Option<String> {
    given.filter(|given| !given.is_empty() && Some(given) != image)
}

fn without(given: Option<Vec<String>>, image: Option<&[String]>) -> Option<Vec<String>> {
    let image = image.unwrap_or_default();
    let mut own: Vec<String> = given?.into_iter().filter(|entry| !image.contains(entry)).collect();
    own.sort();
    (!own.is_empty()).then_some(own)
}

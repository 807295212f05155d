//! What an Engine makes of a creation: what was asked for, what the image brings, and what the Engine gives.

use std::collections::HashMap;

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, EndpointSettings, HealthConfig, ImageConfig, ImageInspect, MountPoint,
    NetworkSettings,
};
use canary_controller::docker::clone::Copy;

const ID: &str = "4f1c9d1e7b6a4f1c9d1e7b6a4f1c9d1e7b6a4f1c9d1e7b6a4f1c9d1e7b6a0000";

/// The inspection of a container that was created, connected and started.
pub(super) fn made(copy: &Copy, image: &ImageInspect) -> ContainerInspectResponse {
    let body = copy.body.clone();
    let host = body.host_config.clone().unwrap();
    let borrows = host.network_mode.as_deref().is_some_and(|mode| mode == "host" || mode.starts_with("container:"));
    let mounts = mounts(host.binds.as_deref().unwrap_or_default(), body.volumes.as_deref().unwrap_or_default(), image);
    ContainerInspectResponse {
        id: Some(ID.into()),
        name: Some(format!("/{}", copy.name)),
        config: Some(config(copy, image, borrows)),
        host_config: Some(host),
        mounts: Some(mounts),
        network_settings: Some(NetworkSettings { networks: Some(networks(copy)), ..NetworkSettings::default() }),
        ..ContainerInspectResponse::default()
    }
}

fn config(copy: &Copy, image: &ImageInspect, borrows: bool) -> ContainerConfig {
    let (body, image) = (copy.body.clone(), image.config.clone().unwrap());
    let (entrypoint, cmd) = command(body.entrypoint, body.cmd, &image);
    let mut env = body.env.unwrap_or_default();
    let key = |entry: &str| entry.split('=').next().unwrap().to_owned();
    let more: Vec<String> =
        image.env.unwrap().into_iter().filter(|brought| env.iter().all(|entry| key(entry) != key(brought))).collect();
    env.extend(more);
    let mut labels = image.labels.unwrap_or_default();
    labels.extend(body.labels.unwrap_or_default());
    ContainerConfig {
        hostname: body.hostname.or_else(|| Some(if borrows { "host".into() } else { ID[..12].into() })),
        env: Some(env),
        labels: Some(labels),
        entrypoint,
        cmd,
        healthcheck: merged(body.healthcheck, image.healthcheck),
        image: body.image,
        user: body.user.or(image.user),
        working_dir: body.working_dir.or(image.working_dir),
        stop_signal: body.stop_signal.or(image.stop_signal),
        exposed_ports: together(body.exposed_ports, image.exposed_ports),
        volumes: together(body.volumes, image.volumes),
        domainname: Some(body.domainname.unwrap_or_default()),
        stop_timeout: body.stop_timeout,
        tty: body.tty,
        open_stdin: body.open_stdin,
        stdin_once: body.stdin_once,
        attach_stdin: Some(false),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        ..ContainerConfig::default()
    }
}

/// An empty entrypoint is one, and takes the image's away; only one with something in it takes the command along.
fn command(
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    image: &ImageConfig,
) -> (Option<Vec<String>>, Option<Vec<String>>) {
    if entrypoint.as_ref().is_some_and(|words| !words.is_empty()) {
        return (entrypoint, cmd);
    }
    let cmd = cmd.filter(|words| !words.is_empty()).or_else(|| image.cmd.clone());
    (entrypoint.or_else(|| image.entrypoint.clone()), cmd)
}

fn merged(given: Option<HealthConfig>, image: Option<HealthConfig>) -> Option<HealthConfig> {
    let (Some(given), Some(image)) = (given.clone(), image.clone()) else { return given.or(image) };
    Some(HealthConfig {
        test: given.test.or(image.test),
        interval: given.interval.or(image.interval),
        timeout: given.timeout.or(image.timeout),
        retries: given.retries.or(image.retries),
        start_period: given.start_period.or(image.start_period),
        start_interval: given.start_interval.or(image.start_interval),
    })
}

fn together(given: Option<Vec<String>>, image: Option<Vec<String>>) -> Option<Vec<String>> {
    let all: Vec<String> = given.into_iter().chain(image).flatten().collect();
    (!all.is_empty()).then_some(all)
}

/// A volume without a name for each place that is declared and not bound.
fn mounts(binds: &[String], declared: &[String], image: &ImageInspect) -> Vec<MountPoint> {
    let brought = image.config.as_ref().and_then(|config| config.volumes.clone()).unwrap_or_default();
    let is_bound = |place: &&String| !binds.iter().any(|bind| bind.split(':').nth(1) == Some(place));
    let nameless = declared.iter().chain(&brought).filter(is_bound).map(|place| (ID.to_owned(), place.clone()));
    let bound = binds.iter().filter(|bind| !bind.starts_with('/')).map(|bind| {
        let (name, place) = bind.split_once(':').unwrap();
        (name.to_owned(), place.split(':').next().unwrap().to_owned())
    });
    let mount = |(name, place): (String, String)| MountPoint {
        typ: Some("volume".into()),
        name: Some(name),
        destination: Some(place),
        rw: Some(true),
        ..MountPoint::default()
    };
    nameless.chain(bound).map(mount).collect()
}

fn networks(copy: &Copy) -> HashMap<String, EndpointSettings> {
    let at_once = copy.body.networking_config.as_ref().and_then(|config| config.endpoints_config.clone());
    let all = at_once.into_iter().flatten().chain(copy.connect.clone());
    let given = |(network, endpoint): (String, EndpointSettings)| {
        let mut endpoint = EndpointSettings { ip_address: Some("172.19.0.3".into()), ..endpoint };
        if network != "bridge" {
            endpoint.aliases.get_or_insert_default().extend([ID[..12].to_owned(), copy.name.clone()]);
        }
        (network, endpoint)
    };
    all.map(given).collect()
}

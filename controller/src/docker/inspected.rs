//! From what the Engine's API answers to what it means.

use core::net::IpAddr;
use std::num::NonZeroU16;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum, EndpointSettings, HealthStatusEnum, HostConfig,
    ImageInspect,
};
use canary_config::quoted::Excerpt;

use crate::docker::clone::volumes::anonymous;
use crate::docker::facts::{Activity, Facts, Health, ImageFacts};
use crate::docker::network::Connection;
use crate::docker::sighting::{Doubt, State};
use crate::docker::signal::Signal;

/// How long the Engine lets a container take to stop, if nothing else was said.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

// === impl Facts ===

impl Facts {
    /// What an inspection says.
    pub(super) fn of(inspected: ContainerInspectResponse) -> Self {
        let doubts = doubts(&inspected);
        let config = inspected.config.unwrap_or_default();
        let networks = inspected.network_settings.unwrap_or_default().networks.unwrap_or_default();
        let host_config = inspected.host_config.unwrap_or_default();
        let mut exposed: Vec<_> = config.exposed_ports.iter().flatten().filter_map(|port| tcp_port(port)).collect();
        exposed.sort_unstable();
        Self {
            name: inspected.name.unwrap_or_default().trim_start_matches('/').into(),
            image: config.image.unwrap_or_default().into(),
            image_id: inspected.image.unwrap_or_default().into(),
            labels: config.labels.unwrap_or_default(),
            exposed,
            connection: connection(&host_config, networks),
            created: inspected.created.as_deref().and_then(moment),
            restarts: inspected.restart_count.and_then(|count| count.try_into().ok()).unwrap_or_default(),
            stop_timeout: config.stop_timeout.and_then(seconds).unwrap_or(STOP_TIMEOUT),
            stop_signal: config.stop_signal.as_deref().and_then(Signal::read).unwrap_or(Signal::TERM),
            doubts,
            activity: activity(inspected.state.unwrap_or_default()),
        }
    }
}

// === impl ImageFacts ===

impl ImageFacts {
    /// What an inspection says.
    pub(super) fn of(inspected: ImageInspect) -> Self {
        Self {
            labels: Some(inspected.config.and_then(|config| config.labels).unwrap_or_default()),
            known_as: inspected.repo_digests.unwrap_or_default(),
        }
    }
}

/// What an operator may not have meant.
fn doubts(inspected: &ContainerInspectResponse) -> Vec<Doubt> {
    let check = inspected.config.as_ref().and_then(|config| config.healthcheck.as_ref()?.test.as_ref()?.first());
    let no_check = check.is_none_or(|how| how == "NONE").then_some(Doubt::NoHealthCheck);
    let volumes = anonymous(inspected).into_iter().filter_map(|mount| mount.destination.as_deref());
    no_check.into_iter().chain(volumes.map(|at| Doubt::AnonymousVolume(at.into()))).collect()
}

/// Whole seconds; fewer than none are no limit at all.
fn seconds(given: i64) -> Option<Duration> {
    given.try_into().ok().map(Duration::from_secs)
}

/// `8080/tcp`, as a port of TCP.
fn tcp_port(exposed: &str) -> Option<NonZeroU16> {
    let (port, protocol) = exposed.split_once('/').unwrap_or((exposed, "tcp"));
    port.parse().ok().filter(|_| protocol == "tcp")
}

/// How a container with these networks is connected.
pub(super) fn connection(
    host_config: &HostConfig,
    networks: impl IntoIterator<Item = (String, EndpointSettings)>,
) -> Connection {
    match host_config.network_mode.as_deref() {
        Some("host") => Connection::Host,
        Some(mode) if mode.starts_with("container:") => Connection::Shared,
        _ => {
            let named = networks.into_iter().filter(|(name, _)| name != "none");
            Connection::Networks(named.map(|(name, endpoint)| (name.into(), address(&endpoint))).collect())
        }
    }
}

/// The address of an endpoint, IPv4 before IPv6; what is not connected has none.
fn address(endpoint: &EndpointSettings) -> Option<IpAddr> {
    let texts = [&endpoint.ip_address, &endpoint.global_ipv6_address];
    let addresses = texts.into_iter().flatten().filter_map(|text| text.parse::<IpAddr>().ok());
    addresses.filter(|address| !address.is_unspecified()).min_by_key(IpAddr::is_ipv6)
}

fn activity(state: ContainerState) -> Activity {
    use ContainerStateStatusEnum as Status;
    let flag = |flag: Option<bool>| flag == Some(true);
    let stopped = State::Stopped {
        exit_code: state.exit_code.unwrap_or_default(),
        out_of_memory: flag(state.oom_killed),
        since: state.finished_at.as_deref().and_then(moment),
    };
    // One that waits to be started again says that it runs, and so does one that is paused.
    match state.status {
        Some(Status::PAUSED) => Activity::Other(State::Paused),
        Some(Status::STOPPING) => Activity::Other(State::Leaving),
        Some(Status::RESTARTING | Status::EXITED | Status::CREATED | Status::DEAD | Status::REMOVING) => {
            Activity::Other(stopped)
        }
        _ if flag(state.paused) => Activity::Other(State::Paused),
        _ if flag(state.running) && !flag(state.restarting) => {
            let since = state.started_at.as_deref().and_then(moment);
            Activity::Running { since, health: health_of(state) }
        }
        _ => Activity::Other(stopped),
    }
}

fn health_of(state: ContainerState) -> Health {
    let Some(health) = state.health else { return Health::Good };
    match health.status {
        Some(HealthStatusEnum::STARTING) => Health::Starting,
        Some(HealthStatusEnum::UNHEALTHY) => {
            let last = health.log.unwrap_or_default().pop().and_then(|result| result.output).unwrap_or_default();
            let said = last.trim().lines().next_back().unwrap_or_default().to_owned();
            let why = match said.as_str() {
                "" => "its Docker health check fails".to_owned(),
                said => format!("its Docker health check fails: {}", Excerpt(said)),
            };
            Health::Bad { why }
        }
        _ => Health::Good,
    }
}

/// A time as the Engine writes it. What never happened was in the year 1.
fn moment(text: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(text).ok().filter(|moment| *moment > UNIX_EPOCH)
}

#[cfg(test)]
mod tests;

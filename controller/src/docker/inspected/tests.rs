use std::collections::HashMap;

use bollard::models::{ContainerConfig, Health as DockerHealth, HealthcheckResult, NetworkSettings};

use super::*;

const BEGUN: &str = "2026-11-30T21:16:13.316707534Z";
const NEVER: &str = "0001-01-01T00:00:00Z";

fn state(json: &str) -> Activity {
    let said = format!(r#"{{ "StartedAt": "{BEGUN}", "FinishedAt": "{NEVER}", {json} }}"#);
    activity(serde_json::from_str(&said).unwrap())
}

fn stopped(exit_code: i64, out_of_memory: bool) -> Activity {
    Activity::Other(State::Stopped { exit_code, out_of_memory, since: None })
}

#[test]
fn a_state_is_what_it_means_and_not_what_its_flags_say() {
    let since = moment(BEGUN);
    let good = Activity::Running { since, health: Health::Good };
    assert!(since.is_some());
    assert_eq!(state(r#""Status": "running", "Running": true"#), good);
    assert_eq!(state(r#""Status": "running", "Running": true, "Health": { "Status": "healthy" }"#), good);
    assert_eq!(state(r#""Status": "running", "Running": true, "Health": { "Status": "none" }"#), good);
    assert_eq!(state(r#""Status": "paused", "Running": true, "Paused": true"#), Activity::Other(State::Paused));
    assert_eq!(
        state(r#""Status": "restarting", "Running": true, "Restarting": true, "ExitCode": 1"#),
        stopped(1, false)
    );
    assert_eq!(state(r#""Status": "exited", "ExitCode": 137, "OOMKilled": true"#), stopped(137, true));
    assert_eq!(state(r#""Status": "created""#), stopped(0, false));
    assert_eq!(state(r#""Status": "dead""#), stopped(0, false));
    assert_eq!(state(r#""Status": "stopping", "Running": true"#), Activity::Other(State::Leaving));
}

#[test]
fn a_health_check_says_why_it_fails() {
    let health = |status, output: Option<&str>| {
        let result = HealthcheckResult { output: output.map(str::to_owned), ..HealthcheckResult::default() };
        let health = DockerHealth { status: Some(status), log: Some(vec![result]), ..DockerHealth::default() };
        health_of(ContainerState { health: Some(health), ..ContainerState::default() })
    };
    let bad = |why: &str| Health::Bad { why: why.to_owned() };
    assert_eq!(health(HealthStatusEnum::STARTING, None), Health::Starting);
    assert_eq!(health(HealthStatusEnum::UNHEALTHY, None), bad("its Docker health check fails"));
    assert_eq!(
        health(HealthStatusEnum::UNHEALTHY, Some("a\nno \u{1b}[1mroute\n")),
        bad("its Docker health check fails: no \\u{1b}[1mroute")
    );
}

#[test]
fn an_inspection_is_read_whole() {
    let endpoint = |ip: &str, six: &str| EndpointSettings {
        ip_address: Some(ip.to_owned()),
        global_ipv6_address: Some(six.to_owned()),
        ..EndpointSettings::default()
    };
    let networks =
        [("edge", endpoint("10.0.0.2", "fd00::2")), ("six", endpoint("", "fd00::3")), ("new", endpoint("", ""))];
    let facts = Facts::of(ContainerInspectResponse {
        name: Some("/web-1".to_owned()),
        image: Some("sha256:01".to_owned()),
        created: Some(BEGUN.to_owned()),
        restart_count: Some(3),
        config: Some(ContainerConfig {
            image: Some("web:v1".to_owned()),
            labels: Some(HashMap::from([("a".to_owned(), "b".to_owned())])),
            exposed_ports: Some(["9090/tcp", "53/udp", "8080/tcp", "x/tcp"].map(str::to_owned).to_vec()),
            stop_signal: Some("SIGQUIT".to_owned()),
            ..ContainerConfig::default()
        }),
        network_settings: Some(NetworkSettings {
            networks: Some(networks.map(|(name, endpoint)| (name.to_owned(), endpoint)).into()),
            ..NetworkSettings::default()
        }),
        ..ContainerInspectResponse::default()
    });
    assert_eq!((&*facts.name, &*facts.image, &*facts.image_id, facts.restarts), ("web-1", "web:v1", "sha256:01", 3));
    assert_eq!(facts.exposed.iter().map(|port| port.get()).collect::<Vec<_>>(), [8080, 9090]);
    assert_eq!((facts.stop_signal, facts.created), (Signal::read("QUIT").unwrap(), moment(BEGUN)));
    let ip = |text: &str| Some(text.parse().unwrap());
    let networks = [("edge".into(), ip("10.0.0.2")), ("six".into(), ip("fd00::3")), ("new".into(), None)];
    assert_eq!(facts.connection, Connection::Networks(networks.into()));
}

#[test]
fn whose_network_it_is_depends_on_the_mode() {
    let of = |mode: &str| {
        let host_config = HostConfig { network_mode: Some(mode.to_owned()), ..HostConfig::default() };
        connection(&host_config, [("none".to_owned(), EndpointSettings::default())])
    };
    assert_eq!(of("host"), Connection::Host);
    assert_eq!(of("container:0123"), Connection::Shared);
    assert_eq!(of("none"), Connection::Networks([].into()));
}

//! What the file of the documentation means, and what holds where a file says nothing.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use canary_config::daemon::{AccessLog, Config, Limits};
use canary_config::docker::{Docker, DockerHost, DockerMode};
use canary_config::origin::Declared;
use canary_config::plan::{Gate, OnThinEvidence, Step, Strategy};
use canary_config::rule::Matcher;
use canary_config::service::{Probe, Service, Timeouts};
use canary_config::weight::Weight;

use crate::support::{GOOD, good};

/// The least that a file must say.
const LEAST: &str = r#"
[listen.web]
address = "127.0.0.1:0"
[services.web]
rule = "Host(`example.com`)"
[services.web.releases.only]
backends = ["127.0.0.1:9001"]
"#;

/// Every key there is, each with a value that is not its default.
const ALL: &str = include_str!("support/all_keys.toml");

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn step(bp: u16, min: u64, max: u64, gate: Gate) -> Step {
    let weight = Weight::from_bp(bp).unwrap();
    Step { weight, instances: None, min_duration: seconds(min), max_duration: seconds(max), gate }
}

fn declared(service: &Service) -> &Declared {
    service.origin.declared().expect("releases in the file")
}

#[test]
fn the_file_of_the_documentation_means_what_it_says() {
    let Config { listeners, admin, metrics, store, services, .. } = good(GOOD);
    let addresses: Vec<String> = listeners.iter().map(|l| format!("{} {}", l.name, l.address)).collect();
    assert_eq!(addresses, ["web 127.0.0.1:8080"]);
    assert_eq!(admin.socket.to_str(), Some("/run/canaryd/canaryd.sock"));
    assert_eq!(metrics.address.to_string(), "127.0.0.1:9901");
    assert_eq!(store.path.to_str(), Some("/var/lib/canaryd/canaryd.db"));
    let (name, web) = services.first_key_value().unwrap();
    assert_eq!((name.as_str(), web.name.as_str(), declared(web).stable.as_str()), ("web", "web", "v1"));
    assert_eq!(*web.rule.matcher(), Matcher::PathPrefix("/".into()));
    let releases = declared(web).releases.iter().map(|(id, release)| format!("{id} {:?}", release.backends));
    assert_eq!(releases.collect::<Vec<_>>(), ["v1 [127.0.0.1:9001]", "v2 [127.0.0.1:9002]"]);
    assert_eq!(web.probe, Probe { path: Some("/healthz".into()), interval: seconds(1), ..Probe::default() });
    assert_eq!(web.plan.steps, [step(1_000, 60, 900, Gate::Evidence), step(2_500, 60, 900, Gate::Evidence)]);
    assert_eq!(web.plan.probation, seconds(600));
}

#[test]
fn the_daemons_defaults_are_those_of_the_documentation() {
    let Config { listeners, admin, metrics, store, access_log, proxy, limits, .. } = good(LEAST);
    assert!(listeners[0].trusted_proxies.is_empty());
    assert_eq!(admin.socket.to_str(), Some("/run/canaryd/canaryd.sock"));
    assert_eq!((admin.socket_group, admin.socket_mode), (None, 0o600));
    assert_eq!((metrics.address.to_string().as_str(), metrics.bearer_token), ("127.0.0.1:9901", None));
    assert_eq!(store.path.to_str(), Some("/var/lib/canaryd/canaryd.db"));
    assert_eq!(access_log, AccessLog::Stdout);
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    assert_eq!(proxy.workers.get(), (cores / 2).max(1));
    assert_eq!(proxy.drain_timeout, seconds(30));
    let documented = Limits {
        connections: 20_000,
        connections_per_ip: 1_024,
        head_timeout: seconds(10),
        keep_alive: seconds(180),
        body_idle: seconds(60),
        head_bytes: 65_536,
        head_fields: 128,
        target_bytes: 8_192,
    };
    assert_eq!(limits, documented);
}

#[test]
fn without_its_table_no_engine_is_looked_at_and_with_it_the_one_of_this_machine() {
    assert_eq!(good(LEAST).docker, None);
    let documented = Docker {
        mode: DockerMode::Discover,
        host: DockerHost::Unix("/var/run/docker.sock".into()),
        keep_releases: 3,
        registry_auth_file: None,
    };
    assert_eq!(good(&format!("{LEAST}[docker]")).docker, Some(documented));
    let hosts = ["tcp://Docker.Example.com:2375", "tcp://10.0.0.1:1", "tcp://[::1]:65535"].map(|host| {
        match good(&format!("{LEAST}[docker]\nhost = \"{host}\"")).docker.unwrap().host {
            DockerHost::Tcp { address, tls: None } => address,
            host => panic!("{host:?}"),
        }
    });
    assert_eq!(hosts.map(String::from), ["docker.example.com:2375", "10.0.0.1:1", "[::1]:65535"]);
}

#[test]
fn a_services_defaults_are_those_of_the_documentation() {
    let config = good(LEAST);
    let web = config.services.values().next().unwrap();
    assert_eq!(declared(web).stable.as_str(), "only");
    assert_eq!(web.probe, Probe { path: None, interval: seconds(2), timeout: seconds(2), rise: 2, fall: 2 });
    let documented = Timeouts { connect: seconds(2), read: seconds(60), keep_alive: seconds(90) };
    assert_eq!(web.timeouts, documented);
    let plan = &web.plan;
    assert_eq!((plan.strategy, plan.on_thin_evidence), (Strategy::Canary, OnThinEvidence::Hold));
    assert_eq!(plan.steps, [step(1_000, 60, 900, Gate::Evidence), step(2_500, 60, 900, Gate::Evidence)]);
    assert_eq!((plan.ready_timeout, plan.probation), (seconds(60), seconds(600)));
    assert_eq!(plan.criteria.alpha.get().to_string(), "0.05");
}

#[test]
fn every_key_reaches_the_type_it_means() {
    let config = good(ALL);
    let shown = format!("{config:#?}\n");
    let whole = include_str!("support/all_keys.txt");
    assert_eq!(shown, whole, "\n{shown}");
}

#[test]
fn a_target_is_never_longer_than_its_head_even_by_default() {
    assert_eq!(good(&format!("{LEAST}[limits]\nhead_bytes = 4096")).limits.target_bytes, 4_096);
}

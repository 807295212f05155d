//! What is said before a deployment, of what an Engine showed: all is well, something is to be weighed, or it is not to
//! be done.

use std::path::Path;
use std::time::UNIX_EPOCH;

use bollard::models::{HealthConfig, ImageConfig, ImageInspect};
use canary_config::docker::DockerMode;
use canary_config::file::Reading;
use canary_config::plan::Strategy;
use canary_controller::api::Preflight;
use canary_controller::deploy::{Facts, Found, Maker, Model, Served, preflight};
use canary_controller::docker::clone::Original;
use canary_controller::docker::faithful::injected::Injected;
use canary_controller::docker::host::{Capacity, Resolved, Source, Usage};
use canary_controller::docker::owner::Owner;
use canary_controller::docker::reference::Reference;
use canary_controller::docker::sighting::{ContainerId, Sighting, State, SwarmOrigin};
use canary_controller::docker::swarm::refusal::Manner;
use canary_controller::docker::version::ApiVersion;
use canary_controller::engine::Subject;
use canary_controller::render::{self, Color};
use canary_controller::rollout::Rollout;
use canary_controller::store::Seed;
use serde_json::{Value, json};

use super::recorded::{BRIDGED, COMPOSED, PLAIN, container, image_v2, original};
use crate::canaryctl::golden::assert_golden;

const STABLE: &str = "0123456789ab";
const PINNED: &str = "reg.lan/me/web@sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const MIB: u64 = 1 << 20;
const PROBED: &str = "probe = { path = \"/healthz\" }";

/// A service with one container like this, whose file says this of it.
fn subject(original: &Original, words: &str) -> Subject {
    let text = format!(
        "[listen.web]\naddress = \"127.0.0.1:0\"\n[docker]\nmode = \"provision\"\n[services.web]\nrule = \
         \"PathPrefix(`/`)\"\n{words}\n"
    );
    let config = Reading::of_text(&text, Path::new("canaryd.toml")).result.expect("a good file");
    let service = config.services[&"web".parse().unwrap()].clone();
    let stable: canary_config::name::ReleaseId = STABLE.parse().unwrap();
    let sighting = Sighting {
        service: service.name.clone(),
        release: stable.clone(),
        also: Vec::new(),
        container: ContainerId::new(original.container.id.as_deref().unwrap()),
        name: "web-1".into(),
        image: "reg.lan/me/web:v1".into(),
        digest: "sha256:0123".into(),
        created: Some(UNIX_EPOCH),
        restarts: 0,
        told_to_stop: None,
        managed: None,
        compose: None,
        swarm: None,
        doubts: Vec::new(),
        state: State::Running { address: "172.18.0.2:8080".parse().unwrap(), since: Some(UNIX_EPOCH) },
    };
    Subject {
        service,
        docker: config.docker.unwrap(),
        rollout: Rollout::new(stable.clone()),
        stable,
        containers: vec![sighting],
        ready: 1,
        seed: Seed::fresh(),
        owner: Owner::of(&Seed::fresh()),
        hindrance: None,
        second: None,
    }
}

/// All that is known of a deployment of `reg.lan/me/web:v2`, which is in its registry.
fn facts(original: Original, words: &str) -> Facts {
    let subject = subject(&original, words);
    let reference: Reference = "reg.lan/me/web:v2".parse().unwrap();
    Facts {
        strategy: subject.service.plan.strategy,
        subject,
        asked: reference.to_string(),
        maker: Maker::Copy,
        overrides: Vec::new(),
        force: false,
        instances: 1,
        release: Some("fedcba987654".parse().unwrap()),
        found: Ok(Model::Container(Box::new(Found {
            api: ApiVersion::OLDEST,
            original,
            injected: Injected::default(),
            others: Vec::new(),
            reference: Ok(reference),
            resolved: Ok(Resolved { image: PINNED.into(), source: Source::Registry }),
            image: None,
            capacity: Ok(Capacity {
                architecture: "x86_64".into(),
                memory_bytes: 2_048 * MIB,
                memory_used_bytes: 512 * MIB,
                disk_free_bytes: Some(20_000 * MIB),
            }),
            usage: Some(Usage { memory_bytes: 80 * MIB, memory_bytes_max: None, cpu_nanos: 0 }),
        }))),
    }
}

fn found(facts: &mut Facts) -> &mut Found {
    match facts.found.as_mut().unwrap() {
        Model::Container(found) => found,
        Model::Service(_) => panic!("it is no container"),
    }
}

/// A container of which everything can be copied.
fn harmless() -> Original {
    let mut harmless = original(PLAIN);
    harmless.container = container(PLAIN, |container| {
        container.mounts = None;
        let host = container.host_config.as_mut().unwrap();
        host.binds = None;
        host.mounts = None;
        for endpoint in container.network_settings.as_mut().unwrap().networks.as_mut().unwrap().values_mut() {
            endpoint.ipam_config = None;
        }
    });
    harmless
}

fn shown(facts: &Facts) -> (Preflight, String) {
    let preflight = preflight::judge(facts);
    let text = render::preflight(&preflight, Color::Never);
    (preflight, text)
}

#[test]
fn all_is_well() {
    let (preflight, text) = shown(&facts(harmless(), PROBED));
    assert!(!preflight.is_refused(), "{text}");
    assert_golden("preflight_pass", &text);
}

#[test]
fn something_is_to_be_weighed() {
    let mut facts = facts(original(COMPOSED), "docker = { port = 8080 }");
    facts.asked = "reg.lan/me/web:latest".into();
    facts.overrides = vec!["GREETING".into(), "TOKEN".into()];
    let found = found(&mut facts);
    found.reference = Ok("reg.lan/me/web".parse().unwrap());
    let why = "cannot ask the registry for reg.lan/me/web:latest: no route to host".into();
    found.resolved = Ok(Resolved { image: PINNED.into(), source: Source::Cached { why } });
    found.image = Some(image_v2());
    found.capacity.as_mut().unwrap().memory_used_bytes = 1_960 * MIB;
    found.usage.as_mut().unwrap().memory_bytes = 40 * MIB;
    found.original.container.config.as_mut().unwrap().healthcheck = None;
    found.image.as_mut().unwrap().config.as_mut().unwrap().healthcheck = None;
    let (preflight, text) = shown(&facts);
    assert!(!preflight.is_refused(), "{text}");
    assert_golden("preflight_warnings", &text);
}

#[test]
fn it_is_not_to_be_done() {
    let mut facts = facts(original(BRIDGED), "");
    facts.subject.docker.mode = DockerMode::Discover;
    facts.subject.hindrance = Some("a rollout of v9 is held; abort it, or wait for its end".into());
    facts.subject.ready = 0;
    let found = found(&mut facts);
    let of_arm = ImageInspect { architecture: Some("arm64".into()), ..ImageInspect::default() };
    found.image = Some(of_arm);
    found.usage.as_mut().unwrap().memory_bytes = 1_900 * MIB;
    let (preflight, text) = shown(&facts);
    assert!(preflight.is_refused());
    assert_golden("preflight_refused", &text);
    assert!(preflight::in_words(&[preflight]).starts_with("web: mode: canaryd only looks at containers"));
}

#[test]
fn without_the_image_little_is_to_be_said() {
    let mut facts = facts(harmless(), PROBED);
    facts.release = None;
    let reference: Reference = "reg.lan/me/web:3f9c2ab".parse().unwrap();
    let why = reference.missing(&["reg.lan/me/web:3f9c2ab04d1e".into()]);
    found(&mut facts).resolved = Err(why);
    let (preflight, text) = shown(&facts);
    assert_eq!((preflight.is_refused(), preflight.pinned.as_deref()), (true, None));
    assert_golden("preflight_missing", &text);
}

/// What a check says of a service of which the file says nothing, once the new image is here.
fn said(original: Original, change: impl FnOnce(&mut Found), check: &str) -> String {
    let mut facts = facts(original, "");
    found(&mut facts).image = Some(image_v2());
    change(found(&mut facts));
    let findings = preflight::judge(&facts).findings;
    let said = findings.into_iter().filter(|finding| finding.check == check);
    said.map(|finding| format!("{:?}: {}\n", finding.level, finding.what)).collect()
}

fn config(image: &mut Option<ImageInspect>) -> &mut ImageConfig {
    image.as_mut().unwrap().config.as_mut().unwrap()
}

#[test]
fn where_it_listens_is_told_as_it_will_be_found() {
    let exposes = |ports: &'static [&'static str]| {
        let mut original = harmless();
        let config = original.container.config.as_mut().unwrap();
        config.exposed_ports = Some(ports.iter().map(|&port| port.to_owned()).collect());
        original
    };
    let of = |original| said(original, |_| {}, "port");
    assert_eq!(of(exposes(&[])), "Ok: the new one exposes 8080\n");
    assert_eq!(of(exposes(&["8080/tcp", "53/udp"])), "Ok: the new one exposes 8080\n");
    let several = "Refused: the new one exposes 8080 and 9090, and nothing says which is meant\n";
    assert_eq!(of(exposes(&["8080/tcp", "9090/tcp"])), several);
    let bare = |original| said(original, |found| config(&mut found.image).exposed_ports = None, "port");
    assert_eq!(bare(exposes(&["9090/tcp"])), "Ok: the new one exposes 9090\n");
    let none = "Refused: the new one exposes no port, and nothing else says where it listens\n";
    assert_eq!(bare(exposes(&[])), none);
}

#[test]
fn a_port_that_the_old_image_said_is_not_the_new_ones() {
    let labelled = |of_image: Option<&str>| {
        let mut original = harmless();
        let port = ("canary.port".to_owned(), "8080".to_owned());
        original.container.config.as_mut().unwrap().labels.get_or_insert_default().extend([port]);
        let brought = original.image.config.as_mut().unwrap().labels.get_or_insert_default();
        brought.extend(of_image.map(|port| ("canary.port".to_owned(), port.to_owned())));
        said(original, |found| config(&mut found.image).exposed_ports = None, "port")
    };
    assert_eq!(labelled(None), "");
    assert!(labelled(Some("8080")).starts_with("Refused: "), "{}", labelled(Some("8080")));
}

#[test]
fn a_health_check_of_the_old_image_says_nothing_of_the_new_one() {
    let check = |test: &str| Some(HealthConfig { test: Some(vec![test.to_owned()]), ..HealthConfig::default() });
    let of = |container: &'static str, old: &'static str, new: Option<&'static str>| {
        let mut original = harmless();
        original.container.config.as_mut().unwrap().healthcheck = check(container);
        original.image.config.as_mut().unwrap().healthcheck = check(old);
        said(original, |found| config(&mut found.image).healthcheck = new.and_then(check), "health")
    };
    let says = "Ok: Docker's health check says when it serves\n";
    assert!(of("CMD", "CMD", None).starts_with("Warning: "), "{}", of("CMD", "CMD", None));
    assert!(of("NONE", "CMD", Some("CMD")).starts_with("Warning: "));
    assert_eq!(of("CMD", "CMD", Some("CMD")), says);
    assert_eq!(of("NONE", "NONE", Some("CMD")), says);
    assert_eq!(of("CMD-SHELL", "CMD", None), says);
    let unknown = said(harmless(), |found| found.image = None, "health");
    assert_eq!(unknown, "Ok: whether the image has a health check is seen when it has been pulled\n");
}

#[test]
fn what_leaves_first_needs_room_for_one_set_alone() {
    let mut facts = facts(harmless(), PROBED);
    found(&mut facts).usage.as_mut().unwrap().memory_bytes = 1_900 * MIB;
    assert!(preflight::judge(&facts).is_refused());
    facts.strategy = Strategy::Recreate;
    assert!(!preflight::judge(&facts).is_refused());
}

#[test]
fn what_is_stable_already_is_no_deployment() {
    let mut facts = facts(harmless(), PROBED);
    facts.release = Some(STABLE.parse().unwrap());
    let (preflight, text) = shown(&facts);
    assert!(preflight.is_stable && !preflight.is_refused());
    assert!(text.ends_with("✔ stable already; nothing to do\n"), "{text}");
}

/// The same of a service whose stable tasks are those of a service of Swarm.
fn swarm_facts(manner: Manner, words: &str, first: Value) -> Facts {
    let mut facts = facts(harmless(), words);
    facts.subject.containers[0].swarm = Some(SwarmOrigin { service: "shop_web".into(), manner });
    facts.found = Ok(Model::Service(Box::new(Served {
        first: serde_json::from_value(first).unwrap(),
        is_changing: None,
        port: Some(8080),
        reference: Ok("reg.lan/me/web:v2".parse().unwrap()),
        resolved: Ok(Resolved { image: PINNED.into(), source: Source::Registry }),
        image: None,
    })));
    facts
}

fn served(facts: &mut Facts) -> &mut Served {
    match facts.found.as_mut().unwrap() {
        Model::Service(served) => served,
        Model::Container(_) => panic!("it is no service"),
    }
}

#[test]
fn a_service_can_be_beside_that_of_swarm() {
    let facts = swarm_facts(Manner::Replicated, PROBED, json!({ "Name": "shop_web" }));
    let (preflight, text) = shown(&facts);
    assert!(!preflight.is_refused(), "{text}");
    assert_golden("preflight_swarm", &text);
}

#[test]
fn beside_some_services_of_swarm_there_can_be_none_now() {
    let words = format!(
        "{PROBED}\n[services.web.hooks.pre_traffic]\ncommand = [\"/warm\"]\n[services.web.rollout]\nstrategy = \
         \"recreate\""
    );
    let mount = json!({ "Type": "volume", "Source": "shop_data", "Target": "/data" });
    let first = json!({ "Name": "shop_web", "TaskTemplate": { "ContainerSpec": { "Mounts": [mount] } } });
    let mut facts = swarm_facts(Manner::HostPort(8080), &words, first);
    facts.subject.second = Some("shop_web--0123456789ab-1a2b3c4d".into());
    served(&mut facts).is_changing = Some("updating".to_owned());
    let resolved = Resolved { image: "sha256:fedcba987654".into(), source: Source::Local };
    served(&mut facts).resolved = Ok(resolved);
    let (preflight, text) = shown(&facts);
    assert!(preflight.is_refused());
    assert_golden("preflight_swarm_refused", &text);
}

#[test]
fn a_service_of_swarm_is_named_its_image_with_tag_and_digest() {
    let mut facts = swarm_facts(Manner::Replicated, PROBED, json!({}));
    let digest = &PINNED[PINNED.find('@').unwrap()..];
    assert_eq!(served(&mut facts).pinned(), Ok(format!("reg.lan/me/web:v2{digest}")));
    served(&mut facts).reference = Ok(PINNED.parse().unwrap());
    assert_eq!(served(&mut facts).pinned(), Ok(PINNED.to_owned()));
    served(&mut facts).reference = Ok("web:v2".parse().unwrap());
    served(&mut facts).resolved = Ok(Resolved { image: "sha256:fedc".into(), source: Source::Local });
    assert_eq!(served(&mut facts).pinned(), Ok("web:v2".to_owned()), "no node could look for an id");
}

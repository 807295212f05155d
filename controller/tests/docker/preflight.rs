//! What is said before a deployment, of what an Engine showed: all is well, something is to be weighed, or it is not to
//! be done.

use std::path::Path;
use std::time::UNIX_EPOCH;

use bollard::models::ImageInspect;
use canary_config::docker::DockerMode;
use canary_config::file::Reading;
use canary_config::plan::Strategy;
use canary_controller::api::Preflight;
use canary_controller::deploy::{Facts, Found, Maker, preflight};
use canary_controller::docker::clone::Original;
use canary_controller::docker::faithful::injected::Injected;
use canary_controller::docker::host::{Capacity, Resolved, Source, Usage};
use canary_controller::docker::reference::Reference;
use canary_controller::docker::sighting::{ContainerId, Sighting, State, SwarmOrigin};
use canary_controller::docker::swarm::refusal::Manner;
use canary_controller::docker::version::ApiVersion;
use canary_controller::engine::Subject;
use canary_controller::render::{self, Color};
use canary_controller::rollout::Rollout;
use canary_controller::store::Seed;

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
        hindrance: None,
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
        found: Ok(Found {
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
        }),
    }
}

fn found(facts: &mut Facts) -> &mut Found {
    facts.found.as_mut().unwrap()
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

#[test]
fn what_is_swarms_is_left_to_it() {
    let mut facts = facts(harmless(), PROBED);
    facts.subject.containers[0].swarm = Some(SwarmOrigin { service: "shop_web".into(), manner: Manner::Global });
    facts.found = Err("stable is Swarm's".into());
    let preflight = preflight::judge(&facts);
    assert!(preflight.is_refused());
    assert_eq!(
        preflight::in_words(&[preflight]),
        "web: swarm: shop_web is a global service of Swarm: each node has exactly one task of it; make it a replicated \
         one, with a second service beside it for the new release"
    );
}

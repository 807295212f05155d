//! What a copy of a container is made of, on containers that a real Engine showed.

use std::time::UNIX_EPOCH;

use canary_config::name::ServiceName;
use canary_config::origin::{Aliases, AnonymousVolumes};
use canary_config::secret::Secret;
use canary_controller::docker::clone::{Copy, Original, Place, Role, Task, Wish, clone, labels, likeness, restart};
use canary_controller::docker::version::ApiVersion;
use serde_json::{Value, json};

use super::engine_like;
use super::recorded::{ALL, BRIDGED, COMPOSED, HOSTED, PLAIN, container, image_v1, image_v2, original};
use crate::canaryctl::golden::assert_golden;

const DIGEST: &str = "web@sha256:e8a484378327e554a81675228ac3817e18c6a7ad9f7164f95351207511adf505";

#[test]
fn a_copy_of_a_compose_container_is_all_of_it_but_what_is_its_own() {
    assert_golden("docker-clone-composed", &shown(&copied(COMPOSED, &|wish| wish, ApiVersion::OLDEST)));
}

#[test]
fn a_copy_of_a_run_container_keeps_what_was_set_by_hand() {
    assert_golden("docker-clone-plain", &shown(&copied(PLAIN, &|wish| wish, ApiVersion::MANY_ENDPOINTS)));
}

#[test]
fn a_health_check_keeps_only_what_was_asked_for() {
    let hosted = body(&copied(HOSTED, &|wish| wish, ApiVersion::OLDEST));
    assert_eq!(hosted["Healthcheck"], json!({"Test": ["CMD-SHELL", "/app check"], "Interval": 7_000_000_000_i64}));
    let bridged = body(&copied(BRIDGED, &|wish| wish, ApiVersion::OLDEST));
    assert_eq!(bridged["Healthcheck"], json!({"Test": ["NONE"]}));
    assert_eq!(body(&copied(PLAIN, &|wish| wish, ApiVersion::OLDEST))["Healthcheck"], Value::Null);
}

#[test]
fn an_old_engine_creates_on_one_network_and_a_new_one_on_all() {
    let old = copied(COMPOSED, &|wish| wish, ApiVersion { major: 1, minor: 43 });
    assert_eq!(networks(&old), (vec!["shop_back".to_owned()], vec!["shop_edge".to_owned()]));
    let new = copied(COMPOSED, &|wish| wish, ApiVersion { major: 1, minor: 44 });
    assert_eq!(networks(&new), (vec!["shop_back".to_owned(), "shop_edge".to_owned()], vec![]));
}

#[test]
fn the_default_network_gets_no_aliases() {
    let copy = copied(BRIDGED, &|wish| wish, ApiVersion::OLDEST);
    assert_eq!(body(&copy)["NetworkingConfig"], json!({"EndpointsConfig": {"bridge": {}}}));
}

#[test]
fn a_network_that_was_named_by_its_id_is_named_by_its_name() {
    let mut original = original(COMPOSED);
    let id = original.container.network_settings.as_ref().unwrap().networks.as_ref().unwrap()["shop_edge"].clone();
    original.container.host_config.as_mut().unwrap().network_mode = id.network_id;
    let copy = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
    assert_eq!(networks(&copy), (vec!["shop_edge".to_owned()], vec!["shop_back".to_owned()]));
}

#[test]
fn a_copy_of_a_copy_is_the_same_copy() {
    let policies = [AnonymousVolumes::Fresh, AnonymousVolumes::Share];
    for (name, recorded) in ALL {
        for volumes in policies {
            for api in [ApiVersion::OLDEST, ApiVersion::MANY_ENDPOINTS] {
                let wish = Wish { volumes, ..wish() };
                let first = clone(&original(recorded), &image_v2(), &wish, api);
                let made = engine_like::made(&first, &image_v2());
                let second = clone(&Original { container: made, image: image_v2() }, &image_v2(), &wish, api);
                assert_eq!(body(&second), body(&first), "{name}, {volumes:?}, {api}");
                assert_eq!(networks(&second), networks(&first), "{name}, {volumes:?}, {api}");
            }
        }
    }
}

#[test]
fn a_copy_under_judgement_is_not_restarted_and_remembers_what_it_will_be() {
    let copy = copied(COMPOSED, &|wish| wish, ApiVersion::OLDEST);
    assert_eq!(body(&copy)["HostConfig"]["RestartPolicy"], json!({"Name": "no"}));
    assert_eq!(body(&copy)["Labels"][labels::RESTART], "always");
    let made = engine_like::made(&copy, &image_v2());
    assert_eq!(restart::written(&restart::of(&made)), "always");
}

#[test]
fn a_task_is_found_by_nobody_and_runs_one_command() {
    let command = ["migrate".to_owned(), "--all".to_owned()];
    let task = Task { command: &command, check: "pre_deploy", until: UNIX_EPOCH };
    let task = |wish| Wish { role: Role::Task(task), ..wish };
    let copy = copied(COMPOSED, &task, ApiVersion::MANY_ENDPOINTS);
    let body = body(&copy);
    assert_eq!(body["Cmd"], json!(["migrate", "--all"]));
    let labelled = [labels::TASK, labels::CHECK, labels::UNTIL].map(|key| body["Labels"][key].as_str());
    assert_eq!(labelled, [Some("web"), Some("pre_deploy"), Some("1970-01-01T00:00:00Z")]);
    assert_eq!(body["Labels"][labels::SERVICE], Value::Null);
    assert_eq!(body["NetworkingConfig"], json!({"EndpointsConfig": {"shop_back": {}, "shop_edge": {}}}));
    assert_eq!(body["HostConfig"]["RestartPolicy"], json!({"Name": "no"}));
    assert_eq!(body["Healthcheck"], json!({"Test": ["NONE"]}));
}

#[test]
fn in_the_place_of_the_original_ports_and_addresses_are_kept() {
    let instead = |wish| Wish { place: Place::InsteadOf, ..wish };
    let composed = body(&copied(COMPOSED, &instead, ApiVersion::OLDEST));
    assert_eq!(composed["HostConfig"]["PortBindings"]["8080/tcp"][0]["HostPort"], "18080");
    let plain = body(&copied(PLAIN, &instead, ApiVersion::OLDEST));
    let endpoint = &plain["NetworkingConfig"]["EndpointsConfig"]["fixed"];
    assert_eq!(endpoint["IPAMConfig"]["IPv4Address"], "172.30.0.9");
}

#[test]
fn shared_anonymous_volumes_are_mounted_by_their_names() {
    let copy = copied(PLAIN, &|wish| Wish { volumes: AnonymousVolumes::Share, ..wish }, ApiVersion::OLDEST);
    let binds = copy.body.host_config.unwrap().binds.unwrap();
    let places: Vec<&str> = binds.iter().map(|bind| bind.split_once(':').unwrap().1).collect();
    assert_eq!(places.len(), 2);
    assert!(places.contains(&"/scratch") && places.contains(&"/cache"), "{places:?}");
    let fresh = copied(PLAIN, &|wish| wish, ApiVersion::OLDEST);
    assert_eq!(fresh.body.host_config.unwrap().binds, None);
}

#[test]
fn variables_of_the_wish_win_and_are_never_shown() {
    let env = [("DATABASE_URL".to_owned(), Secret::new("postgres://new")), ("NEW".to_owned(), Secret::new("hush"))];
    let copy = copied(COMPOSED, &|wish| Wish { env: &env, ..wish }, ApiVersion::OLDEST);
    assert_eq!(body(&copy)["Env"], json!(["DATABASE_URL=postgres://new", "NEW=hush"]));
    let debug = format!("{copy:?} {:?} {:?}", original(COMPOSED), Wish { env: &env, ..wish() });
    for secret in ["postgres", "hunter2", "hush"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn an_entrypoint_that_was_set_takes_its_command_along() {
    let mut original = original(COMPOSED);
    original.container.config.as_mut().unwrap().cmd = None;
    let copy = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
    assert_eq!((body(&copy)["Entrypoint"].clone(), body(&copy)["Cmd"].clone()), (json!(["/app"]), Value::Null));
}

#[test]
fn what_an_engine_made_is_compared_field_by_field() {
    let copy = copied(COMPOSED, &|wish| wish, ApiVersion::OLDEST);
    let made = engine_like::made(&copy, &image_v2());
    assert_eq!(likeness::differences(&copy.body, &copy.connect, &made), Vec::<String>::new());
    let other = container(&serde_json::to_string(&made).unwrap(), |made| {
        made.host_config.as_mut().unwrap().memory = Some(1);
        made.config.as_mut().unwrap().env = Some(vec![]);
        made.config.as_mut().unwrap().labels.as_mut().unwrap().remove("team");
        made.network_settings.as_mut().unwrap().networks.as_mut().unwrap().remove("shop_edge");
    });
    let mut differences = likeness::differences(&copy.body, &copy.connect, &other);
    differences.sort();
    assert_eq!(differences, ["Env", "HostConfig.Memory", "Labels.team", "Networks.shop_edge.Aliases"]);
}

#[test]
fn an_image_that_brings_our_labels_or_anothers_is_warned_of() {
    let mut image = image_v2();
    let labels = image.config.as_mut().unwrap().labels.as_mut().unwrap();
    labels.insert("traefik.enable".into(), "true".into());
    labels.insert("canary.service".into(), "web".into());
    let copy = clone(&original(PLAIN), &image, &wish(), ApiVersion::OLDEST);
    let told: Vec<String> = copy.warnings.iter().map(ToString::to_string).collect();
    let message = "the image itself brings labels that should be given to containers alone: canary.service, \
                   traefik.enable; remove them from the Dockerfile";
    assert_eq!(told, [message]);
}

#[test]
fn links_are_asked_for_as_an_engine_takes_them() {
    let mut original = original(BRIDGED);
    original.container.host_config.as_mut().unwrap().links = Some(vec!["/plain:/bridged/database".into()]);
    let copy = clone(&original, &image_v1(), &wish(), ApiVersion::OLDEST);
    assert_eq!(body(&copy)["HostConfig"]["Links"], json!(["plain:database"]));
}

#[test]
fn without_aliases_a_copy_is_found_by_its_own_name_only() {
    let copy = copied(COMPOSED, &|wish| Wish { aliases: Aliases::OnPromote, ..wish }, ApiVersion::MANY_ENDPOINTS);
    assert_eq!(body(&copy)["NetworkingConfig"], json!({"EndpointsConfig": {"shop_back": {}, "shop_edge": {}}}));
}

fn wish() -> Wish<'static> {
    static SERVICE: std::sync::LazyLock<ServiceName> = std::sync::LazyLock::new(|| "web".parse().unwrap());
    Wish {
        image: DIGEST,
        tag: "web:v2",
        name: "web-e8a48437-1",
        service: &SERVICE,
        release: "e8a484378327",
        deployment: "7",
        owner: "us",
        carried: &[],
        env: &[],
        role: Role::Instance,
        aliases: Aliases::Keep,
        volumes: AnonymousVolumes::Fresh,
        place: Place::Beside,
    }
}

fn copied<'a>(recorded: &str, change: &dyn Fn(Wish<'static>) -> Wish<'a>, api: ApiVersion) -> Copy {
    clone(&original(recorded), &image_v2(), &change(wish()), api)
}

fn body(copy: &Copy) -> Value {
    serde_json::to_value(&copy.body).unwrap()
}

/// The networks of the creation, and those after it.
fn networks(copy: &Copy) -> (Vec<String>, Vec<String>) {
    let at_once = copy.body.networking_config.as_ref().and_then(|config| config.endpoints_config.clone());
    let mut at_once: Vec<String> = at_once.unwrap_or_default().into_keys().collect();
    at_once.sort();
    (at_once, copy.connect.iter().map(|(network, _)| network.clone()).collect())
}

/// All of a copy, in the order of its letters, without what the Engine understands as nothing.
fn shown(copy: &Copy) -> String {
    let mut body = body(copy);
    prune(&mut body);
    let mut text = serde_json::to_string_pretty(&body).unwrap();
    for (network, endpoint) in &copy.connect {
        text += &format!("\nthen {network}: {}", serde_json::to_value(endpoint).unwrap());
    }
    for warning in &copy.warnings {
        text += &format!("\nwarning: {warning}");
    }
    text + "\n"
}

fn prune(value: &mut Value) {
    let Some(object) = value.as_object_mut() else { return };
    object.values_mut().for_each(prune);
    object.retain(|_, value| ![json!(null), json!(0), json!(""), json!(false), json!([])].contains(value));
}

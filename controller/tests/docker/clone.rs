//! What a copy of a container is made of, on containers that a real Engine showed.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use bollard::models::{HealthConfig, HostConfig, Mount, MountType};
use canary_config::name::ServiceName;
use canary_config::origin::{Aliases, AnonymousVolumes};
use canary_config::secret::Secret;
use canary_controller::docker::clone::{
    Copy, Original, Place, Role, Task, Wish, clone, labels, likeness, restart, volumes,
};
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
fn an_entrypoint_that_was_taken_away_does_not_come_back() {
    for cleared in [None, Some(Vec::new())] {
        let mut original = original(COMPOSED);
        let config = original.container.config.as_mut().unwrap();
        (config.entrypoint, config.cmd) = (cleared, Some(vec!["/app".into(), "serve".into()]));
        let copy = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
        assert_eq!((&body(&copy)["Entrypoint"], &body(&copy)["Cmd"]), (&json!([]), &json!(["/app", "serve"])));
        let mut made = engine_like::made(&copy, &image_v2());
        assert_eq!(made.config.as_ref().unwrap().entrypoint, Some(Vec::new()));
        assert_eq!(likeness::differences(&copy.body, &copy.connect, &made), Vec::<String>::new());
        let again =
            clone(&Original { container: made.clone(), image: image_v2() }, &image_v2(), &wish(), ApiVersion::OLDEST);
        assert_eq!(body(&again), body(&copy));
        made.config.as_mut().unwrap().entrypoint = image_v2().config.unwrap().entrypoint;
        assert_eq!(likeness::differences(&copy.body, &copy.connect, &made), ["Entrypoint"]);
    }
}

#[test]
fn without_an_entrypoint_the_command_of_the_new_image_is_run() {
    let mut original = original(COMPOSED);
    original.image.config.as_mut().unwrap().cmd = Some(vec!["serve".into()]);
    let config = original.container.config.as_mut().unwrap();
    (config.entrypoint, config.cmd) = (None, Some(vec!["serve".into()]));
    let copy = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
    assert_eq!((&body(&copy)["Entrypoint"], &body(&copy)["Cmd"]), (&json!([]), &Value::Null));
}

#[test]
fn a_health_check_that_the_old_image_had_taken_away_is_the_new_images_again() {
    let none = Some(HealthConfig { test: Some(vec!["NONE".into()]), ..HealthConfig::default() });
    let mut original = original(BRIDGED);
    original.image.config.as_mut().unwrap().healthcheck = none;
    let copy = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
    assert_eq!(body(&copy)["Healthcheck"], Value::Null);
}

/// The same, as Compose hands the volumes without a name on to the container that it makes in its place.
fn made_anew(with: impl Fn(&mut HostConfig, &str, &str)) -> Original {
    let mut original = original(PLAIN);
    let volumes: Vec<_> = volumes::anonymous(&original.container).into_iter().cloned().collect();
    let host = original.container.host_config.as_mut().unwrap();
    for volume in volumes {
        with(host, volume.destination.as_deref().unwrap(), volume.name.as_deref().unwrap());
    }
    original
}

fn by_bind(host: &mut HostConfig, place: &str, name: &str) {
    host.binds.get_or_insert_default().push(format!("{name}:{place}:rw"));
}

fn by_mount(host: &mut HostConfig, place: &str, name: &str) {
    let mount = Mount { target: Some(place.into()), source: Some(name.into()), ..Mount::default() };
    host.mounts.get_or_insert_default().push(Mount { typ: Some(MountType::VOLUME), ..mount });
}

#[test]
fn a_volume_without_a_name_that_was_handed_on_has_none() {
    for original in [made_anew(by_bind), made_anew(by_mount)] {
        assert_eq!(volumes::anonymous(&original.container).len(), 2);
        let fresh = clone(&original, &image_v2(), &wish(), ApiVersion::OLDEST);
        let places = fresh.body.volumes.clone().unwrap_or_default();
        let host = fresh.body.host_config.unwrap();
        assert_eq!(host.binds, None);
        assert!(host.mounts.iter().flatten().all(|mount| mount.source.is_none()), "{:?}", host.mounts);
        let mounted = host.mounts.iter().flatten().filter_map(|mount| mount.target.clone());
        let brought = image_v2().config.unwrap().volumes.unwrap();
        let places: BTreeSet<_> = places.into_iter().chain(mounted).chain(brought).collect();
        assert_eq!(places, BTreeSet::from(["/cache", "/scratch"].map(str::to_owned)));
    }
}

#[test]
fn a_volume_without_a_name_that_was_handed_on_is_shared_once() {
    let share = Wish { volumes: AnonymousVolumes::Share, ..wish() };
    let copy = clone(&made_anew(by_bind), &image_v2(), &share, ApiVersion::OLDEST);
    assert_eq!(copy.body.host_config.unwrap().binds.unwrap().len(), 2);
    let first = clone(&original(PLAIN), &image_v2(), &share, ApiVersion::OLDEST);
    // Shared at first, it is renewed when the operator says so.
    let made = Original { container: engine_like::made(&first, &image_v2()), image: image_v2() };
    let fresh = clone(&made, &image_v2(), &wish(), ApiVersion::OLDEST);
    assert_eq!(fresh.body.host_config.unwrap().binds, None);
}

#[test]
fn an_address_of_hardware_that_was_chosen_is_warned_of() {
    let told = |mac: &str, api: ApiVersion| {
        let mut original = original(COMPOSED);
        let networks = original.container.network_settings.as_mut().unwrap().networks.as_mut().unwrap();
        networks.get_mut("shop_edge").unwrap().mac_address = Some(mac.into());
        let warnings = clone(&original, &image_v2(), &wish(), api).warnings;
        warnings.iter().any(|warning| warning.what.contains("MAC address of its own choice on shop_edge,"))
    };
    let [old, new] = [ApiVersion::OLDEST, ApiVersion::RANDOM_HARDWARE];
    // A maker's, then one that an old Engine would not have made, then one that it did.
    assert_eq!([told("00:16:3e:01:02:03", old), told("00:16:3e:01:02:03", new)], [true, true]);
    assert_eq!([told("92:d0:c6:0a:29:33", old), told("92:d0:c6:0a:29:33", new)], [true, false]);
    let address = original(COMPOSED).container.network_settings.unwrap().networks.unwrap()["shop_edge"].clone();
    let made = address.mac_address.unwrap();
    assert_eq!([told(&made, old), told(&made, new), told("", old)], [false, false, false]);
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

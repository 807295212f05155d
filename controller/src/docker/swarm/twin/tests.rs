use serde_json::{Value, json, to_value};

use super::*;

/// The service of a stack as a manager tells of it.
fn first() -> ServiceSpec {
    let spec = json!({
        "Name": "shop_web",
        "Labels": {
            "canary.service": "web",
            "canary.release": "v1",
            "com.docker.stack.namespace": "shop",
            "traefik.enable": "true",
            "team": "shop",
        },
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "reg.lan/me/web:v1",
                "Labels": { "com.docker.stack.namespace": "shop", "canary.network": "edge", "tier": "web" },
                "Env": ["A=1", "B=2"],
                "Secrets": [{ "SecretID": "s", "SecretName": "token" }],
                "Mounts": [{ "Type": "volume", "Source": "data", "Target": "/data" }],
            },
            "RestartPolicy": { "Condition": "any" },
            "ForceUpdate": 3,
            "Networks": [{ "Target": "net", "Aliases": ["web"] }],
        },
        "Mode": { "Replicated": { "Replicas": 2 } },
        "UpdateConfig": { "Parallelism": 1, "Order": "stop-first" },
        "EndpointSpec": { "Mode": "vip", "Ports": [{ "TargetPort": 8080, "PublishedPort": 80 }] },
    });
    serde_json::from_value(spec).unwrap()
}

fn second(image: Option<&str>, env: &[(String, Secret)]) -> ServiceSpec {
    let service: ServiceName = "web".parse().unwrap();
    let (name, release, deployment) = ("shop_web--v2-1a2b3c4d", "v2", "1a2b3c4d");
    let (service, owner, port) = (&service, "us", Some(8080));
    beside(&first(), &Wish { name, service, release, deployment, owner, image, port, env })
}

/// What is said, without what is not.
fn said(spec: &ServiceSpec) -> Value {
    to_value(spec).unwrap()
}

#[test]
fn a_second_service_is_the_first_one_that_nobody_else_finds() {
    let spec = said(&second(Some("reg.lan/me/web:v2"), &[("B".to_owned(), Secret::new("3"))]));
    assert_eq!(
        spec,
        json!({
            "Name": "shop_web--v2-1a2b3c4d",
            "Labels": {
                "canary.compose.project": "shop",
                "canary.deployment": "1a2b3c4d",
                "canary.managed": "us",
                "canary.network": "edge",
                "canary.origin": "shop_web",
                "canary.port": "8080",
                "canary.release": "v2",
                "canary.service": "web",
                "team": "shop",
            },
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": "reg.lan/me/web:v2",
                    "Labels": { "tier": "web" },
                    "Env": ["A=1", "B=3"],
                    "Secrets": [{ "SecretID": "s", "SecretName": "token" }],
                    "Mounts": [{ "Type": "volume", "Source": "data", "Target": "/data" }],
                },
                "RestartPolicy": { "Condition": "any" },
                "Networks": [{ "Target": "net" }],
            },
            "Mode": { "Replicated": { "Replicas": 0 } },
            "UpdateConfig": { "Parallelism": 1, "Order": "stop-first" },
            "EndpointSpec": { "Mode": "dnsrr" },
        })
    );
}

#[test]
fn the_first_one_gets_image_variables_and_release_and_stays_what_it_is_otherwise() {
    let mut expected = said(&first());
    expected["Labels"]["canary.release"] = json!("v2");
    expected["TaskTemplate"]["ContainerSpec"]["Image"] = json!("reg.lan/me/web:v2");
    expected["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["A=1", "B=3"]);
    let second = second(Some("reg.lan/me/web:v2"), &[("B".to_owned(), Secret::new("3"))]);
    assert_eq!(said(&handed_over(&first(), &second)), expected);
}

#[test]
fn a_release_that_is_made_anew_gets_tasks_that_are_new() {
    let template = handed_over(&first(), &second(None, &[])).task_template.unwrap();
    assert_eq!(template.force_update, Some(4));
}

#[test]
fn a_release_that_tasks_say_themselves_is_said_by_them_again() {
    let mut own = first();
    let template = own.task_template.as_mut().unwrap();
    let labels = template.container_spec.as_mut().unwrap().labels.as_mut().unwrap();
    labels.insert(RELEASE.to_owned(), "v1".to_owned());
    let spec = said(&handed_over(&own, &second(Some("reg.lan/me/web:v2"), &[])));
    assert_eq!(spec["TaskTemplate"]["ContainerSpec"]["Labels"]["canary.release"], "v2");
}

#[test]
fn a_release_that_its_digest_names_needs_no_label() {
    let mut own = first();
    own.labels.as_mut().unwrap().remove(RELEASE);
    let service: ServiceName = "web".parse().unwrap();
    let image = Some("reg.lan/me/web:v2@sha256:0123456789abcdef");
    let label = |release| {
        let wish =
            Wish { name: "n", service: &service, release, deployment: "d", owner: "us", image, port: None, env: &[] };
        handed_over(&own, &beside(&own, &wish)).labels.unwrap().get(RELEASE).cloned()
    };
    assert_eq!(label("0123456789ab"), None, "whoever updates it by hand has no old name to change");
    assert_eq!(label("0123456789ab-cdef01").as_deref(), Some("0123456789ab-cdef01"));
}

#[test]
fn a_name_is_no_longer_than_swarm_takes_it() {
    let long = "a".repeat(60);
    let twin = Twin::beside(&long, "0123456789ab-cdef01", "1a2b3c4d", 2);
    assert_eq!((twin.name.len(), &twin.name[30..]), (63, "aaa--0123456789ab-cdef01-1a2b3c4d"));
    assert_eq!(&*Twin::beside("web", "v2.1_rc", "1a2b3c4d", 2).name, "web--v2-1-rc-1a2b3c4d");
    assert_eq!(&*Twin::beside("web", "v2", "1a2b3c4d", 2).name, "web--v2-1a2b3c4d");
}

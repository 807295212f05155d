use canary_config::origin::Discovered;
use serde_json::{Value, json};

use super::*;

const TASK: &str = "tcczvmv0cdqqfiqi6s33d7puh";

/// A service of two tasks as a manager tells of it.
fn service(change: impl FnOnce(&mut Value)) -> Service {
    let mut service = json!({
        "ID": "web-id",
        "Spec": {
            "Name": "shop_web",
            "Labels": { "canary.service": "web", "canary.release": "v1", "com.docker.stack.namespace": "shop" },
            "TaskTemplate": { "ContainerSpec": { "Image": "web:v1", "Labels": null } },
            "Mode": { "Replicated": { "Replicas": 2 } },
            "EndpointSpec": { "Mode": "dnsrr" },
        },
    });
    change(&mut service);
    serde_json::from_value(service).unwrap()
}

/// The task of a place, which runs at 10.0.1 and its number.
fn task(slot: u64, change: impl FnOnce(&mut Value)) -> Task {
    let mut task = json!({
        "ID": TASK,
        "CreatedAt": "2026-11-30T10:00:00.000000001Z",
        "Spec": { "ContainerSpec": { "Image": "web:v1" } },
        "ServiceID": "web-id",
        "Slot": slot,
        "NodeID": "node",
        "Status": {
            "Timestamp": "2026-11-30T10:00:05.5Z",
            "State": "running",
            "ContainerStatus": { "ContainerID": format!("c{slot}"), "PID": 7, "ExitCode": 0 },
        },
        "DesiredState": "running",
        "NetworksAttachments": [
            { "Network": { "Spec": { "Name": "ingress", "Ingress": true } }, "Addresses": ["10.255.0.5/16"] },
            {
                "Network": { "Spec": { "Name": "shop_edge", "Attachable": true } },
                "Addresses": [format!("10.0.1.{slot}/24")],
            },
        ],
    });
    change(&mut task);
    serde_json::from_value(task).unwrap()
}

fn ours(networks: &[&str]) -> Reach {
    Reach::Networks(networks.iter().map(|&name| name.into()).collect())
}

/// What is seen, a line for each task and each fault.
fn read_from(reach: &Reach, leaving: &[&str], services: Vec<Service>, tasks: Vec<Task>) -> Vec<String> {
    let declared = Discovered { port: NonZeroU16::new(8080), ..Discovered::default() };
    let wanted = Wanted([("web".parse().unwrap(), declared)].into());
    let leaving = leaving.iter().map(|id| ContainerId::new(id)).collect();
    let (sightings, faults) = Roll::of(services, tasks).read(View { wanted: &wanted, reach, leaving: &leaving });
    let seen = sightings.iter().map(|one| {
        let state = match &one.state {
            State::Running { address, .. } => address.to_string(),
            State::Stopped { exit_code, .. } => format!("stopped {exit_code}"),
            State::Unhealthy { .. } => "unhealthy".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        format!("{} {} {} {state}", one.container, one.name, one.release)
    });
    seen.chain(faults.iter().map(ToString::to_string)).collect()
}

fn read(services: Vec<Service>, tasks: Vec<Task>) -> Vec<String> {
    read_from(&ours(&["shop_edge"]), &[], services, tasks)
}

fn plain() -> Service {
    service(|_| {})
}

#[test]
fn each_task_is_an_instance_at_its_own_address() {
    let tasks = vec![task(2, |_| {}), task(1, |_| {})];
    assert_eq!(read(vec![plain()], tasks), ["c1 shop_web.1 v1 10.0.1.1:8080", "c2 shop_web.2 v1 10.0.1.2:8080",]);
}

#[test]
fn labels_of_the_tasks_count_as_those_of_the_service_do() {
    let of_tasks = service(|service| {
        service["Spec"]["Labels"] = Value::Null;
        let labels = json!({ "canary.service": "web", "canary.release": "v7", "canary.port": "81" });
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Labels"] = labels;
    });
    assert_eq!(read(vec![of_tasks], vec![task(1, |_| {})]), ["c1 shop_web.1 v7 10.0.1.1:81"]);
    let strange = service(|service| service["Spec"]["Labels"] = json!({}));
    assert_eq!(read(vec![strange], vec![task(1, |_| {})]), [""; 0]);
}

#[test]
fn a_task_does_what_its_state_and_the_one_that_is_desired_say() {
    for (desired, state, seen) in [
        ("running", "preparing", "starting"),
        ("running", "starting", "starting"),
        ("ready", "ready", "starting"),
        ("running", "running", "10.0.1.1:8080"),
        ("shutdown", "running", "leaving"),
        ("remove", "starting", "leaving"),
        ("shutdown", "failed", "stopped 3"),
        ("shutdown", "shutdown", "stopped 3"),
        ("running", "orphaned", "stopped 3"),
    ] {
        let told = task(1, |task| {
            (task["DesiredState"], task["Status"]["State"]) = (json!(desired), json!(state));
            task["Status"]["ContainerStatus"]["ExitCode"] = json!(3);
        });
        assert_eq!(read(vec![plain()], vec![told]), [format!("c1 shop_web.1 v1 {seen}")], "{desired} {state}");
    }
}

#[test]
fn what_was_heard_of_a_container_counts_before_the_manager_knows() {
    let seen = read_from(&ours(&["shop_edge"]), &["c1"], vec![plain()], vec![task(1, |_| {}), task(2, |_| {})]);
    assert_eq!(seen, ["c1 shop_web.1 v1 leaving", "c2 shop_web.2 v1 10.0.1.2:8080"]);
}

#[test]
fn of_tasks_that_are_over_only_the_last_of_a_place_is_seen() {
    let over = |id: &str, at: &str| {
        task(1, |task| {
            (task["Status"]["State"], task["DesiredState"]) = (json!("failed"), json!("shutdown"));
            (task["CreatedAt"], task["Status"]["ContainerStatus"]["ContainerID"]) = (json!(at), json!(id));
        })
    };
    let (first, second) = (over("a", "2026-11-30T09:00:00Z"), over("b", "2026-11-30T09:30:00Z"));
    assert_eq!(read(vec![plain()], vec![second.clone(), first.clone()]), ["b shop_web.1 v1 stopped 0"]);
    assert_eq!(read(vec![plain()], vec![first, task(1, |_| {}), second]), ["c1 shop_web.1 v1 10.0.1.1:8080"]);
}

#[test]
fn in_an_update_each_task_is_of_the_release_of_its_own_image() {
    let updated = service(|service| {
        service["PreviousSpec"] = service["Spec"].clone();
        service["Spec"]["Labels"]["canary.release"] = json!("v2");
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = json!("web:v2");
    });
    let new = task(2, |task| task["Spec"]["ContainerSpec"]["Image"] = json!("web:v2"));
    assert_eq!(
        read(vec![updated], vec![task(1, |_| {}), new]),
        ["c1 shop_web.1 v1 10.0.1.1:8080", "c2 shop_web.2 v2 10.0.1.2:8080",]
    );
}

#[test]
fn a_release_without_a_label_is_called_by_its_digest_and_without_that_not_at_all() {
    let unnamed = |image: &str| {
        service(|service| {
            service["Spec"]["Labels"] = json!({ "canary.service": "web" });
            service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = json!(image);
        })
    };
    let pinned = "web:v1@sha256:0123456789abcdef";
    let of_it = task(1, |task| task["Spec"]["ContainerSpec"]["Image"] = json!(pinned));
    assert_eq!(read(vec![unnamed(pinned)], vec![of_it]), ["c1 shop_web.1 0123456789ab 10.0.1.1:8080"]);
    assert_eq!(
        read(vec![unnamed("web:v1")], vec![task(1, |_| {})]),
        [
            "shop_web: its image `web:v1` has no digest, so that its release has no name; add the label canary.release, or \
         make the service with an image that a registry knows"
        ]
    );
}

#[test]
fn a_task_of_a_spec_that_swarm_has_forgotten_is_called_by_its_own_image() {
    let third = service(|service| {
        service["Spec"]["Labels"]["canary.release"] = json!("v3");
        service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] = json!("web:v3");
        let mut before = service["Spec"].clone();
        before["Labels"]["canary.release"] = json!("v2");
        before["TaskTemplate"]["ContainerSpec"]["Image"] = json!("web:v2");
        service["PreviousSpec"] = before;
    });
    let of = |slot, image| task(slot, |task| task["Spec"]["ContainerSpec"]["Image"] = json!(image));
    let tasks = vec![of(1, "web:v3"), of(2, "web:v2"), of(3, "web:v1@sha256:0123456789abcdef"), of(4, "web:v1")];
    assert_eq!(
        read(vec![third], tasks),
        [
            "c1 shop_web.1 v3 10.0.1.1:8080",
            "c2 shop_web.2 v2 10.0.1.2:8080",
            "c3 shop_web.3 0123456789ab 10.0.1.3:8080",
            "shop_web.4: it is of a spec that Swarm has forgotten, and its image `web:v1` has no digest that names its \
             release; wait until it is replaced",
        ]
    );
}

#[test]
fn a_port_that_is_published_is_the_one_that_is_exposed() {
    let publishes = service(|service| {
        let ports = json!([{ "Protocol": "tcp", "TargetPort": 90, "PublishedPort": 80, "PublishMode": "ingress" }]);
        service["Spec"]["EndpointSpec"]["Ports"] = ports;
    });
    let wanted = Wanted([("web".parse().unwrap(), Discovered::default())].into());
    let (reach, leaving) = (ours(&["shop_edge"]), BTreeSet::new());
    let roll = Roll::of(vec![publishes], vec![task(1, |_| {})]);
    let (seen, _) = roll.read(View { wanted: &wanted, reach: &reach, leaving: &leaving });
    assert_eq!(seen[0].state.address(), Some("10.0.1.1:90".parse().unwrap()));
}

#[test]
fn a_task_that_canaryd_cannot_reach_says_why() {
    let only = |attachments: Value| task(1, |task| task["NetworksAttachments"] = attachments);
    let closed = json!([{ "Network": { "Spec": { "Name": "back" } }, "Addresses": ["10.0.2.2/24"] }]);
    let cases = [
        (
            ours(&["shop_edge"]),
            only(json!([])),
            "it is reached by its published ports alone, where Swarm chooses the \
         task; give it an overlay network that is attachable, and connect canaryd's container to it too",
        ),
        (
            ours(&["shop_edge"]),
            only(closed),
            "its network back is not attachable, so that canaryd is not on it; give it \
         an overlay network that is attachable, and connect canaryd's container to it too",
        ),
        (
            ours(&["other"]),
            task(1, |_| {}),
            "it shares no network with canaryd: it is connected to `shop_edge`, and \
         canaryd to `other`; connect both to one",
        ),
        (
            Reach::Host,
            task(1, |_| {}),
            "its network shop_edge is reached by containers alone, and canaryd is none; run \
         canaryd as a container on it",
        ),
    ];
    for (reach, task, why) in cases {
        let seen = read_from(&reach, &[], vec![plain()], vec![task]);
        assert_eq!(seen, ["c1 shop_web.1 v1 unhealthy".to_owned(), format!("shop_web.1: {why}")]);
    }
}

#[test]
fn a_task_that_gets_no_container_is_a_fault_with_swarms_own_words() {
    let stuck = task(1, |task| {
        task["Status"] =
            json!({ "State": "pending", "Err": "no suitable node (host-mode port already in use on 1 node)" });
    });
    assert_eq!(
        read(vec![plain()], vec![stuck]),
        ["shop_web.1: Swarm does not bring it up: no suitable node (host-mode port already in use on 1 node); see \
         `docker service ps`"]
    );
}

#[test]
fn a_service_tells_how_it_is_made_up() {
    let manner = |change: fn(&mut Value)| service(change).spec.manner();
    assert_eq!(manner(|_| {}), Manner::Replicated);
    assert_eq!(manner(|service| service["Spec"]["Mode"] = json!({ "Global": {} })), Manner::Global);
    let of_host = manner(|service| {
        let port = json!({ "Protocol": "tcp", "TargetPort": 80, "PublishedPort": 80, "PublishMode": "host" });
        service["Spec"]["EndpointSpec"]["Ports"] = json!([port]);
    });
    assert_eq!(of_host, Manner::HostPort(80));
}

//! Where the releases of a service come from.

use canary_config::origin::{Discovered, Origin, Warm};
use canary_config::service::Service;
use canary_config::usage::UsageLimits;

use crate::support::{good, refused};

const DOCKER: &str = "[listen.web]\naddress = \"127.0.0.1:0\"\n[docker]\n[services.web]\nrule = \"Host(`a`)\"\n";

fn web(text: &str) -> Service {
    good(text).services.into_values().next().expect("one service")
}

#[test]
fn a_service_without_releases_is_found_by_its_containers() {
    assert_eq!(web(DOCKER).origin, Origin::Discovered(Discovered::default()));
    assert!(web(DOCKER).origin.first_stable().is_none(), "what is stable, the containers will say");
    let told = web(&format!(
        "{DOCKER}[services.web.docker]\nport = 8080\nnetwork = \"shop_edge\"\nwarm = \"paused\"\ninstances = 2\n"
    ));
    let told = told.origin.discovered().expect("containers").clone();
    assert_eq!((told.port.map(|port| port.get()), told.network.as_deref()), (Some(8080), Some("shop_edge")));
    assert_eq!((told.warm, told.instances.map(|count| count.get())), (Warm::Paused, Some(2)));
}

#[test]
fn a_service_with_releases_is_not_looked_for() {
    let declared = format!("{DOCKER}[services.web.releases.v1]\nbackends = [\"127.0.0.1:9001\"]\n");
    assert!(web(&declared).origin.declared().is_some());
    assert_eq!(
        refused(&format!("{declared}[services.web.docker]\nport = 80\n")),
        "canaryd.toml:8:1: services.web.docker: the service's releases are declared, so its containers are not looked \
         for; remove this, or `stable` and `releases`"
    );
}

#[test]
fn containers_are_found_only_where_there_is_an_engine() {
    let text = DOCKER.replace("[docker]\n", "");
    assert!(refused(&text).contains("services.web: there is no release"), "{}", refused(&text));
    assert_eq!(
        refused(&format!("{text}[services.web.docker]\nport = 80\n")),
        "canaryd.toml:5:1: services.web.docker: there is no [docker], so no container is looked for; write [docker] \
         with mode = \"discover\""
    );
}

#[test]
fn what_cannot_be_is_refused_where_it_stands() {
    let with = |line: &str| refused(&format!("{DOCKER}[services.web.docker]\n{line}\n"));
    for (line, says) in [
        ("port = 0", "7:8: services.web.docker.port: `0` is out of range; write 1 to 65535"),
        ("instances = 65", "7:13: services.web.docker.instances: `65` is out of range; write 1 to 64"),
        (
            "network = \"a b\"",
            "7:11: services.web.docker.network: `a b` is not the name of a network; `docker network ls` lists them",
        ),
        (
            "warm = \"pause\"",
            "7:8: services.web.docker.warm: `pause` is not a choice; did you mean \"paused\"? write \"running\" or \"paused\"",
        ),
    ] {
        assert_eq!(with(line), format!("canaryd.toml:{says}"), "{line}");
    }
}

#[test]
fn a_release_may_use_so_many_times_what_stable_does() {
    let limits = |keys: &str| {
        let text = format!("{DOCKER}[services.web.docker.limits]\n{keys}\n");
        web(&text).origin.discovered().expect("containers").limits
    };
    let said = |UsageLimits { memory, processor, sustained }: UsageLimits| {
        let [memory, processor] = [memory, processor].map(|factor| factor.map(|factor| factor.to_string()));
        (memory.unwrap_or_default(), processor.unwrap_or_default(), sustained.as_secs())
    };
    assert_eq!(said(limits("")), ("4".to_owned(), String::new(), 30));
    let all = limits("memory = 1.5\nprocessor = \"2.25\"\nsustained = \"1m\"");
    assert_eq!(said(all), ("1.5".to_owned(), "2.25".to_owned(), 60));
    let none = limits("memory = \"off\"\nprocessor = \"off\"");
    assert_eq!(said(none), (String::new(), String::new(), 30));
}

#[test]
fn a_limit_is_more_than_as_much_as_stable() {
    for (line, says) in [
        (
            "memory = 1",
            "7:10: services.web.docker.limits.memory: `1` would send back a release that uses as much as stable; write \
             1.1 to 1000, or \"off\"",
        ),
        (
            "memory = \"150%\"",
            "7:10: services.web.docker.limits.memory: `150%` is no factor; write how many times as much as stable, such \
             as 2, or \"off\"",
        ),
        (
            "processor = 1.05",
            "7:13: services.web.docker.limits.processor: `1.05` is out of range; write 1.1 to 1000, or \"off\"",
        ),
        (
            "processor = inf",
            "7:13: services.web.docker.limits.processor: `inf` is out of range; write 1.1 to 1000, or \"off\"",
        ),
        (
            "processor = nan",
            "7:13: services.web.docker.limits.processor: `NaN` is no factor; write how many times as much as stable, \
             such as 2, or \"off\"",
        ),
        ("memory = true", "7:10: services.web.docker.limits.memory: invalid type: boolean `true`, expected a factor"),
        (
            "sustained = \"500ms\"",
            "7:13: services.web.docker.limits.sustained: `500ms` is too short; write at least \"1s\"",
        ),
    ] {
        let said = refused(&format!("{DOCKER}[services.web.docker.limits]\n{line}\n"));
        assert_eq!(said, format!("canaryd.toml:{says}"));
    }
}

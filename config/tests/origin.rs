//! Where the releases of a service come from.

use canary_config::origin::{Discovered, Origin, Warm};
use canary_config::service::Service;

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

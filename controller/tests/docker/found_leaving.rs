//! Containers that are stopped, killed, frozen and cut off by somebody else, under load.

use std::collections::BTreeSet;

use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::RestartContainerOptions;

use super::deploy::served;
use super::lookout::{Lookout, PROBED, attached, kill, served_by, start, stop};
use super::real::REQUESTS;
use crate::support::{Dockerd, SLOW, with_engine};

/// Half a second of load.
const A_WHILE: usize = REQUESTS / 2;

/// So many containers of one release, which are stable.
async fn with(engine: &Dockerd, containers: usize, keys: &str) -> Lookout {
    let v1 = engine.image("v1", &[]).await;
    for number in 1..=containers {
        engine.run(&format!("web-{number}"), &v1, attached).await;
    }
    let lookout = Lookout::at(&engine.host, &format!("{PROBED}\n{keys}"), SLOW).await;
    lookout.until_ready(containers).await;
    lookout
}

fn v1() -> BTreeSet<String> {
    BTreeSet::from(["v1".to_owned()])
}

#[test]
fn one_of_two_is_stopped_and_one_is_killed_and_no_request_fails() {
    with_engine(async |engine| {
        let lookout = with(engine, 2, "").await;
        let load = lookout.load().await;
        load.more(A_WHILE).await;
        stop(engine, "web-1").await;
        lookout.until_ready(1).await;
        load.more(A_WHILE).await;
        start(engine, "web-1").await;
        lookout.until_ready(2).await;
        kill(engine, "web-2").await;
        lookout.until_ready(1).await;
        load.more(A_WHILE).await;
        start(engine, "web-2").await;
        lookout.until_ready(2).await;
        assert_eq!(served(load).await, v1());
    });
}

#[test]
fn the_only_one_is_started_again_and_requests_wait_for_it() {
    with_engine(async |engine| {
        let lookout = with(engine, 1, "").await;
        let load = lookout.load().await;
        load.more(A_WHILE).await;
        engine.docker.restart_container("web-1", None::<RestartContainerOptions>).await.expect("it starts again");
        lookout.until_ready(1).await;
        load.more(A_WHILE).await;
        kill(engine, "web-1").await;
        lookout.until("requests that wait", |status| status.waiting > 10).await;
        start(engine, "web-1").await;
        load.more(A_WHILE).await;
        assert_eq!(served(load).await, v1());
    });
}

#[test]
fn whoever_gets_the_address_of_one_that_was_killed_gets_none_of_its_requests() {
    with_engine(async |engine| {
        let lookout = with(engine, 2, "").await;
        let (v1_image, address) = (engine.image("v1", &[]).await, engine.address("web-1").await);
        let load = lookout.load().await;
        load.more(A_WHILE).await;
        kill(engine, "web-1").await;
        let other = engine.run("other", &v1_image, |_| {}).await;
        assert_eq!(other.address, address, "an Engine gives a free address to the next container");
        load.more(REQUESTS).await;
        start(engine, "web-1").await;
        lookout.until_ready(2).await;
        assert_eq!(served(load).await, v1());
        assert_eq!(served_by(other.address).await, 0);
        assert!(served_by(engine.address("web-1").await).await > 0);
    });
}

#[test]
fn one_of_two_is_frozen_and_cut_off_and_comes_back_and_no_request_fails() {
    with_engine(async |engine| {
        engine.network("shop").await;
        let lookout = with(engine, 2, "timeouts = { read = \"1s\" }").await;
        let load = lookout.load().await;
        load.more(A_WHILE).await;
        engine.docker.pause_container("web-1").await.expect("it freezes");
        lookout.until_seen("web-1", "paused").await;
        load.more(A_WHILE).await;
        engine.docker.unpause_container("web-1").await.expect("it thaws");
        lookout.until_ready(2).await;
        load.more(A_WHILE).await;
        let request = NetworkDisconnectRequest { container: "web-2".to_owned(), force: None };
        engine.docker.disconnect_network("bridge", request).await.expect("it is cut off");
        lookout.until_ready(1).await;
        load.more(A_WHILE).await;
        let request = NetworkConnectRequest { container: "web-2".to_owned(), ..NetworkConnectRequest::default() };
        engine.docker.connect_network("shop", request).await.expect("it is connected");
        lookout.until_ready(2).await;
        load.more(A_WHILE).await;
        assert_eq!(served(load).await, v1());
    });
}

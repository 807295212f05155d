//! An Engine that is lost for a while, and a canaryd that is: containers come and go meanwhile, under load.

use std::collections::BTreeSet;

use super::deploy::served;
use super::lookout::{Lookout, PROBED, attached, attached_for_ever, kill, remove, served_by};
use super::real::REQUESTS;
use crate::support::{Canaryd, Dockerd, SLOW, with_engine, with_own_engine};

async fn two(engine: &Dockerd, attached: fn(&mut bollard::models::ContainerCreateBody)) -> String {
    let v1 = engine.image("v1", &[]).await;
    for name in ["web-1", "web-2"] {
        engine.run(name, &v1, attached).await;
    }
    v1
}

fn v1() -> BTreeSet<String> {
    BTreeSet::from(["v1".to_owned()])
}

#[test]
fn routing_goes_on_while_the_engine_is_not_seen_and_nothing_is_started() {
    with_engine(async |engine| {
        two(engine, attached).await;
        let v2 = engine.image("v2", &[]).await;
        engine.run("new", &v2, attached).await;
        let relay = engine.relay();
        let lookout = Lookout::at(&relay.host(), PROBED, SLOW).await;
        let (stable, new) = (lookout.until_seen("web-1", "running").await, lookout.until_seen("new", "running").await);
        lookout.ctl(&["adopt", "web", stable.as_str()]).await;
        lookout.until_ready(2).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        relay.cut();
        kill(engine, "web-1").await;
        lookout.until_ready(1).await;
        lookout.until_sight(true).await;
        relay.take_away();
        lookout.until_sight(false).await;
        kill(engine, "web-2").await;
        engine.docker.start_container("web-1", None).await.expect("it starts");
        let refused = lookout.canaryd.api.start(new.as_str()).await.problem(409);
        assert!(refused.message.contains("nothing is started or raised while containers are not seen"), "{refused:?}");
        let said = lookout.ctl(&["status"]).await;
        assert!(said.contains("requests go where they went; nothing is started or raised"), "{said}");
        lookout.until("requests that wait", |status| status.waiting > 10).await;
        relay.put_back();
        lookout.until_sight(true).await;
        lookout.until_ready(1).await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
        lookout.canaryd.api.start(new.as_str()).await.done();
    });
}

#[test]
fn one_of_two_is_killed_while_the_engine_is_not_seen_and_no_request_fails() {
    with_engine(async |engine| {
        two(engine, attached).await;
        let relay = engine.relay();
        let lookout = Lookout::at_ready(&relay.host(), SLOW, 2).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        relay.take_away();
        lookout.until_sight(false).await;
        kill(engine, "web-1").await;
        // Nobody has told, so that it is the probes which find out.
        lookout.until_ready(1).await;
        load.more(REQUESTS / 3).await;
        relay.put_back();
        lookout.until_seen("web-1", "stopped").await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
    });
}

#[test]
fn an_engine_that_is_started_again_costs_latency_and_no_request() {
    with_own_engine(async |engine| {
        two(engine, attached_for_ever).await;
        let lookout = Lookout::at_ready(&engine.host, SLOW, 2).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        engine.restart().await;
        lookout.until_sight(true).await;
        lookout.until_ready(2).await;
        load.more(REQUESTS / 3).await;
        engine.kill9().await;
        lookout.until_sight(false).await;
        load.more(REQUESTS / 3).await;
        engine.come_back().await;
        lookout.until_sight(true).await;
        lookout.until_ready(2).await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
    });
}

#[test]
fn a_canaryd_that_was_killed_finds_who_is_there_and_asks_nobody_else() {
    with_engine(async |engine| {
        let v1_image = two(engine, attached).await;
        let mut lookout = Lookout::at_ready(&engine.host, SLOW, 2).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
        lookout.canaryd.kill9();
        let address = engine.address("web-1").await;
        remove(engine, "web-1").await;
        let other = engine.run("other", &v1_image, |_| {}).await;
        assert_eq!(other.address, address);
        engine.run("web-3", &v1_image, attached).await;
        lookout.canaryd = Canaryd::up(&lookout.site).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        lookout.until_ready(2).await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
        assert_eq!(served_by(other.address).await, 0);
    });
}

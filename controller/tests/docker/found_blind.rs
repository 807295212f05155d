//! An Engine that is lost for a while, and a canaryd that is: containers come and go meanwhile, under load.

use std::collections::BTreeSet;

use bollard::models::ContainerCreateBody;
use canary_controller::rollout::PhaseName;

use super::deploy::served;
use super::lookout::{Lookout, PROBED, attached, attached_for_ever, kill, remove, served_by};
use super::real::REQUESTS;
use crate::support::{Canaryd, Dockerd, SLOW, with_engine, with_own_engine};

/// A step of a second, whatever the evidence.
const STEPS: &str = r#"
steps = [10, 100]
min_duration = "1s"
max_duration = "1s"
on_thin_evidence = "promote"
probation = "300ms"
"#;

/// Half of the requests, for as long as the test lasts.
const HALF: &str = r#"
steps = [50, 100]
min_duration = "10m"
max_duration = "15m"
ready_timeout = "1s"
"#;

async fn two(engine: &Dockerd, attached: fn(&mut ContainerCreateBody)) -> String {
    let v1 = engine.image("v1", &[]).await;
    for name in ["web-1", "web-2"] {
        engine.run(name, &v1, attached).await;
    }
    v1
}

fn v1() -> BTreeSet<String> {
    BTreeSet::from(["v1".to_owned()])
}

fn both() -> BTreeSet<String> {
    BTreeSet::from(["v1".to_owned(), "v2".to_owned()])
}

/// Brings another release to its first step.
async fn on_trial(engine: &Dockerd, lookout: &Lookout) {
    let v2 = engine.image("v2", &[]).await;
    engine.run("new", &v2, attached).await;
    let release = lookout.until_seen("new", "running").await;
    lookout.canaryd.api.start(release.as_str()).await.done();
    lookout.canaryd.api.until_step(1).await;
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
fn a_trial_stands_still_while_the_engine_is_not_seen() {
    with_engine(async |engine| {
        two(engine, attached).await;
        let relay = engine.relay();
        let lookout = Lookout::at_ready(&relay.host(), STEPS, 2).await;
        on_trial(engine, &lookout).await;
        relay.take_away();
        lookout.until_sight(false).await;
        let load = lookout.load().await;
        // Two seconds, which are two steps.
        load.more(2 * REQUESTS).await;
        assert_eq!(lookout.canaryd.api.status().await.step.map(|step| step.number), Some(1));
        relay.put_back();
        lookout.canaryd.api.until_phase(PhaseName::Probation).await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, both());
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

#[test]
fn a_canaryd_that_was_killed_in_a_trial_gives_up_a_canary_that_is_gone() {
    with_engine(async |engine| {
        let v1_image = two(engine, attached).await;
        let mut lookout = Lookout::at_ready(&engine.host, HALF, 2).await;
        on_trial(engine, &lookout).await;
        let load = lookout.load().await;
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, both());
        lookout.canaryd.kill9();
        let address = engine.address("new").await;
        remove(engine, "new").await;
        let other = engine.run("other", &v1_image, |_| {}).await;
        assert_eq!(other.address, address);
        lookout.canaryd = Canaryd::up(&lookout.site).await;
        let load = lookout.load().await;
        let status = lookout.canaryd.api.until_phase(PhaseName::Aborted).await;
        assert_eq!(status.reason.as_deref(), Some("never-ready"));
        load.more(REQUESTS / 3).await;
        assert_eq!(served(load).await, v1());
        assert_eq!(served_by(other.address).await, 0);
    });
}

//! Deployments that come to nothing on a real Engine: stable serves on, and nothing is left over.

use bollard::models::ContainerStateStatusEnum;
use canary_controller::api::{Deploying, ServiceStatus};
use canary_controller::rollout::PhaseName;
use serde_json::{Value, json};

use super::real::REQUESTS;
use super::yard::{Seen, Yard};
use crate::support::{Canaryd, Dockerd, End, SLOW, with_engine};

/// The new release has all requests until somebody says otherwise.
const BLUE_GREEN: &str = "strategy = \"blue-green\"\nprobation = \"10m\"";
/// Six containers, so that there is a time in which some of them are made.
const MANY: &str = "[services.web.docker]\ninstances = 6";

fn made(seen: &[Seen]) -> usize {
    seen.iter().filter(|one| one.is_made).count()
}

/// Deploys an image that is of no use while requests come; why it was sent back, and what is left of it.
async fn sent_back(engine: &Dockerd, instruction: &str, plan: &str) -> (String, Vec<Seen>) {
    let yard = Yard::open(engine, 1, plan).await;
    let bad = engine.image("bad", &[instruction]).await;
    let load = yard.load().await;
    yard.deploy(&bad).await;
    let status = yard.until_phase(PhaseName::Aborted).await;
    let left = yard.until_alone(None, 1).await;
    load.more(REQUESTS / 3).await;
    let failed: Vec<_> = load.stop().await.gets.into_iter().filter(|(_, end)| !end.is_good()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    (status.reason.unwrap_or_default(), left)
}

#[test]
fn a_release_that_crashes_is_sent_back_and_its_corpse_is_kept_for_its_logs() {
    with_engine(async |engine| {
        let (reason, left) = sent_back(engine, "ENV CRASH_AFTER=1", SLOW).await;
        assert_eq!(reason, "container-died");
        assert_eq!(made(&left), 1, "{left:?}");
    });
}

#[test]
fn a_release_that_never_gets_healthy_is_sent_back_and_stopped() {
    with_engine(async |engine| {
        let (reason, left) = sent_back(engine, "ENV SICK=1", &format!("{SLOW}\nready_timeout = \"2s\"")).await;
        assert_eq!(reason, "never-ready");
        assert!(left.iter().filter(|one| one.is_made).all(|one| one.state == ContainerStateStatusEnum::EXITED));
    });
}

#[test]
fn an_image_that_there_is_not_is_refused_before_anything_is_begun() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, SLOW).await;
        let answer = yard.post("deploy", json!({ "image": "canaryd-test:v9" })).await;
        assert_eq!(answer.status, 409, "{}", answer.text);
        let problem: Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(problem["kind"], "preflight");
        let message = problem["message"].as_str().unwrap();
        assert!(message.starts_with("web: image: ") && message.contains("canaryd-test:v9"), "{message}");
        let status = yard.canaryd.api.status().await;
        assert_eq!((status.deployment, made(&yard.containers().await)), (None, 0));
    });
}

#[test]
fn what_is_stable_already_is_left_alone_unless_it_is_forced() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, BLUE_GREEN).await;
        let same: Deploying = yard.post("deploy", json!({ "image": "canaryd-test:v1" })).await.good();
        assert_eq!((same.deployment, same.services[0].is_stable), (None, true));
        let forced = json!({ "tag": "v1", "force": true, "env": { "VERSION": "v1b", "TOKEN": "hunter2" } });
        let forced: Deploying = yard.post("deploy", forced).await.good();
        yard.until_phase(PhaseName::Probation).await;
        let load = yard.load().await;
        load.more(REQUESTS / 3).await;
        let ends = load.stop().await.gets;
        assert!(ends.values().all(End::is_good), "{ends:?}");
        let overridden = End::Answered { status: 200, release: "v1b".to_owned() };
        assert!(ends.values().any(|end| *end == overridden), "{ends:?}");
        let release = forced.services[0].release.as_ref().unwrap().as_str();
        assert_eq!((release.len(), release.as_bytes()[12]), (19, b'-'));
        let shown = format!("{}{}", yard.canaryd.api.get("/v1/services").await.text, yard.canaryd.said());
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn an_abort_calls_off_what_is_being_made_and_nothing_is_left_of_it() {
    with_engine(async |engine| {
        let yard = Yard::open(engine, 1, &format!("{SLOW}\n{MANY}")).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.until_containers("one that is made", |seen| made(seen) > 0).await;
        let answer = yard.canaryd.api.abort().await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let is_called_off = |status: &ServiceStatus| {
            let failure = status.deployment.as_ref().and_then(|deployment| deployment.failure.as_deref());
            failure == Some("an operator has called it off")
        };
        let status = yard.until("the end of it", is_called_off).await;
        assert_eq!((status.phase, status.deployment.unwrap().stage.as_str()), (PhaseName::Idle, "failed"));
        yard.until_containers("nothing to be left", |seen| made(seen) == 0).await;
    });
}

#[test]
fn nothing_is_left_of_a_deployment_whose_canaryd_is_killed() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, &format!("{BLUE_GREEN}\n{MANY}")).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        yard.until_containers("one that is made", |seen| made(seen) > 0).await;
        yard.canaryd.kill9();
        let left = yard.containers().await;
        assert!(made(&left) > 0 && left.len() < 7, "{left:?}");
        yard.canaryd = Canaryd::start(&yard.site).await;
        yard.until_containers("nothing to be left", |seen| made(seen) == 0).await;

        let release = yard.deploy(&v2).await;
        yard.until_phase(PhaseName::Probation).await;
        yard.canaryd.kill9();
        yard.canaryd = Canaryd::start(&yard.site).await;
        yard.until_phase(PhaseName::Probation).await;
        yard.canaryd.api.promote().await.good::<Value>();
        yard.until_stable(&release).await;
        let seen = yard.until_alone(Some(&release), 6).await;
        assert_eq!((seen.len(), made(&seen)), (7, 6));
    });
}

//! Deployments of services of Swarm on a real Engine: a second service is made beside the first, and while requests come
//! without a pause, the first becomes what the second is, or the second goes again.

use std::collections::BTreeSet;

use bollard::models::{Service, TaskState};
use bollard::query_parameters::{KillContainerOptions, ListServicesOptions, ListTasksOptions};
use canary_controller::api::{ContainerStatus, Deploying, ServiceStatus};
use canary_controller::rollout::PhaseName;
use serde_json::{Value, json};

use super::deploy::served;
use super::real::REQUESTS;
use super::swarm::{NETWORK, Stack, ready};
use crate::support::{Answer, Canaryd, Dockerd, QUICK, SLOW, until, with_own_engine};

/// The old release waits for long enough to be brought back.
const LONG_PROBATION: &str = "strategy = \"blue-green\"\nprobation = \"10m\"";

/// A service of Swarm as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    name: String,
    image: String,
    tasks: i64,
}

// === impl Stack ===

impl Stack {
    /// Deploys an image, and tells the release that it is.
    async fn deploy(&self, image: &str) -> String {
        let deploying: Deploying = self.post("deploy", json!({ "image": image })).await.good();
        assert!(deploying.deployment.is_some(), "{deploying:?}");
        deploying.services[0].release.clone().expect("the image is there").to_string()
    }

    async fn post(&self, verb: &str, body: Value) -> Answer {
        self.canaryd.api.post(&format!("/v1/services/web/{verb}"), body).await
    }

    async fn until_phase(&self, phase: PhaseName) -> ServiceStatus {
        self.canaryd.api.until_phase(phase).await
    }

    async fn until_stable(&self, release: &str) -> ServiceStatus {
        let is_stable = |status: &ServiceStatus| status.phase == PhaseName::Idle && status.stable.as_str() == release;
        self.until(&format!("{release} to be stable"), is_stable).await
    }
}

async fn services(engine: &Dockerd) -> Vec<Seen> {
    let listed = engine.docker.list_services(None::<ListServicesOptions>).await.expect("a list");
    let mut seen: Vec<_> = listed.into_iter().map(seen).collect();
    seen.sort_by(|a, b| a.name.cmp(&b.name));
    seen
}

fn seen(service: Service) -> Seen {
    let spec = service.spec.expect("a spec");
    let container = spec.task_template.and_then(|template| template.container_spec).expect("a container");
    let tasks = spec.mode.and_then(|mode| mode.replicated?.replicas).unwrap_or_default();
    Seen { name: spec.name.unwrap_or_default(), image: container.image.unwrap_or_default(), tasks }
}

/// Waits until of all services the first one alone has tasks, of this image.
async fn until_alone(engine: &Dockerd, image: &str) -> Vec<Seen> {
    until(&format!("web alone, of {image}"), async || {
        let seen = services(engine).await;
        let busy: Vec<_> = seen.iter().filter(|service| service.tasks > 0).collect();
        match busy.as_slice() {
            [only] if only.name == "web" && only.image == image => Ok(seen),
            _ => Err(format!("{seen:?}")),
        }
    })
    .await
}

#[test]
fn a_second_service_is_made_and_the_first_becomes_the_same_and_no_request_fails() {
    with_own_engine(async |engine| {
        let stack = Stack::open(engine, QUICK).await;
        let v2 = engine.image("v2", &[]).await;
        let load = stack.load().await;
        let release = stack.deploy(&v2).await;
        stack.until_stable(&release).await;
        until_alone(engine, &v2).await;
        let of_web = |status: &ServiceStatus| {
            ready(status) == 2 && status.containers.iter().all(|task| task.name.starts_with("web."))
        };
        let status = stack.until("the tasks of the first service", of_web).await;
        assert_eq!((status.stable.as_str(), status.kept[0].release.as_str()), (release.as_str(), "v1"));
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

#[test]
fn an_undo_needs_no_new_task_and_removes_the_second_service() {
    with_own_engine(async |engine| {
        let stack = Stack::open(engine, LONG_PROBATION).await;
        let before = stack.canaryd.api.status().await.containers;
        let v2 = engine.image("v2", &[]).await;
        let load = stack.load().await;
        let release = stack.deploy(&v2).await;
        stack.until_phase(PhaseName::Probation).await;
        load.more(REQUESTS / 3).await;
        stack.canaryd.api.undo().await.good::<Value>();
        let seen = until_alone(engine, "canaryd-test:v1").await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        let status = stack.until("the first tasks alone", |status| status.containers.len() == 2).await;
        let ids = |tasks: &[ContainerStatus]| tasks.iter().map(|task| task.id.clone()).collect::<BTreeSet<_>>();
        assert_eq!(ids(&status.containers), ids(&before), "no task was made anew");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
        let again = stack.post("deploy", json!({ "image": v2 })).await;
        assert!(again.status == 409 && again.text.contains(&format!("{release} was sent back")), "{}", again.text);
    });
}

#[test]
fn a_bad_release_is_sent_back_and_its_service_removed_and_no_request_fails() {
    with_own_engine(async |engine| {
        let stack = Stack::open(engine, SLOW).await;
        let bad = engine.image("bad", &["ENV FAIL=100"]).await;
        let load = stack.load().await;
        stack.deploy(&bad).await;
        let status = stack.until_phase(PhaseName::Aborted).await;
        assert_eq!(status.stable.as_str(), "v1");
        let seen = until_alone(engine, "canaryd-test:v1").await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned()]));
    });
}

#[test]
fn a_crash_in_mid_trial_leaves_no_service_behind_and_sends_nothing_to_a_task_that_died() {
    with_own_engine(async |engine| {
        let mut stack = Stack::open(engine, SLOW).await;
        let v2 = engine.image("v2", &[]).await;
        let release = stack.deploy(&v2).await;
        let status = stack.canaryd.api.until_step(1).await;
        stack.canaryd.kill9();
        let dead = status.containers.iter().find(|task| task.release.as_str() == release).expect("a canary's");
        let kill = KillContainerOptions { signal: "KILL".to_owned() };
        engine.docker.kill_container(&dead.id, Some(kill)).await.unwrap();
        stack.canaryd = Canaryd::start(&stack.site).await;
        let is_on_trial = |status: &ServiceStatus| status.phase == PhaseName::Progressing;
        let status = stack.until("the trial to go on", is_on_trial).await;
        assert!(status.containers.iter().all(|task| task.id != dead.id || task.address.is_none()), "{status:?}");
        let load = stack.load().await;
        load.more(REQUESTS / 3).await;
        stack.canaryd.api.abort().await.done();
        let seen = until_alone(engine, "canaryd-test:v1").await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

#[test]
fn a_rollback_gives_the_first_service_back_what_it_was() {
    with_own_engine(async |engine| {
        let stack = Stack::open(engine, QUICK).await;
        let v2 = engine.image("v2", &[]).await;
        let load = stack.load().await;
        let release = stack.deploy(&v2).await;
        stack.until_stable(&release).await;
        until_alone(engine, &v2).await;
        let back = stack.post("rollback", json!({})).await;
        assert_eq!(back.status, 200, "{}", back.text);
        stack.until_stable("v1").await;
        until_alone(engine, "canaryd-test:v1").await;
        let status = stack.until("what is kept", |status| !status.kept.is_empty()).await;
        assert_eq!((status.kept[0].release.as_str(), status.kept[0].was_stable), (release.as_str(), true));
        served(load).await;
    });
}

#[test]
fn tasks_on_two_nodes_are_replaced_and_no_request_fails() {
    with_own_engine(async |engine| {
        let other = engine.init_swarm_of_two(NETWORK).await;
        for version in ["v1", "v2"] {
            other.image(version, &[]).await;
        }
        let stack = Stack::within(engine, QUICK).await;
        let v2 = engine.image("v2", &[]).await;
        let load = stack.load().await;
        let release = stack.deploy(&v2).await;
        stack.until_stable(&release).await;
        until_alone(engine, &v2).await;
        let tasks = engine.docker.list_tasks(None::<ListTasksOptions>).await.expect("a list");
        let up = tasks
            .iter()
            .filter(|task| task.status.as_ref().and_then(|status| status.state) == Some(TaskState::RUNNING));
        let nodes: BTreeSet<_> = up.filter_map(|task| task.node_id.clone()).collect();
        assert_eq!(nodes.len(), 2, "{tasks:?}");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

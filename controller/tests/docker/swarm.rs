//! Services of Swarm on a real Engine: their tasks are found and reached one by one, and one service takes the place of
//! another under load.

use std::collections::BTreeSet;

use bollard::models::{ServiceSpec, ServiceSpecUpdateConfig, ServiceSpecUpdateConfigOrderEnum};
use bollard::query_parameters::KillContainerOptions;
use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;

use super::deploy::served;
use super::real::REQUESTS;
use crate::support::{Canaryd, Dockerd, QUICK, SLOW, Site, Steady, with_own_engine};

pub(super) const NETWORK: &str = "edge";

/// A canaryd in a container of a Swarm's network, and the service that is stable.
pub(super) struct Stack {
    pub(super) canaryd: Canaryd,
    pub(super) site: Site,
}

// === impl Stack ===

impl Stack {
    /// Two tasks of the image `v1` are stable.
    pub(super) async fn open(engine: &Dockerd, plan: &str) -> Self {
        engine.init_swarm(NETWORK).await;
        Self::within(engine, plan).await
    }

    /// The same in a Swarm that is there.
    pub(super) async fn within(engine: &Dockerd, plan: &str) -> Self {
        let v1 = engine.image("v1", &[]).await;
        engine.enter("edge", &v1, NETWORK).await;
        serve(engine, "web", "v1").await;
        let site = Site::new("").await;
        let host = &engine.host;
        let web = format!(
            r#"
[docker]
mode = "provision"
host = "{host}"
[services.web]
rule = "PathPrefix(`/`)"
probe = {{ path = "/healthz", interval = "50ms", timeout = "5s", rise = 1, fall = 2 }}
docker = {{ port = 8080 }}
[services.web.rollout]
{plan}
"#
        );
        site.write(&format!("{}{web}", site.daemon()));
        let stack = Self { canaryd: Canaryd::start(&site).await, site };
        stack.until("two tasks", |status| status.stable.as_str() == "v1" && ready(status) == 2).await;
        stack
    }

    /// The same with a second service beside it, of that release.
    async fn with_second(engine: &Dockerd, plan: &str, release: &str) -> Self {
        let stack = Self::open(engine, plan).await;
        serve(engine, &format!("web--{release}"), release).await;
        let is_up = |status: &ServiceStatus| {
            let runs = status.containers.iter().filter(|one| one.release.as_str() == release && one.state == "running");
            runs.count() == 2
        };
        stack.until("the second service", is_up).await;
        stack
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&ServiceStatus) -> bool) -> ServiceStatus {
        self.canaryd.api.until(what, is_so).await
    }

    pub(super) async fn load(&self) -> Steady {
        let load = Steady::on(self.canaryd.web().await, u32::MAX);
        load.more(REQUESTS / 3).await;
        load
    }
}

/// A service of two tasks, of the release that its image is.
async fn serve(engine: &Dockerd, name: &str, release: &str) {
    let image = engine.image(release, &[]).await;
    engine.serve(name, &image, NETWORK, &[("canary.service", "web"), ("canary.release", release)], 2).await;
}

pub(super) fn ready(status: &ServiceStatus) -> usize {
    status.tracks.first().map_or(0, |track| track.ready)
}

#[test]
fn a_task_that_is_killed_fails_no_request_and_the_next_one_is_found() {
    with_own_engine(async |engine| {
        let stack = Stack::open(engine, QUICK).await;
        let before = stack.canaryd.api.status().await.containers;
        let mut names: Vec<_> = before.iter().map(|task| task.name.clone()).collect();
        names.sort();
        assert_eq!(names, ["web.1", "web.2"]);
        let load = stack.load().await;
        let kill = KillContainerOptions { signal: "KILL".to_owned() };
        engine.docker.kill_container(&before[0].id, Some(kill)).await.unwrap();
        stack
            .until("another task", |status| {
                ready(status) == 2 && status.containers.iter().all(|task| task.id != before[0].id)
            })
            .await;
        served(load).await;
    });
}

#[test]
fn a_second_service_takes_the_place_of_the_first_which_then_becomes_the_same() {
    with_own_engine(async |engine| {
        let stack = Stack::with_second(engine, QUICK, "v2").await;
        let load = stack.load().await;
        stack.canaryd.api.start("v2").await.done();
        let is_stable = |status: &ServiceStatus| status.phase == PhaseName::Idle && status.stable.as_str() == "v2";
        stack.until("v2 to be stable", is_stable).await;
        engine.update_service("web", to_v2).await;
        stack.until("four tasks of v2", |status| ready(status) == 4).await;
        engine.remove_service("web--v2").await;
        let status = stack.until("those of the first service", |status| status.containers.len() == 2).await;
        assert!(status.containers.iter().all(|task| task.name.starts_with("web.")), "{status:?}");
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

fn to_v2(spec: &mut ServiceSpec) {
    spec.labels.as_mut().unwrap().insert("canary.release".to_owned(), "v2".to_owned());
    let container = spec.task_template.as_mut().unwrap().container_spec.as_mut().unwrap();
    container.image = Some("canaryd-test:v2".to_owned());
    let start_first = Some(ServiceSpecUpdateConfigOrderEnum::START_FIRST);
    spec.update_config = Some(ServiceSpecUpdateConfig {
        order: start_first,
        parallelism: Some(1),
        ..ServiceSpecUpdateConfig::default()
    });
}

#[test]
fn a_second_service_that_is_sent_back_and_removed_fails_no_request() {
    with_own_engine(async |engine| {
        let stack = Stack::with_second(engine, SLOW, "v2").await;
        let load = stack.load().await;
        stack.canaryd.api.start("v2").await.done();
        stack.canaryd.api.until_step(1).await;
        load.more(REQUESTS).await;
        stack.canaryd.api.abort().await.done();
        engine.remove_service("web--v2").await;
        let status = stack.until("the first service alone", |status| status.containers.len() == 2).await;
        assert_eq!((status.phase, status.stable.as_str()), (PhaseName::Aborted, "v1"));
        assert_eq!(served(load).await, BTreeSet::from(["v1".to_owned(), "v2".to_owned()]));
    });
}

//! A canaryd that provides for one service, `web`, on an Engine of the test's.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, ContainerStateStatusEnum};
use bollard::query_parameters::ListContainersOptions;
use canary_controller::api::{Deploying, ServiceStatus};
use canary_controller::rollout::PhaseName;
use serde_json::{Value, json};

use crate::support::{Answer, Canaryd, Dockerd, Site, Steady, until};

/// One service, whose containers are canaryd's to start and stop.
pub(super) struct Yard<'a> {
    pub(super) engine: &'a Dockerd,
    pub(super) site: Site,
    pub(super) canaryd: Canaryd,
}

/// A container, as far as a test looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) name: String,
    pub(super) release: String,
    pub(super) is_made: bool,
    pub(super) state: ContainerStateStatusEnum,
}

// === impl Yard ===

impl<'a> Yard<'a> {
    /// So many containers of the image `v1` are stable, and a new release is brought in by this plan.
    pub(super) async fn open(engine: &'a Dockerd, containers: usize, plan: &str) -> Self {
        Self::with(engine, containers, plan, |_| {}).await
    }

    /// The same, with containers that are changed like this.
    pub(super) async fn with(
        engine: &'a Dockerd,
        containers: usize,
        plan: &str,
        change: impl Fn(&mut ContainerCreateBody),
    ) -> Self {
        let v1 = engine.image("v1", &[]).await;
        for number in 1..=containers {
            let labelled = |body: &mut ContainerCreateBody| {
                body.labels = Some(HashMap::from([("canary.service".to_owned(), "web".to_owned())]));
                change(body);
            };
            engine.run(&format!("web-{number}"), &v1, labelled).await;
        }
        Self::found(engine, containers, plan).await
    }

    /// So many containers are there already, and stable.
    pub(super) async fn found(engine: &'a Dockerd, containers: usize, plan: &str) -> Self {
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
[services.web.rollout]
{plan}
"#
        );
        site.write(&format!("{}{web}", site.daemon()));
        let canaryd = Canaryd::start(&site).await;
        let yard = Self { engine, site, canaryd };
        yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == containers)).await;
        yard
    }

    /// Kills canaryd, as a crash does, and starts it again.
    pub(super) async fn kill_and_start(&mut self) {
        self.canaryd.kill9();
        self.canaryd = Canaryd::start(&self.site).await;
    }

    /// Waits until so many commands of hooks are there.
    pub(super) async fn until_tasks(&self, count: usize) {
        let filters = Some(HashMap::from([("label".to_owned(), vec!["canary.task=web".to_owned()])]));
        until(&format!("{count} commands"), async || {
            let options = ListContainersOptions { all: count == 0, filters: filters.clone(), ..Default::default() };
            let found = self.engine.docker.list_containers(Some(options)).await.expect("a list");
            if found.len() == count { Ok(()) } else { Err(format!("{found:?}")) }
        })
        .await;
    }

    /// Requests from inside, 300 a second.
    pub(super) async fn load(&self) -> Steady {
        Steady::on(self.canaryd.web().await, u32::MAX)
    }

    pub(super) async fn post(&self, verb: &str, body: Value) -> Answer {
        self.canaryd.api.post(&format!("/v1/services/web/{verb}"), body).await
    }

    /// Deploys an image, and tells the release that it is.
    pub(super) async fn deploy(&self, image: &str) -> String {
        let deploying: Deploying = self.post("deploy", json!({ "image": image })).await.good();
        assert!(deploying.deployment.is_some(), "{deploying:?}");
        deploying.services[0].release.clone().expect("the image is there").to_string()
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&ServiceStatus) -> bool) -> ServiceStatus {
        self.canaryd.api.until(what, is_so).await
    }

    /// Waits until a release is stable and nothing is under way.
    pub(super) async fn until_stable(&self, release: &str) -> ServiceStatus {
        let is_stable = |status: &ServiceStatus| status.phase == PhaseName::Idle && status.stable.as_str() == release;
        self.until(&format!("{release} to be stable"), is_stable).await
    }

    pub(super) async fn until_phase(&self, phase: PhaseName) -> ServiceStatus {
        self.canaryd.api.until_phase(phase).await
    }

    /// The containers of the service, by name.
    pub(super) async fn containers(&self) -> Vec<Seen> {
        let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
        let mut seen = Vec::new();
        for container in self.engine.docker.list_containers(Some(options)).await.expect("a list") {
            let labels = container.labels.unwrap_or_default();
            if labels.get("canary.service").is_some_and(|service| service == "web") {
                // One that is removed meanwhile is seen no more.
                let id = container.id.expect("an id");
                let Ok(inspected) = self.engine.docker.inspect_container(&id, None).await else { continue };
                seen.push(Seen {
                    name: container.names.unwrap_or_default().concat().trim_start_matches('/').to_owned(),
                    release: labels.get("canary.release").cloned().unwrap_or_default(),
                    is_made: labels.contains_key("canary.managed"),
                    state: inspected.state.and_then(|state| state.status).expect("a state"),
                });
            }
        }
        seen.sort_by(|a, b| a.name.cmp(&b.name));
        seen
    }

    /// Waits until the containers are as they should be.
    pub(super) async fn until_containers(&self, what: &str, is_so: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        until(what, async || {
            let seen = self.containers().await;
            if is_so(&seen) { Ok(seen) } else { Err(format!("{seen:?}")) }
        })
        .await
    }

    /// Waits until of all containers only so many run, and all are of this release, or of that which was there before.
    pub(super) async fn until_alone(&self, release: Option<&str>, count: usize) -> Vec<Seen> {
        let is_of = |seen: &&Seen| release.map_or(!seen.is_made, |release| seen.release == release);
        self.until_containers("one release alone to run", |seen| {
            let runs = |seen: &&Seen| seen.state == ContainerStateStatusEnum::RUNNING;
            let stopped = seen.iter().filter(|one| !runs(one)).all(|one| one.state == ContainerStateStatusEnum::EXITED);
            stopped && seen.iter().filter(runs).count() == count && seen.iter().filter(runs).all(|one| is_of(&one))
        })
        .await
    }
}

//! A canaryd that finds the containers of one service, `web`, on an Engine of the test's, and starts none.

use std::process::Command;

use bollard::models::{ContainerCreateBody, HostConfig, RestartPolicy, RestartPolicyNameEnum};
use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptions, StartContainerOptions, StopContainerOptions,
};
use canary_config::name::ReleaseId;
use canary_controller::api::{DockerHealth, ServiceStatus};
use tokio::task::spawn_blocking;

use crate::support::{Canaryd, Client, Dockerd, Site, Steady, until};

/// The keys of a service that finds out soon who is there and who is not.
pub(super) const PROBED: &str =
    r#"probe = { path = "/healthz", interval = "50ms", timeout = "2s", rise = 1, fall = 2 }"#;

/// What a file says of a service that is found on the Engine at this host, with these keys and this plan.
pub(super) fn found_at(host: &str, service: &str, plan: &str) -> String {
    format!(
        r#"
[docker]
host = "{host}"
[services.web]
rule = "PathPrefix(`/`)"
{service}
[services.web.rollout]
{plan}
"#
    )
}

/// A canaryd that only looks.
pub(super) struct Lookout {
    pub(super) site: Site,
    pub(super) canaryd: Canaryd,
}

// === impl Lookout ===

impl Lookout {
    /// Looks at the Engine at this host; the service has these keys, and the plan these.
    pub(super) async fn at(host: &str, service: &str, plan: &str) -> Self {
        let site = Site::new("").await;
        site.write(&format!("{}{}", site.daemon(), found_at(host, service, plan)));
        let canaryd = Canaryd::up(&site).await;
        Self { site, canaryd }
    }

    /// The same, once so many containers of stable can serve.
    pub(super) async fn at_ready(host: &str, plan: &str, ready: usize) -> Self {
        let lookout = Self::at(host, PROBED, plan).await;
        lookout.until_ready(ready).await;
        lookout
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn(&ServiceStatus) -> bool) -> ServiceStatus {
        self.canaryd.api.until(what, is_so).await
    }

    /// Waits until so many containers of stable can serve, and no more.
    pub(super) async fn until_ready(&self, ready: usize) -> ServiceStatus {
        let is_so = |status: &ServiceStatus| {
            status.tracks.first().is_some_and(|track| track.ready == ready && !status.stable.is_none())
        };
        self.until(&format!("{ready} of stable"), is_so).await
    }

    /// Waits until a container is seen in this state, and tells its release.
    pub(super) async fn until_seen(&self, name: &str, state: &str) -> ReleaseId {
        let is_it = |status: &ServiceStatus| {
            status
                .containers
                .iter()
                .find(|seen| seen.name == name && seen.state == state)
                .map(|seen| seen.release.clone())
        };
        let status = self.until(&format!("{name} to be {state}"), |status| is_it(status).is_some()).await;
        is_it(&status).expect("it was there")
    }

    /// How Docker is seen.
    pub(super) async fn docker(&self) -> DockerHealth {
        self.canaryd.api.overview().await.docker.expect("there is an Engine")
    }

    /// Waits until the Engine is seen, or is not.
    pub(super) async fn until_sight(&self, is_seen: bool) {
        until(&format!("sight of the Engine: {is_seen}"), async || {
            let docker = self.docker().await;
            if docker.trouble.is_none() == is_seen { Ok(()) } else { Err(format!("{docker:?}")) }
        })
        .await;
    }

    /// GETs from inside, 300 a second.
    pub(super) async fn load(&self) -> Steady {
        Steady::on(self.canaryd.web().await, u32::MAX)
    }

    /// Asks once: the status and the body.
    pub(super) async fn ask(&self) -> (u16, String) {
        let mut client = Client::tcp(self.canaryd.web().await).await.expect("a connection");
        let answer = client.get("/").await.expect("an answer");
        (answer.status, answer.text.trim_end().to_owned())
    }

    /// What `canaryctl` says.
    pub(super) async fn ctl(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
        command.args(words).env_clear().env("CANARYD_SOCKET", &self.site.socket);
        let output = spawn_blocking(move || command.output()).await.expect("no panic").expect("it can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

/// Makes a container one of the service.
pub(super) fn attached(body: &mut ContainerCreateBody) {
    labelled(body, "canary.service", "web");
}

pub(super) fn labelled(body: &mut ContainerCreateBody, key: &str, value: &str) {
    body.labels.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}

/// Makes it one that the Engine starts again whenever it ends.
pub(super) fn attached_for_ever(body: &mut ContainerCreateBody) {
    attached(body);
    let always = RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), ..RestartPolicy::default() };
    body.host_config.get_or_insert_with(HostConfig::default).restart_policy = Some(always);
}

/// `docker stop`.
pub(super) async fn stop(engine: &Dockerd, container: &str) {
    engine.docker.stop_container(container, None::<StopContainerOptions>).await.expect("it stops");
}

/// `docker kill`.
pub(super) async fn kill(engine: &Dockerd, container: &str) {
    engine.docker.kill_container(container, None::<KillContainerOptions>).await.expect("it is killed");
}

/// `docker start`.
pub(super) async fn start(engine: &Dockerd, container: &str) {
    engine.docker.start_container(container, None::<StartContainerOptions>).await.expect("it starts");
}

/// `docker rm --force`.
pub(super) async fn remove(engine: &Dockerd, container: &str) {
    let force = RemoveContainerOptions { force: true, ..RemoveContainerOptions::default() };
    engine.docker.remove_container(container, Some(force)).await.expect("it goes");
}

/// How many requests a container has answered, as it says itself.
pub(super) async fn served_by(container: std::net::SocketAddr) -> u64 {
    let mut client = Client::tcp(container).await.expect("a connection");
    let state = client.get("/state").await.expect("an answer").text;
    let state: serde_json::Value = serde_json::from_str(&state).expect("its state");
    state["served"].as_u64().expect("a number")
}

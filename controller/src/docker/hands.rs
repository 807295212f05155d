//! What does things to containers and to services of Swarm, beside the engine: it is told an act, and says how it went.

use std::path::PathBuf;

use bollard::models::ServiceSpec;
use canary_config::docker::{Docker, DockerHost};
use canary_config::name::ServiceName;
use tokio::sync::mpsc;

use crate::docker::clone::restart;
use crate::docker::desire::Act;
use crate::docker::host::{Host, HostError, Volumes};
use crate::docker::label::MANAGED;
use crate::docker::reference::Reference;
use crate::docker::registry::{Credentials, Registries};
use crate::docker::sighting::ContainerId;
use crate::docker::swarm::desire::{self as swarm, Kept};
use crate::docker::swarm::twin;

/// Does what it is told, each thing by itself. It repeats nothing.
#[derive(Clone, Debug)]
pub struct Hands {
    host: DockerHost,
    registry_auth_file: Option<PathBuf>,
    done: mpsc::UnboundedSender<Acted>,
}

/// What has been done, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// With a container.
    Container(ContainerActed),
    /// With a service of Swarm.
    Service(ServiceActed),
}

/// How an act went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerActed {
    /// With which container.
    pub container: ContainerId,
    /// What was to be done.
    pub act: Act,
    /// Why it was not done, in words.
    pub result: Result<(), String>,
}

/// The same for a service of Swarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceActed {
    /// For which service of canaryd.
    pub service: ServiceName,
    /// With which one of Swarm.
    pub name: Box<str>,
    /// What was to be done.
    pub act: swarm::Act,
    /// Why it was not done, in words.
    pub result: Result<(), String>,
}

// === impl Hands ===

impl Hands {
    /// Hands at this Engine, which report there.
    #[must_use]
    pub fn new(docker: &Docker, done: mpsc::UnboundedSender<Acted>) -> Self {
        Self { host: docker.host.clone(), registry_auth_file: docker.registry_auth_file.clone(), done }
    }

    /// Begins to do something with a container.
    pub fn order(&self, container: ContainerId, act: Act) {
        let Self { host, done, .. } = self.clone();
        tokio::spawn(async move {
            let result = obey(&host, &container, &act).await.map_err(|error| error.to_string());
            // An engine that has ended needs to know no more.
            let _ = done.send(Acted::Container(ContainerActed { container, act, result }));
        });
    }

    /// Begins to do something with a service of Swarm, for one of canaryd's.
    pub fn order_service(&self, service: ServiceName, name: Box<str>, act: swarm::Act) {
        let this = self.clone();
        tokio::spawn(async move {
            let result = this.obey_for(&service, &name, &act).await;
            let _ = this.done.send(Acted::Service(ServiceActed { service, name, act, result }));
        });
    }

    async fn obey_for(&self, service: &ServiceName, name: &str, act: &swarm::Act) -> Result<(), String> {
        let host = Host::connect(&self.host).await.map_err(|error| error.to_string())?;
        let result = match act {
            swarm::Act::Scale(tasks) => scale(&host, name, *tasks).await,
            swarm::Act::Rest => scale(&host, name, 0).await,
            swarm::Act::Remove => host.remove_service(name).await,
            swarm::Act::HandOver { to, kept } => {
                return self.hand_over(&host, service, name, (to, kept.as_ref())).await;
            }
        };
        result.map_err(|error| error.to_string())
    }

    /// Keeps what a first service is, and has it become what the second one is.
    async fn hand_over(
        &self,
        host: &Host,
        service: &ServiceName,
        first: &str,
        (second, kept): (&str, Option<&Kept>),
    ) -> Result<(), String> {
        let words = |error: HostError| error.to_string();
        let second = host.service(second).await.map_err(words)?.spec.unwrap_or_default();
        if let Some(Kept { name, release, deployment }) = kept {
            let (release, image, port) = (release.as_str(), None, None);
            // Both are made by the same canaryd.
            let owner = second.labels.as_ref().and_then(|labels| labels.get(MANAGED)).map_or("", String::as_str);
            let wish = twin::Wish { name, service, release, deployment, owner, image, port, env: &[] };
            let spec = host.service(first).await.map_err(words)?.spec.unwrap_or_default();
            host.create_service(twin::beside(&spec, &wish), None).await.map_err(words)?;
        }
        let credentials = self.credentials(&second).await?;
        let change = |first| twin::handed_over(&first, &second);
        host.change_service(first, credentials.as_ref(), change).await.map_err(words)
    }

    /// What the registry of a service's image asks for.
    async fn credentials(&self, spec: &ServiceSpec) -> Result<Option<Credentials>, String> {
        let container = spec.task_template.as_ref().and_then(|template| template.container_spec.as_ref());
        let image = container.and_then(|container| container.image.as_deref()).unwrap_or_default();
        let Ok(reference) = image.parse::<Reference>() else { return Ok(None) };
        let registries = Registries::load(self.registry_auth_file.as_deref()).map_err(|why| why.to_string())?;
        registries.credentials(reference.registry()).await.map_err(|why| why.to_string())
    }
}

async fn scale(host: &Host, service: &str, tasks: u64) -> Result<(), HostError> {
    let change = |mut spec: ServiceSpec| {
        spec.mode = Some(twin::replicated(tasks));
        spec
    };
    host.change_service(service, None, change).await
}

async fn obey(host: &DockerHost, container: &ContainerId, act: &Act) -> Result<(), HostError> {
    let host = Host::connect(host).await?;
    let id = container.as_str();
    match act {
        Act::Start => host.start(id).await,
        Act::Pause => host.pause(id).await,
        Act::Unpause => host.unpause(id).await,
        Act::Settle(policy) => host.set_restart(id, restart::read(policy).unwrap_or_else(restart::never)).await,
        Act::Retire { is_paused } => {
            host.set_restart(id, restart::never()).await?;
            if *is_paused {
                // What is frozen cannot be told to stop.
                host.unpause(id).await?;
            }
            host.stop(id).await
        }
        Act::Remove => host.remove(id, Volumes::Remove).await,
    }
}

//! Where a command is run: a container of its own, which is as another one is and is removed when the command has ended.

use std::time::{Duration, UNIX_EPOCH};

use bollard::models::ImageInspect;
use canary_config::docker::DockerHost;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::origin::{Aliases, AnonymousVolumes};
use canary_config::secret::Secret;

use crate::clock;
use crate::docker::clone::{Original, Place, Role, Task, Wish, clone};
use crate::docker::faithful::injected::Injected;
use crate::docker::host::{Host, HostError, TaskEnd, TaskReport};
use crate::docker::sighting::ContainerId;
use crate::hooks::{Check, Report, Turns, too_late};

/// Where a command is run.
#[derive(Clone, Debug)]
pub enum Room {
    /// Nowhere: there is no container that it could be copied from.
    None,
    /// In a copy of this container, of the same image.
    Like {
        /// At which Engine.
        docker: DockerHost,
        /// The container.
        container: ContainerId,
        /// Whose it is.
        service: ServiceName,
        /// Its release.
        release: ReleaseId,
    },
    /// In what was looked at before, such as a copy of stable of another image.
    Known(Host, Box<Model>),
}

/// What the container of a command is made from.
#[derive(Clone, Debug)]
pub struct Model {
    /// What is copied.
    pub original: Original,
    /// The image that the copy is of.
    pub image: ImageInspect,
    /// The same as containers are created from it: `name@sha256:...`, or an id.
    pub reference: String,
    /// The same as the operator named it.
    pub tag: String,
    /// The files that were put into the original, and are put into the copy, too.
    pub carried: Vec<String>,
    /// Variables that are set over those of the original.
    pub env: Vec<(String, Secret)>,
    /// For whom.
    pub service: ServiceName,
    /// For which release.
    pub release: ReleaseId,
    /// For which deployment, if it is one.
    pub deployment: String,
}

// === impl Room ===

impl Room {
    /// Runs a command to its end, with these variables.
    pub(super) async fn run(
        &self,
        command: &[String],
        env: &[(String, Secret)],
        check: Check,
        deadline: Duration,
        turns: &Turns,
    ) -> Report {
        let run = async {
            match self {
                Self::None => Ok(None),
                Self::Known(host, model) => model.run(host, command, env, check, deadline, turns).await.map(Some),
                Self::Like { docker, container, service, release } => {
                    let host = Host::connect(docker).await?;
                    let model = Model::of(&host, container, service.clone(), release.clone()).await?;
                    model.run(&host, command, env, check, deadline, turns).await.map(Some)
                }
            }
        };
        // What an Engine is asked takes much room, and whoever waits for a webhook needs none of it.
        match Box::pin(run).await {
            Ok(Some(report)) => of_task(report, deadline),
            Ok(None) => Report::failed("there is no container of the release to run it in the like of", Vec::new()),
            Err(error) => Report::failed(error.to_string(), Vec::new()),
        }
    }
}

// === impl Model ===

impl Model {
    /// What there is to know of a container and its image.
    async fn of(
        host: &Host,
        container: &ContainerId,
        service: ServiceName,
        release: ReleaseId,
    ) -> Result<Self, HostError> {
        let container = host.inspect(container.as_str()).await?;
        let reference = container.image.clone().unwrap_or_default();
        let tag = container.config.as_ref().and_then(|config| config.image.clone()).unwrap_or_default();
        let image = host.image(&reference).await?.unwrap_or_default();
        // What Compose has written into a container belongs to its release, and this is the same one.
        let Injected { carried, foreign, .. } = host.injected(&container).await?;
        let carried = [carried, foreign].concat();
        let original = Original { container, image: image.clone() };
        let (env, deployment) = (Vec::new(), String::new());
        Ok(Self { original, image, reference, tag, carried, env, service, release, deployment })
    }

    async fn run(
        &self,
        host: &Host,
        command: &[String],
        env: &[(String, Secret)],
        check: Check,
        deadline: Duration,
        turns: &Turns,
    ) -> Result<TaskReport, HostError> {
        let _turn = turns.take(host, &self.service, check.label()).await?;
        let today = clock::today();
        // What is left of one after a crash must not be in the way of the next.
        let moment = today.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let name = format!("{}-{}-{moment:x}", self.service, check.label());
        let wish = Wish {
            image: &self.reference,
            tag: &self.tag,
            name: &name,
            service: &self.service,
            release: self.release.as_str(),
            deployment: &self.deployment,
            owner: turns.owner().as_str(),
            carried: &self.carried,
            env: &[&self.env, env].concat(),
            role: Role::Task(Task { command, check: check.label(), until: today + deadline }),
            aliases: Aliases::OnPromote,
            volumes: AnonymousVolumes::Fresh,
            place: Place::Beside,
        };
        host.run(&clone(&self.original, &self.image, &wish, host.api()), deadline).await
    }
}

fn of_task(TaskReport { end, logs }: TaskReport, deadline: Duration) -> Report {
    match end {
        TaskEnd::OutOfTime => Report::failed(format!("{}, and was killed", too_late(deadline)), logs),
        TaskEnd::Exited(ending) if ending.exit_code == 0 && ending.error.is_none() => Report::passed(logs),
        TaskEnd::Exited(ending) => {
            let killed = if ending.out_of_memory { ", killed for its memory" } else { "" };
            let error = ending.error.map(|error| format!(": {error}")).unwrap_or_default();
            Report::failed(format!("it ended with code {}{killed}{error}", ending.exit_code), logs)
        }
    }
}

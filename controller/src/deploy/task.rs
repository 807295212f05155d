//! One deployment under way, from its beginning with the engine to that of its rollout.
//!
//! Whatever becomes of it, what it has made is started by the engine alone, and only when its rollout says so. If it
//! comes to nothing, it removes what it has made; should it be killed first, the engine does by what is on the shelf.

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, ImageInspect};
use canary_config::name::ServiceName;
use tokio::sync::watch;

use crate::api::{AWAITS_COMPOSE, Problem};
use crate::deploy::awaited::Word;
use crate::deploy::facts::{Facts, Found};
use crate::deploy::hooks::Hooks;
use crate::deploy::preflight::architecture;
use crate::deploy::{Wanted, gather};
use crate::docker::clone::{self, Wish, labels};
use crate::docker::host::{Host, Volumes};
use crate::engine::{Author, Begun, DeployWord, EngineHandle, Input, Order, StartOrder};
use crate::rollout::Again;

/// A deployment.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) engine: EngineHandle,
    pub(super) deployment: String,
    pub(super) wanted: Wanted,
    /// What is known of each service that gets new containers.
    pub(super) facts: Vec<Facts>,
    pub(super) author: Author,
    /// What it waits for, if Compose makes its containers.
    pub(super) word: Option<Word>,
}

// === impl Task ===

impl Task {
    /// Brings it to its end, and tells the engine.
    pub(super) async fn run(mut self, Begun { stored, mut cancelled }: Begun) {
        let work = async {
            if !stored.await.unwrap_or_default() {
                return Err("it could not be stored, so nothing was made".to_owned());
            }
            self.make().await
        };
        let result = tokio::select! {
            result = work => result,
            () = call(&mut cancelled) => Err("an operator has called it off".to_owned()),
        };
        if result.is_err() {
            self.clear_away().await;
        }
        let deployment = self.deployment.into();
        self.engine.tell(Input::Deployment(DeployWord::End { deployment, result })).await;
    }

    async fn make(&mut self) -> Result<(), String> {
        let mut word = self.word.take();
        let mut made = Vec::new();
        for facts in &self.facts {
            let (host, found) = (self.host(facts).await?, facts.found.as_ref().map_err(Clone::clone)?);
            self.turn(format!("pulling {}", facts.asked)).await;
            let image = pull(&host, facts, found).await?;
            made.push((host, facts, found, image));
        }
        for (host, facts, found, image) in &made {
            let (deployment, env) = (self.deployment.as_str(), self.wanted.env.as_slice());
            let hooks = Hooks { facts, found, host, image, deployment, env };
            self.turn("running pre_deploy".to_owned()).await;
            hooks.pre_deploy().await?;
            self.turn("testing stable".to_owned()).await;
            hooks.smoke_stable().await?;
        }
        for (host, facts, found, image) in &made {
            if let Some(word) = &mut word {
                self.turn(AWAITS_COMPOSE.to_owned()).await;
                word.come().await?;
                self.look_at(host, facts, image).await?;
                continue;
            }
            for number in 1..=facts.instances {
                self.turn(format!("creating container {number} of {}", facts.instances)).await;
                self.create(host, facts, found, image, number).await?;
            }
        }
        self.turn("beginning the rollout".to_owned()).await;
        self.start().await.map_err(|problem| problem.message)
    }

    async fn create(
        &self,
        host: &Host,
        facts: &Facts,
        found: &Found,
        image: &ImageInspect,
        number: usize,
    ) -> Result<(), String> {
        let resolved = found.resolved.as_ref().map_err(Clone::clone)?;
        let release = facts.release.as_ref().ok_or("its release has no name")?;
        let service = &facts.subject.service.name;
        let name = format!("{service}-{release}-{}-{number}", self.deployment);
        let wish = Wish {
            image: &resolved.image,
            name: &name,
            carried: &found.injected.carried,
            env: &self.wanted.env,
            ..facts.wish(release.as_str(), &self.deployment)
        };
        let copy = clone::clone(&found.original, image, &wish, host.api());
        host.create(&copy).await.map(drop).map_err(|error| error.to_string())
    }

    /// Looks whether Compose has made what was asked for, where we look.
    async fn look_at(&self, host: &Host, facts: &Facts, image: &ImageInspect) -> Result<(), String> {
        let made = host.managed().await.map_err(|error| error.to_string())?;
        let own: Vec<_> = made.iter().filter(|one| is_of(one, &self.deployment)).collect();
        let (found, wanted) = (own.len(), facts.instances);
        if found != wanted {
            let remedy = "see that canaryctl's DOCKER_HOST is the Engine of canaryd";
            return Err(format!("Compose has made {found} of {wanted} containers; {remedy}"));
        }
        match own.iter().find(|one| one.image_id != image.id) {
            None => Ok(()),
            Some(other) => {
                let name = other.names.iter().flatten().next().map_or("", |name| name.trim_start_matches('/'));
                Err(format!("{name} is made of another image than {}; deploy it again", facts.asked))
            }
        }
    }

    /// Begins the rollout of what was made, as one.
    async fn start(&self) -> Result<(), Problem> {
        let releases = |facts: &Facts| Some((facts.subject.service.name.clone(), facts.release.clone()?));
        let mut releases = self.facts.iter().filter_map(releases);
        let Some((service, release)): Option<(ServiceName, _)> = releases.next() else { return Ok(()) };
        let again = if self.wanted.force { Again::Force } else { Again::Refuse };
        let Wanted { strategy, on_busy, .. } = self.wanted;
        let order = Order::Start(StartOrder { release, peers: releases.collect(), again, on_busy, strategy });
        let author = self.author.clone();
        let order = |reply| Input::Order { service, order, generation: None, author, key: None, reply };
        self.engine.ask(order).await?.map(drop)
    }

    /// Removes what was made and has never run.
    async fn clear_away(&self) {
        for facts in self.facts.iter().take(1) {
            let Ok(host) = self.host(facts).await else { return };
            let made = host.managed().await.unwrap_or_default();
            let own = made.into_iter().filter(|one| is_of(one, &self.deployment) && !has_run(one));
            for id in own.filter_map(|one| one.id) {
                if let Err(error) = host.remove(&id, Volumes::Remove).await {
                    tracing::warn!(container = id, %error, "what a deployment has made is left to the engine");
                }
            }
        }
    }

    async fn host(&self, facts: &Facts) -> Result<Host, String> {
        Host::connect(&(&facts.subject.docker.host).into()).await.map_err(|error| error.to_string())
    }

    async fn turn(&self, stage: String) {
        let deployment = self.deployment.clone().into();
        self.engine.tell(Input::Deployment(DeployWord::Turn { deployment, stage })).await;
    }
}

/// Brings the image to the machine.
async fn pull(host: &Host, facts: &Facts, found: &Found) -> Result<ImageInspect, String> {
    let resolved = found.resolved.as_ref().map_err(Clone::clone)?;
    let reference = found.reference.as_ref().map_err(Clone::clone)?;
    let credentials = async || gather::credentials(&facts.subject, reference).await;
    let image = host.pull(&resolved.image, credentials, |_| {}).await.map_err(|error| error.to_string())?;
    // What was not on the machine could not be looked at before.
    let hosts = found.capacity.as_ref().map(|capacity| capacity.architecture.as_str()).unwrap_or_default();
    match architecture::mismatch(&image, hosts) {
        Some((what, remedy)) => Err(format!("{what}; {remedy}")),
        None => Ok(image),
    }
}

/// Whether a container was made for a deployment.
fn is_of(container: &ContainerSummary, deployment: &str) -> bool {
    let label = container.labels.as_ref().and_then(|labels| labels.get(labels::DEPLOYMENT));
    label.is_some_and(|label| label == deployment)
}

/// Whether somebody has started it.
fn has_run(container: &ContainerSummary) -> bool {
    container.state != Some(ContainerSummaryStateEnum::CREATED)
}

/// Waits until an operator calls it off.
async fn call(cancelled: &mut watch::Receiver<bool>) {
    if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
        // An engine that has ended calls nothing off.
        std::future::pending::<()>().await;
    }
}

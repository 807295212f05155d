//! One deployment under way, from its beginning with the engine to that of its rollout.
//!
//! Whatever becomes of it, what it has made is started by the engine alone, and only when its rollout says so. If it
//! comes to nothing, it removes what it has made; should it be killed first, the engine does by what is on the shelf.

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, ImageInspect};
use canary_config::name::ServiceName;
use tokio::sync::watch;

use crate::api::{AWAITS_COMPOSE, Problem};
use crate::deploy::awaited::Word;
use crate::deploy::facts::{Facts, Found, Maker, Model, Served};
use crate::deploy::hooks::{Hooks, Like, UnderWay};
use crate::deploy::preflight::architecture;
use crate::deploy::{Wanted, gather};
use crate::docker::clone::{self, Wish, labels};
use crate::docker::faithful;
use crate::docker::host::{Host, Volumes};
use crate::docker::sighting::ContainerId;
use crate::docker::swarm::twin::{self, Twin};
use crate::engine::{Author, Begun, DeployWord, EngineHandle, Input, Order, StartOrder};
use crate::hooks::Turns;
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

/// What a release is made from.
enum Mould<'a> {
    /// This container, with an image that is on the machine.
    Container(&'a Found, Box<ImageInspect>),
    /// This service of Swarm.
    Service(&'a Served),
}

// === impl Task ===

impl Task {
    /// Brings it to its end, and tells the engine.
    pub(super) async fn run(mut self, Begun { stored, mut cancelled, turns }: Begun) {
        let mut under_way = UnderWay::default();
        let refusal = self.word.as_ref().map(Word::refusal);
        let work = async {
            if !stored.await.unwrap_or_default() {
                return Err("it could not be stored, so nothing was made".to_owned());
            }
            self.make(&turns, &mut under_way).await
        };
        let result = tokio::select! {
            result = work => result,
            () = call(&mut cancelled) => Err("an operator has called it off".to_owned()),
            why = said(refusal) => Err(why),
        };
        if !under_way.is_empty() {
            self.turn("waiting for pre_deploy".to_owned()).await;
            under_way.end().await;
        }
        if result.is_err() {
            self.clear_away().await;
        }
        let deployment = self.deployment.into();
        self.engine.tell(Input::Deployment(DeployWord::End { deployment, result })).await;
    }

    async fn make(&mut self, turns: &Turns, under_way: &mut UnderWay) -> Result<(), String> {
        let mut word = self.word.take();
        let mut made = Vec::new();
        for facts in &self.facts {
            let host = self.host(facts).await?;
            let mould = match facts.found.as_ref().map_err(Clone::clone)? {
                // Its nodes pull what they need.
                Model::Service(served) => Mould::Service(served),
                Model::Container(found) => {
                    self.turn(format!("pulling {}", facts.asked)).await;
                    Mould::Container(found, Box::new(pull(&host, facts, found).await?))
                }
            };
            made.push((host, facts, mould));
        }
        for (host, facts, mould) in &made {
            let (deployment, env) = (self.deployment.as_str(), self.wanted.env.as_slice());
            let first = match mould {
                Mould::Container(_, image) if facts.maker.has_to_wait() => {
                    Some(self.composed(&mut word, (host, facts, image)).await?)
                }
                Mould::Container(..) | Mould::Service(_) => None,
            };
            let like = match mould {
                Mould::Container(found, image) => {
                    Some(Like { found, host, image, made: first.as_ref(), deployment, env })
                }
                Mould::Service(_) => None,
            };
            let hooks = Hooks { facts, turns, like };
            self.turn("running pre_deploy".to_owned()).await;
            hooks.pre_deploy(under_way).await?;
            self.turn("testing stable".to_owned()).await;
            hooks.smoke_stable(under_way).await?;
        }
        for (host, facts, mould) in &made {
            match (mould, &facts.maker) {
                (Mould::Service(served), _) => self.create_service(host, facts, served).await?,
                (Mould::Container(_, image), Maker::Compose { is_started: true, .. }) => {
                    drop(self.composed(&mut word, (host, facts, image)).await?);
                }
                (Mould::Container(..), Maker::Compose { is_started: false, .. }) => {}
                (Mould::Container(found, image), Maker::Copy) => {
                    for number in 1..=facts.instances {
                        self.turn(format!("creating container {number} of {}", facts.instances)).await;
                        self.create(host, facts, found, image, number).await?;
                    }
                }
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

    /// Makes a service of Swarm beside stable's. The engine gives it its tasks.
    async fn create_service(&self, host: &Host, facts: &Facts, served: &Served) -> Result<(), String> {
        let release = facts.release.as_ref().ok_or("its release has no name")?.as_str();
        let (first, image) = (served.first.name.as_deref().unwrap_or_default(), served.pinned()?);
        let twin = Twin::beside(first, release, &self.deployment, facts.instances);
        self.turn(format!("creating the service {}", twin.name)).await;
        let spec = twin::beside(
            &served.first,
            &twin::Wish {
                name: &twin.name,
                service: &facts.subject.service.name,
                release,
                deployment: &self.deployment,
                owner: facts.subject.owner.as_str(),
                image: Some(&image),
                port: served.port,
                env: &self.wanted.env,
            },
        );
        let reference = served.reference.as_ref().map_err(Clone::clone)?;
        let credentials = gather::credentials(&facts.subject, reference).await.map_err(|error| error.to_string())?;
        host.create_service(spec, credentials.as_ref()).await.map_err(|error| error.to_string())
    }

    /// Waits until Compose has made what was asked for, and looks at it. The answer is one of its containers.
    async fn composed(
        &self,
        word: &mut Option<Word>,
        (host, facts, image): (&Host, &Facts, &ImageInspect),
    ) -> Result<ContainerId, String> {
        self.turn(AWAITS_COMPOSE.to_owned()).await;
        word.as_mut().ok_or("it is not known what Compose is to make")?.come().await?;
        self.look_at(host, facts, image).await
    }

    /// Looks whether Compose has made what was asked for, where we look, and nothing that the operator forbids.
    async fn look_at(&self, host: &Host, facts: &Facts, image: &ImageInspect) -> Result<ContainerId, String> {
        let made = host.managed().await.map_err(|error| error.to_string())?;
        let own: Vec<_> = made.iter().filter(|one| is_of(one, &self.deployment)).collect();
        let (found, wanted) = (own.len(), facts.instances);
        let first = own.first().and_then(|one| one.id.as_deref()).filter(|_| found == wanted).ok_or_else(|| {
            let remedy = "see that canaryctl's DOCKER_HOST is the Engine of canaryd";
            format!("Compose has made {found} of {wanted} containers; {remedy}")
        })?;
        if let Some(other) = own.iter().find(|one| one.image_id != image.id) {
            let name = other.names.iter().flatten().next().map_or("", |name| name.trim_start_matches('/'));
            return Err(format!("{name} is made of another image than {}; deploy it again", facts.asked));
        }
        // All are made by one file.
        let inspected = host.inspect(first).await.map_err(|error| error.to_string())?;
        let report = faithful::look_at(&inspected, facts.terms());
        for warning in &report.warnings {
            tracing::warn!(service = %facts.subject.service.name, %warning, "what Compose has made");
        }
        match report.refusals.first() {
            None => Ok(ContainerId::new(first)),
            Some(refusal) => Err(format!("what Compose has made may not serve: {refusal}")),
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

    /// Removes what was made and has never run. A service of Swarm is the engine's to remove, by what is on the shelf.
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
        Host::connect(&facts.subject.docker.host).await.map_err(|error| error.to_string())
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
    let image = host.pull(&resolved.image, credentials).await.map_err(|error| error.to_string())?;
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

/// Waits until it is said that Compose will make nothing.
async fn said(refusal: Option<impl Future<Output = String>>) -> String {
    match refusal {
        Some(refusal) => refusal.await,
        None => std::future::pending().await,
    }
}

/// Waits until an operator calls it off.
async fn call(cancelled: &mut watch::Receiver<bool>) {
    if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
        // An engine that has ended calls nothing off.
        std::future::pending::<()>().await;
    }
}

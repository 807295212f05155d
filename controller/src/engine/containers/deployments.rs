//! Deployments: what a new release's containers are made beside the engine, and what it has to know of it.
//!
//! A deployment asks what it is to copy, reserves its services, has its releases put on their shelves before their first
//! container is made, and then orders a start like any operator. Whatever becomes of it, its services are free again
//! when it ends, and what it has left behind is cleared away by what the shelf says.

mod cancel;
mod reserve;

use std::time::{Duration, Instant};

use canary_config::docker::Docker;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::OnBusy;
use canary_config::service::Service;
use tokio::sync::{oneshot, watch};

use crate::api::{DeploymentStatus, Problem};
use crate::clock;
use crate::docker::owner::Owner;
use crate::docker::shelf::Shelved;
use crate::docker::sighting::{Sighting, SwarmOrigin};
use crate::engine::managed::Managed;
use crate::engine::{Engine, refused};
use crate::hooks::Turns;
use crate::rollout::{Phase, Raises, Rollout};
use crate::store::{Record, Seed};

/// What a deployment had asked for when it was called off is made within this time, or never.
const MAKING_MAX: Duration = Duration::from_secs(60);

/// What a deployment says to the engine.
#[derive(Debug)]
pub enum DeployWord {
    /// It wants to know what these services are.
    Ask {
        /// Which services.
        services: Vec<ServiceName>,
        /// What is to become of their rollout while another one is under way; as the plan says, if nothing is said.
        on_busy: Option<OnBusy>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Vec<Subject>, Problem>>,
    },
    /// It begins, and is the only one of its services until it ends.
    Begin {
        /// Its name, unlike any other.
        deployment: Box<str>,
        /// What it brings.
        parts: Vec<Part>,
        /// What is to become of its rollout while another one is under way; as the plan says, if nothing is said.
        on_busy: Option<OnBusy>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Begun, Problem>>,
    },
    /// It is about something else now.
    Turn {
        /// Which deployment.
        deployment: Box<str>,
        /// About what, in words.
        stage: String,
    },
    /// It is over.
    End {
        /// Which deployment.
        deployment: Box<str>,
        /// Why it came to nothing.
        result: Result<(), String>,
    },
}

/// A deployment that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Says when its releases are on their shelves, durably.
    pub stored: oneshot::Receiver<bool>,
    /// Says that an operator has called it off.
    pub cancelled: watch::Receiver<bool>,
    /// Whose turn it is to run a command.
    pub turns: Turns,
}

/// A service that is to be deployed, as it is now.
#[derive(Clone, Debug)]
pub struct Subject {
    /// As it is declared.
    pub service: Service,
    /// The Engine that it is on.
    pub docker: Docker,
    /// Its rollout.
    pub rollout: Rollout,
    /// What is stable.
    pub stable: ReleaseId,
    /// The containers of the service, whatever their state and release.
    pub containers: Vec<Sighting>,
    /// Those of stable that pass their probes.
    pub ready: usize,
    /// The secret of the store, from which names of releases are derived.
    pub seed: Seed,
    /// By what canaryd knows the containers that it makes.
    pub owner: Owner,
    /// What stands in the way of a rollout now, in words.
    pub hindrance: Option<String>,
    /// The service of Swarm that still serves in the place of the one that it was made beside.
    pub second: Option<Box<str>>,
}

/// What a deployment brings to one service.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which service.
    pub service: ServiceName,
    /// The new release.
    pub release: ReleaseId,
    /// Its image as it was asked for.
    pub image: String,
    /// What its instances are.
    pub stock: Stock,
    /// How many instances it is to have.
    pub instances: usize,
}

/// What the instances of a release are.
#[derive(Clone, Debug)]
pub enum Stock {
    /// Containers.
    Containers {
        /// Their restart policy once the release is stable.
        restart: String,
    },
    /// The tasks of a service of Swarm.
    Tasks {
        /// The service that it is made beside.
        beside: Box<str>,
    },
}

/// A deployment of a service that is under way, or was the last.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Deployment {
    id: Box<str>,
    part: Part,
    stage: String,
    since: Instant,
    end: Option<Result<(), String>>,
    /// What was on the shelf of the same release before. It is put back if this comes to nothing.
    replaced: Option<Shelved>,
    cancel: watch::Sender<bool>,
}

// === impl Engine ===

impl Engine {
    pub(in crate::engine) fn note_deployment(&mut self, word: DeployWord) {
        match word {
            DeployWord::Ask { services, on_busy, reply } => {
                let on_busy = on_busy.or_else(|| (services.len() > 1).then_some(OnBusy::Reject));
                let subjects = services.iter().map(|service| self.subject(service, on_busy)).collect();
                // Whoever asked may have gone away.
                let _ = reply.send(subjects);
            }
            DeployWord::Begin { deployment, parts, on_busy, reply } => {
                let on_busy = on_busy.or_else(|| (parts.len() > 1).then_some(OnBusy::Reject));
                let begun = self.begin_deployment(&deployment, parts, on_busy);
                let _ = reply.send(begun);
            }
            DeployWord::Turn { deployment, stage } => {
                for managed in self.services.values_mut() {
                    if let Some(own) = managed.deployment.as_mut().filter(|own| own.id == deployment) {
                        tracing::info!(service = %managed.declared.name, stage, "deployment");
                        (own.stage, own.since) = (stage.clone(), clock::now());
                    }
                }
            }
            DeployWord::End { deployment, result } => {
                for managed in self.services.values_mut() {
                    if let Some(own) = managed.deployment.as_mut().filter(|own| own.id == deployment) {
                        if let Err(why) = &result {
                            tracing::warn!(service = %managed.declared.name, why, "the deployment came to nothing");
                        }
                        (own.end, own.since) = (Some(result.clone()), clock::now());
                        if let (Err(_), Some(replaced)) = (&result, own.replaced.take()) {
                            managed.shelf.put(replaced);
                        }
                    }
                }
                self.tend_shelves();
            }
        }
    }

    fn subject(&self, service: &ServiceName, on_busy: Option<OnBusy>) -> Result<Subject, Problem> {
        let managed = self.managed(service)?;
        if managed.declared.origin.discovered().is_none() {
            let remedy = "begin a rollout of one with `start`";
            return Err(refused(format!("services.{service}: its releases are declared in the file; {remedy}")));
        }
        Ok(Subject {
            service: managed.declared.clone(),
            docker: self.config.docker.clone().unwrap_or_default(),
            rollout: managed.rollout.clone(),
            stable: managed.rollout.stable().clone(),
            containers: managed.containers.clone(),
            ready: managed.pools.count(managed.rollout.stable()).0,
            seed: managed.seed.clone(),
            owner: managed.owner.clone(),
            hindrance: self.hindrance(managed, on_busy),
            second: managed.second_of_stable(),
        })
    }

    /// What stands in the way of a rollout now.
    fn hindrance(&self, managed: &Managed, on_busy: Option<OnBusy>) -> Option<String> {
        let service = &managed.declared.name;
        if let Some(trouble) = &self.sightings.trouble {
            return Some(trouble.clone());
        }
        if let Some(deployment) = managed.present_deployment() {
            let remedy = "wait for its end, or `abort` it";
            return Some(format!("{} is being deployed already; {remedy}", deployment.part.image));
        }
        let is_in_the_way = on_busy.unwrap_or(managed.declared.plan.on_busy) == OnBusy::Reject;
        if let Some(canary) = managed.rollout.canary().filter(|_| is_in_the_way) {
            let phase = managed.rollout.phase().name().label();
            return Some(format!("a rollout of {canary} is {phase}; abort it, or wait for its end"));
        }
        let frozen = || "nothing may be started now; see `status`".to_owned();
        let is_frozen = self.raises(std::slice::from_ref(service)) == Raises::Frozen;
        let why = || self.frozen_in_words(service).or_else(|| self.parked_in_words(service)).unwrap_or_else(frozen);
        is_frozen.then(why)
    }

    fn begin_deployment(&mut self, id: &str, parts: Vec<Part>, on_busy: Option<OnBusy>) -> Result<Begun, Problem> {
        self.stopping()?;
        self.takes_changes()?;
        if self.hands.is_none() {
            let remedy = "write mode = \"provision\" in [docker], and restart canaryd";
            return Err(refused(format!("docker.mode: canaryd only looks at containers; {remedy}")));
        }
        for part in &parts {
            if let Some(hindrance) = self.hindrance(self.managed(&part.service)?, on_busy) {
                return Err(refused(hindrance));
            }
            self.managed(&part.service)?.lets_in(&part.release)?;
        }
        let mut papers = Vec::new();
        let (cancel, cancelled) = watch::channel(false);
        for part in parts {
            let service = part.service.clone();
            let Some(managed) = self.services.get_mut(&service) else { continue };
            managed.reserve(id, part, cancel.clone());
            papers.extend(managed.shelf_paper());
        }
        let (sender, stored) = oneshot::channel();
        self.save(Record { papers, ..Record::default() }, Some(sender), Vec::new());
        Ok(Begun { stored, cancelled, turns: self.runner.turns().clone() })
    }
}

// === impl Subject ===

impl Subject {
    /// Where Swarm has the containers of stable from, if it has.
    pub(crate) fn swarm(&self) -> Option<&SwarmOrigin> {
        self.containers.iter().filter(|one| one.release == self.stable).find_map(|one| one.swarm.as_ref())
    }
}

// === impl Managed ===

impl Managed {
    /// Whether a release may be deployed: one that has a part would lose the containers that it has.
    fn lets_in(&self, release: &ReleaseId) -> Result<(), Problem> {
        let (service, rollout) = (&self.declared.name, &self.rollout);
        let mut waiting = rollout.queue().iter().map(|start| &start.trial.canary);
        let has_part = rollout.stable() == release || rollout.canary() == Some(release);
        if has_part || waiting.any(|waits| waits == release) {
            let message = format!("{service}: {release} is stable, on trial or waiting already; see `status`");
            return Err(refused(message));
        }
        Ok(())
    }

    /// The deployment that is under way.
    fn present_deployment(&self) -> Option<&Deployment> {
        self.deployment.as_ref().filter(|deployment| deployment.end.is_none())
    }

    /// The release that is being deployed now.
    pub(in crate::engine) fn deploying(&self) -> Option<&ReleaseId> {
        self.present_deployment().map(|own| &own.part.release)
    }

    /// How many instances a release has, or is about to have: containers that are being made for it, and those on the
    /// shelf that are started when its turn comes.
    pub(in crate::engine) fn instances_of(&self, release: &ReleaseId) -> usize {
        // Those that have been made may not all have been seen when the rollout begins.
        let may_come = |own: &&Deployment| match own.end {
            None => true,
            Some(Ok(())) => matches!(self.rollout.phase(), Phase::Preparing { .. } | Phase::Draining { .. }),
            Some(Err(_)) => false,
        };
        let to_come = self.deployment.as_ref().filter(|own| own.part.release == *release).filter(may_come);
        let to_come = to_come.map_or(0, |deployment| deployment.part.instances);
        let shelved = self.shelf.get(release);
        let tasks = shelved.and_then(|shelved| shelved.twin.as_ref()).map_or(0, |twin| twin.tasks);
        let tasks = usize::try_from(tasks).unwrap_or(usize::MAX);
        let owned = self.containers.iter().filter(|container| shelved.is_some_and(|shelved| shelved.owns(container)));
        self.roster.members(release).len().max(to_come).max(tasks).max(owned.count())
    }

    /// Whether the deployment of what is on the shelf has failed so lately that what it asked for may yet be made.
    pub(super) fn may_yet_make(&self, shelved: &Shelved) -> bool {
        let own = self.deployment.as_ref().filter(|own| Some(&own.id) == shelved.deployment.as_ref());
        let failed = own.filter(|own| matches!(own.end, Some(Err(_))));
        failed.is_some_and(|own| clock::now().saturating_duration_since(own.since) < MAKING_MAX)
    }

    /// What an operator is shown of it.
    pub(in crate::engine) fn deployment_status(&self, now: Instant) -> Option<DeploymentStatus> {
        let Deployment { id, part, stage, since, end, .. } = self.deployment.as_ref()?;
        let since_ms = u64::try_from(now.saturating_duration_since(*since).as_millis()).unwrap_or(u64::MAX);
        Some(DeploymentStatus {
            id: id.to_string(),
            release: part.release.clone(),
            image: part.image.clone(),
            stage: match end {
                None => stage.clone(),
                Some(Ok(())) => "done".to_owned(),
                Some(Err(_)) => "failed".to_owned(),
            },
            in_stage_ms: since_ms,
            failure: end.as_ref().and_then(|end| end.clone().err()),
        })
    }
}

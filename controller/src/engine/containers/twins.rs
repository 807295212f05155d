//! The services of Swarm that are canaryd's to make, change and remove: what each should be is looked at again and again,
//! and what has to be done for it is done beside the engine.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::clock;
use crate::docker::hands::ServiceActed;
use crate::docker::shelf::Shelved;
use crate::docker::sighting::{Sighting, SwarmService};
use crate::docker::swarm::desire::{Act, Muster, twin_of};
use crate::docker::swarm::twin::Twin;
use crate::engine::Engine;
use crate::engine::containers::{Doings, Roster};
use crate::engine::managed::Managed;

/// The services of Swarm that are of one of canaryd's.
#[derive(Debug, Default)]
pub(in crate::engine) struct Twins {
    services: Vec<SwarmService>,
    doings: Doings<Box<str>>,
    /// Those whose tasks get no request any more, as they leave.
    withdrawn: BTreeSet<Box<str>>,
}

// === impl Engine ===

impl Engine {
    /// Looks at what services of Swarm should be, and has done what has to be.
    pub(super) fn tend_twins(&mut self) {
        let Some(hands) = self.hands.clone().filter(|_| self.sightings.trouble.is_none()) else { return };
        let now = clock::now();
        let kept = self.releases_kept();
        let (mut due, mut changed) = (Vec::new(), Vec::new());
        for (service, managed) in self.services.iter_mut() {
            let acts = managed.twin_acts(kept);
            if managed.withdraw(&acts) {
                changed.push(service.clone());
            }
            due.extend(managed.due_twin_acts(acts, now).into_iter().map(|(name, act)| (service.clone(), name, act)));
        }
        if !changed.is_empty() {
            self.publish(&changed);
        }
        for (service, name, act) in due {
            tracing::info!(%service, name, ?act, "service of Swarm");
            hands.order_service(service, name, act);
        }
    }

    /// What was to be done with a service of Swarm is done, or is not.
    pub(in crate::engine) fn note_service_acted(&mut self, ServiceActed { service, name, act, result }: ServiceActed) {
        let Some(managed) = self.services.get_mut(&service) else { return };
        managed.note_twin_acted(name, &act, result);
        let paper = managed.shelf_paper();
        self.keep_shelves(paper.into_iter().collect());
        self.tend_shelves();
    }
}

// === impl Managed ===

impl Managed {
    /// Puts stable on the shelf with what it becomes when the service that has its tasks is another release.
    pub(super) fn twin_stable(&mut self, deployment: &str, first: &str, tasks: usize) {
        let stable = self.rollout.stable().clone();
        let image = self.containers.iter().find(|one| one.release == stable).map(|one| one.image.to_string());
        let twin = Twin::beside(first, stable.as_str(), deployment, tasks);
        let known = self.shelf.get(&stable).map(|shelved| shelved.image.clone());
        let image = known.or(image).unwrap_or_default();
        self.shelf.put(Shelved::of_twin(stable, image, deployment.into(), twin));
    }

    /// The second service that still serves for stable.
    pub(super) fn second_of_stable(&self) -> Option<Box<str>> {
        let stable = self.rollout.stable();
        let mut own = self.twins.services.iter().filter(|one| one.release == *stable && one.managed.is_some());
        own.next().map(|one| one.name.clone())
    }

    fn twin_acts(&self, kept: usize) -> Vec<(Box<str>, Act)> {
        let services = &self.twins.services;
        let whole = services.iter().filter(|one| self.is_whole(one)).map(|one| &*one.name).collect();
        Muster { services, whole }.acts(&self.stand(kept), &self.shelf)
    }

    /// Whether all tasks of a service of Swarm are of its release, and ready.
    fn is_whole(&self, service: &SwarmService) -> bool {
        let is_its = |one: &&Sighting| one.release == service.release && is_task_of(one, &service.name);
        let ready = self.containers.iter().filter(is_its).filter(|one| self.pools.is_up(&one.container)).count();
        service.tasks > 0 && u64::try_from(ready).is_ok_and(|ready| ready >= service.tasks)
    }

    /// Sends nothing more to tasks that leave. Whether that is another thing than before.
    fn withdraw(&mut self, acts: &[(Box<str>, Act)]) -> bool {
        let leaving = acts.iter().filter(|(_, act)| act.is_leave()).map(|(name, _)| name.clone()).collect();
        if self.twins.withdrawn == leaving {
            return false;
        }
        self.twins.withdrawn = leaving;
        self.roster = Roster::of_containers(self.containers.iter().filter(|one| !self.twins.is_withdrawn(one)));
        true
    }

    /// What is not under way yet, and may be done now.
    fn due_twin_acts(&mut self, acts: Vec<(Box<str>, Act)>, now: Instant) -> Vec<(Box<str>, Act)> {
        let mut doings = std::mem::take(&mut self.twins.doings);
        let due = doings.due(acts, now, Act::is_leave, |name, since| {
            let mut own = self.containers.iter().filter(|one| is_task_of(one, name));
            own.all(|one| self.has_ended(&one.container, since, now))
        });
        self.twins.doings = doings;
        due
    }

    fn note_twin_acted(&mut self, name: Box<str>, act: &Act, result: Result<(), String>) {
        if let Err(why) = result {
            tracing::warn!(service = %self.declared.name, name, ?act, why, "a service of Swarm could not be changed");
            self.twins.doings.note_failed(name, why, clock::now());
            return;
        }
        self.twins.doings.note_done(&name);
        let stable = self.rollout.stable().clone();
        if let Act::HandOver { to, .. } = act
            && let Some(twin) = self.shelf.get_mut(&stable).and_then(|shelved| shelved.twin.as_mut())
            && twin.name == *to
        {
            twin.is_handed_over = true;
        }
    }

    /// Whether a service of Swarm is there, or may be in a moment, that a release on the shelf needs to be known for: its
    /// own, or a first one that is still of it.
    pub(super) fn has_service(&self, shelved: &Shelved) -> bool {
        let is_first = |one: &SwarmService| {
            one.release == shelved.release && shelved.twin.as_ref().is_some_and(|twin| twin.of == one.name)
        };
        let is_there = self.twins.services.iter().any(is_first) || self.service_of(shelved).is_some();
        is_there || shelved.twin.is_some() && self.may_yet_make(shelved)
    }

    /// What could not be done with the service of Swarm that a task is of, or with the one that it was made beside.
    pub(in crate::engine) fn failed_service_act(&self, task: &Sighting) -> Option<String> {
        let own = &task.swarm.as_ref()?.service;
        let twin = self.shelf.get(&task.release).and_then(|shelved| shelved.twin.as_ref());
        let first = twin.filter(|twin| twin.name == *own).map(|twin| &twin.of);
        let mut names = [Some(own), first].into_iter().flatten();
        names.find_map(|name| self.twins.doings.failure(name)).map(str::to_owned)
    }

    /// The first service that a task is of, if that has been told to become what stable is.
    pub(in crate::engine) fn becomes_stable(&self, task: &Sighting) -> Option<&str> {
        let stable = self.rollout.stable();
        let twin = self.shelf.get(stable)?.twin.as_ref().filter(|twin| is_task_of(task, &twin.of))?;
        let mut services = self.twins.services.iter();
        services.any(|one| one.name == twin.of && one.release == *stable).then_some(&*twin.of)
    }

    /// For what a task of a second service still serves in the place of the first one.
    pub(in crate::engine) fn substitution_in_words(&self, task: &Sighting) -> Option<String> {
        let stable = self.rollout.stable();
        let twin = self.shelf.get(stable)?.twin.as_ref()?;
        let is_its = task.release == *stable && is_task_of(task, &twin.name);
        if !is_its || self.rollout.phase().trial().is_some() {
            return None;
        }
        let Twin { of, .. } = twin;
        let (image, see) = (&task.image, format!("see `docker service ps {of}`"));
        let first = self.twins.services.iter().find(|one| one.name == *of);
        Some(match first {
            None => format!("it serves alone, as the service {of} is gone; deploy the stack again with {image}"),
            Some(first) if first.release == *stable => format!("it serves until all tasks of {of} are ready; {see}"),
            Some(_) if !twin.is_handed_over => format!("it serves until {of} is {stable}, too; {see}"),
            Some(first) => format!(
                "it serves in the place of {of}, which somebody, or Swarm, has made {} since; {see}, and have it be \
                 {image}",
                first.release
            ),
        })
    }

    /// The service of Swarm that was made for what is on the shelf.
    pub(super) fn service_of(&self, shelved: &Shelved) -> Option<&SwarmService> {
        self.twins.services.iter().find(|one| twin_of(shelved, one).is_some())
    }
}

// === impl Twins ===

impl Twins {
    /// Takes what services of Swarm there are.
    pub(super) fn muster(&mut self, services: Vec<SwarmService>) {
        self.services = services;
    }

    /// Whether a container is a task that gets no request any more.
    pub(super) fn is_withdrawn(&self, container: &Sighting) -> bool {
        container.swarm.as_ref().is_some_and(|origin| self.withdrawn.contains(&origin.service))
    }

    /// Whether they wait for something that time or a request brings.
    pub(super) fn is_doing(&self) -> bool {
        !self.doings.is_empty()
    }
}

fn is_task_of(container: &Sighting, name: &str) -> bool {
    container.swarm.as_ref().is_some_and(|origin| *origin.service == *name)
}

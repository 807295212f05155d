//! How a changed file takes effect: validated whole, applied at once, or refused whole.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use canary_config::service::Service;

use crate::api::{Change, Changed, Problem, Reloaded};
use crate::clock;
use crate::docker::wanted::Wanted;
use crate::engine::accounts::Due;
use crate::engine::containers::Roster;
use crate::engine::fit::{Lack, lack};
use crate::engine::managed::Managed;
use crate::engine::start::{StartError, restored};
use crate::engine::{Engine, joined, refused};
use crate::rollout::Rollout;

// === impl Engine ===

impl Engine {
    /// Applies a configuration that is valid in itself.
    ///
    /// # Errors
    /// When it takes away what a rollout or stable needs. Nothing has changed then.
    pub(super) fn reload(&mut self, new: Config) -> Result<Reloaded, Problem> {
        // A record now would take back that the stop was orderly.
        self.stopping()?;
        for (name, managed) in &self.services {
            self.can_do_with(name, managed, &new.services)?;
        }
        if self.discovery.is_none() {
            new.services.values().try_for_each(can_be_found_later)?;
        }
        // Services that move together come back at the same instant, so that they stay in step.
        let now = clock::now();
        let mut recalled = BTreeMap::new();
        for (name, declared) in new.services.iter().filter(|(name, _)| !self.services.contains_key(name)) {
            let rollout = self.recalled(declared, &new.services, now).map_err(|error| refused(error.to_string()))?;
            recalled.insert(name.clone(), rollout);
        }
        let mut reloaded = Reloaded { needs_restart: restart_keys(&self.config, &new), ..Reloaded::default() };
        let names: BTreeSet<_> = self.services.keys().chain(new.services.keys()).cloned().collect();
        for name in names {
            if let Some(change) = self.apply(&name, new.services.get(&name), recalled.remove(&name)) {
                reloaded.changed.push(Changed { service: name, change });
            }
        }
        // In one record: a store that syncs once for each of a thousand would keep an abort waiting.
        let added = reloaded.changed.iter().filter(|changed| changed.change == Change::Added);
        self.introduce(added.map(|added| added.service.clone()).collect::<Vec<_>>(), Vec::new());
        if self.config.freezes != new.freezes {
            reloaded.tables.push("freeze".to_owned());
        }
        // What needs a restart stays as it was, so that the next reload still says so.
        if let Some(discovery) = &self.discovery {
            discovery.look_for(Wanted::of(&new.services));
        }
        self.config.services = new.services;
        self.config.freezes = new.freezes;
        self.publish_all();
        for name in self.services.keys().cloned().collect::<Vec<_>>() {
            self.show(self.probed(&name));
        }
        let changed = joined(reloaded.changed.iter());
        tracing::info!(changed, tables = ?reloaded.tables, needs_restart = ?reloaded.needs_restart, "reloaded");
        Ok(reloaded)
    }

    /// The rollout of a service that is declared now and was not before: a new one, or the one that it had earlier.
    fn recalled(
        &self,
        declared: &Service,
        services: &BTreeMap<ServiceName, Service>,
        now: Instant,
    ) -> Result<Rollout, StartError> {
        match self.absent.get(&declared.name) {
            Some(saved) => restored(declared, services, saved.clone(), now),
            None => Ok(Rollout::new(declared.origin.first_stable())),
        }
    }

    fn apply(&mut self, name: &ServiceName, new: Option<&Service>, recalled: Option<Rollout>) -> Option<Change> {
        match (self.services.get_mut(name), new) {
            (None, None) => None,
            (Some(managed), Some(new)) if managed.declared == *new => None,
            (Some(managed), Some(new)) => {
                managed.redeclare(new.clone());
                managed.enrol(&self.sightings);
                managed.settle(&mut self.watchers, clock::now());
                Some(Change::Changed)
            }
            (Some(_), None) => {
                let mut gone = self.services.remove(name)?;
                self.send_accounts(gone.accounts.due(Due::Now, clock::now()));
                self.absent.insert(name.clone(), gone.rollout.save());
                self.absent_shelves.insert(name.clone(), gone.shelf);
                Some(Change::Removed)
            }
            (None, Some(new)) => {
                self.absent.remove(name);
                self.services.insert(name.clone(), Managed::new(new.clone(), recalled?, &self.convicted, &self.seed));
                let managed = self.services.get_mut(name)?;
                managed.shelf = self.absent_shelves.remove(name).unwrap_or_default();
                managed.enrol(&self.sightings);
                managed.settle(&mut self.watchers, clock::now());
                Some(Change::Added)
            }
        }
    }

    /// Whether a service can go on as it is newly declared, or go away.
    fn can_do_with(
        &self,
        name: &ServiceName,
        managed: &Managed,
        services: &BTreeMap<ServiceName, Service>,
    ) -> Result<(), Problem> {
        for rollout in [Some(&managed.rollout), self.outbox.decided(name)].into_iter().flatten() {
            match services.get(name) {
                Some(new) => lack(rollout, new, services).map_or(Ok(()), |lack| Err(still_needed(name, &lack)))?,
                None => can_go(name, rollout)?,
            }
        }
        if !services.contains_key(name) && managed.deploying().is_some() {
            let remedy = "wait for its end, or abort it, before removing the service";
            return Err(refused(format!("services.{name}: a deployment is under way; {remedy}")));
        }
        if !services.contains_key(name) && self.outbox.lacks_decision(name) {
            let remedy = "mend the store before removing the service";
            return Err(refused(format!("services.{name}: its last change is not stored yet; {remedy}")));
        }
        Ok(())
    }
}

// === impl Managed ===

impl Managed {
    /// Goes by a new declaration. A rollout that is under way keeps the plan it was started with.
    fn redeclare(&mut self, new: Service) {
        if new.probe != self.declared.probe {
            self.pools.probe_anew();
        }
        self.compare_anew_if_changed(|managed| {
            if new.origin.declared().is_some() {
                managed.roster = Roster::of(&new.origin);
                // Whatever containers it had, they are none of its any more.
                managed.containers.clear();
                managed.unseen.clear();
            }
            managed.declared = new;
        });
    }
}

/// Whether a service can do without a watch over containers, which begins with canaryd.
fn can_be_found_later(service: &Service) -> Result<(), Problem> {
    if service.origin.discovered().is_none() {
        return Ok(());
    }
    let remedy = "docker: it is looked at from the next start on; restart canaryd";
    Err(refused(format!(
        "services.{}: its releases are to be found by the labels of containers; {remedy}",
        service.name
    )))
}

/// Whether a service can go away.
fn can_go(name: &ServiceName, rollout: &Rollout) -> Result<(), Problem> {
    let remedy = "abort it before removing the service";
    if let Some(canary) = rollout.canary() {
        return Err(refused(format!("services.{name}: a rollout of {canary} is under way; {remedy}")));
    }
    match rollout.queue().front() {
        Some(start) => Err(refused(format!("services.{name}: {} waits for its turn; {remedy}", start.trial.canary))),
        None => Ok(()),
    }
}

/// What cannot be taken away now.
fn still_needed(name: &ServiceName, lack: &Lack) -> Problem {
    refused(match lack {
        Lack::Release { release, role } => {
            format!("services.{name}.releases: {release} is {role} and cannot be removed; declare it again")
        }
        Lack::Peer(peer) => format!("services.{peer}: it moves with {name} and cannot be removed; declare it again"),
    })
}

/// The sections whose change is not applied in place.
fn restart_keys(old: &Config, new: &Config) -> Vec<String> {
    let sections = [
        ("listen", old.listeners == new.listeners),
        ("admin", old.admin == new.admin),
        ("metrics", old.metrics == new.metrics),
        ("store", old.store == new.store),
        ("access_log", old.access_log == new.access_log),
        ("proxy", old.proxy == new.proxy),
        ("limits", old.limits == new.limits),
        ("docker", old.docker == new.docker),
    ];
    let differing = sections.into_iter().filter(|(_, is_same)| !is_same);
    differing.map(|(section, _)| section.to_owned()).collect()
}

//! How a changed file takes effect: validated whole, applied at once, or refused whole.

use std::collections::BTreeSet;

use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use canary_config::service::Service;

use crate::api::{Change, Changed, Problem, ProblemKind, Reloaded};
use crate::clock;
use crate::engine::managed::Managed;
use crate::engine::pending::{Cause, Unsaved};
use crate::engine::start::{StartError, restored};
use crate::engine::{Engine, joined};
use crate::rollout::Rollout;

// === impl Engine ===

impl Engine {
    /// Applies a configuration that is valid in itself.
    ///
    /// # Errors
    /// When it takes away what a rollout or stable needs. Nothing has changed then.
    pub(super) fn reload(&mut self, new: Config) -> Result<Reloaded, Problem> {
        for managed in self.services.values() {
            managed.can_do_with(new.services.get(&managed.declared.name))?;
        }
        for (name, declared) in new.services.iter().filter(|(name, _)| !self.services.contains_key(name)) {
            self.recalled(name, declared).map_err(|error| refused(error.to_string()))?;
        }
        let mut reloaded =
            Reloaded { changed: Vec::new(), needs_restart: restart_keys(&self.config, &new), warnings: Vec::new() };
        let names: BTreeSet<_> = self.services.keys().chain(new.services.keys()).cloned().collect();
        for name in names {
            if let Some(change) = self.apply(&name, new.services.get(&name)) {
                reloaded.changed.push(Changed { service: name, change });
            }
        }
        // What needs a restart stays as it was, so that the next reload still says so.
        self.config.services = new.services;
        self.publish_all();
        for name in self.services.keys().cloned().collect::<Vec<_>>() {
            if let Some(event) = self.services.get(&name).map(Managed::probed) {
                self.turn(&name, event, Cause::canaryd());
            }
        }
        let changed = joined(reloaded.changed.iter());
        tracing::info!(changed, needs_restart = ?reloaded.needs_restart, "reloaded");
        Ok(reloaded)
    }

    /// The rollout of a service that is declared now and was not before: a new one, or the one that it had earlier.
    fn recalled(&self, name: &ServiceName, declared: &Service) -> Result<Rollout, StartError> {
        match self.absent.get(name) {
            Some(saved) => restored(declared, saved.clone()),
            None => Ok(Rollout::new(declared.stable.clone())),
        }
    }

    fn apply(&mut self, name: &ServiceName, new: Option<&Service>) -> Option<Change> {
        match (self.services.get_mut(name), new) {
            (None, None) => None,
            (Some(managed), Some(new)) if managed.declared == *new => None,
            (Some(managed), Some(new)) => {
                managed.redeclare(new.clone());
                managed.settle(&mut self.watchers, clock::now());
                Some(Change::Changed)
            }
            (Some(_), None) => {
                let gone = self.services.remove(name)?;
                self.absent.insert(name.clone(), gone.rollout.save());
                Some(Change::Removed)
            }
            (None, Some(new)) => {
                let rollout = self.recalled(name, new).ok()?;
                self.absent.remove(name);
                self.services.insert(name.clone(), Managed::new(new.clone(), rollout));
                self.introduce(name);
                self.services.get_mut(name)?.settle(&mut self.watchers, clock::now());
                Some(Change::Added)
            }
        }
    }
}

// === impl Managed ===

impl Managed {
    /// Whether the service can go on as it is newly declared, or go away.
    fn can_do_with(&self, new: Option<&Service>) -> Result<(), Problem> {
        let name = &self.declared.name;
        let decided = self.pending.as_ref().map(|pending| &pending.next);
        let on_trial = self.rollout.canary().or(decided.and_then(Rollout::canary));
        let Some(new) = new else {
            return match on_trial {
                Some(canary) => {
                    let remedy = "abort it before removing the service";
                    Err(refused(format!("services.{name}: a rollout of {canary} is under way; {remedy}")))
                }
                None if self.unsaved.as_ref().is_some_and(Unsaved::is_decision) => {
                    let remedy = "mend the store before removing the service";
                    Err(refused(format!("services.{name}: its last change is not stored yet; {remedy}")))
                }
                None => Ok(()),
            };
        };
        let roles = [(Some(self.rollout.stable()), "stable"), (on_trial, "on trial")];
        for (release, role) in roles {
            if let Some(release) = release
                && !new.releases.contains_key(release)
            {
                let remedy = "and cannot be removed; declare it again";
                return Err(refused(format!("services.{name}.releases: {release} is {role} {remedy}")));
            }
        }
        Ok(())
    }

    /// Goes by a new declaration. A rollout that is under way keeps the plan it was started with.
    fn redeclare(&mut self, new: Service) {
        if new.probe != self.declared.probe {
            self.pools.probe_anew();
        }
        self.declared = new;
    }
}

fn refused(message: String) -> Problem {
    Problem { kind: ProblemKind::Refused, message }
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
    ];
    let differing = sections.into_iter().filter(|(_, is_same)| !is_same);
    differing.map(|(section, _)| section.to_owned()).collect()
}

//! What is noted on a shelf of how the rollout stands, and what is taken off it.

use std::collections::BTreeSet;

use canary_config::name::ReleaseId;

use crate::docker::shelf::Shelved;
use crate::docker::sighting::{Sighting, State};
use crate::engine::managed::Managed;

// === impl Managed ===

impl Managed {
    /// Notes what becomes of releases by where the rollout stands: which have been stable, and which containers have
    /// ended by themselves and may be started when their release comes back.
    pub(super) fn mark_shelf(&mut self) {
        let stable = self.rollout.stable().clone();
        let spared: BTreeSet<_> = self.spared().into_iter().chain(self.rollout.canary()).cloned().collect();
        if let Some(shelved) = self.shelf.get_mut(&stable) {
            shelved.was_stable = true;
        }
        // The order on the shelf is that in which releases were stable last.
        self.mark_stable(&stable);
        let last = self.shelf.newest_first().find(|one| one.was_stable);
        if last.is_some_and(|one| one.release != stable)
            && let Some(own) = self.shelf.get(&stable).cloned()
        {
            self.shelf.put(own);
        }
        for container in self.containers.iter().filter(|one| one.release != stable && !spared.contains(&one.release)) {
            if let Some(shelved) = self.shelf.get_mut(&container.release).filter(|shelved| shelved.owns(container))
                && matches!(container.state, State::Stopped { since: Some(_), .. })
            {
                shelved.note_stopped(&container.container);
            }
        }
    }

    /// Whoever started containers again that were stopped once, and are stable now, has handed them back.
    fn mark_stable(&mut self, stable: &ReleaseId) {
        let is_up = |state: &State| !matches!(state, State::Leaving | State::Stopped { .. });
        let up = self.containers.iter().filter(|one| one.release == *stable && is_up(&one.state));
        let up: Vec<_> = up.map(|one| one.container.clone()).collect();
        if up.is_empty() || self.shelved_stable.as_ref() == Some(stable) {
            return;
        }
        self.shelved_stable = Some(stable.clone());
        if let Some(shelved) = self.shelf.get_mut(stable) {
            shelved.stopped.retain(|container| !up.contains(container));
        }
    }

    /// Forgets releases that have neither a part nor a container.
    pub(super) fn clear_away(&mut self) {
        let spared = self.spared();
        let is_needed = |shelved: &Shelved| {
            let release = &shelved.release;
            let has_part = release == self.rollout.stable() || Some(release) == self.rollout.canary();
            // What an earlier deployment of it has left is cleared away first.
            let is_its = |one: &Sighting| shelved.owns(one) || (one.release == *release && self.owner.has_made(one));
            let is_swarms = self.has_service(shelved);
            has_part || spared.contains(release) || is_swarms || self.containers.iter().any(is_its)
        };
        let gone: Vec<_> = self.shelf.newest_first().filter(|shelved| !is_needed(shelved)).collect();
        let gone: Vec<_> = gone.into_iter().map(|shelved| shelved.release.clone()).collect();
        for release in gone {
            self.shelf.take(&release);
        }
    }
}

//! What each container on a shelf should be, by where its service's rollout stands, and what has to be done for it. Pure.
//!
//! It goes by what is true now and not by what has just happened, so that a restart of canaryd needs no memory of what
//! was under way. Containers that are on no shelf are nobody's business here.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use canary_config::name::ReleaseId;

use crate::docker::owner::Owner;
use crate::docker::shelf::{Shelf, Shelved};
use crate::docker::sighting::{ContainerId, Sighting, State};

/// So many releases that were sent back, or called off before they were stable, are kept.
const SENT_BACK_KEPT: usize = 1;

/// Where the rollout of a service stands, as far as its containers depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand<'a> {
    /// The stable release.
    pub stable: &'a ReleaseId,
    /// What becomes of its containers.
    pub stable_is: Lot,
    /// The release on trial.
    pub canary: Option<&'a ReleaseId>,
    /// Whether its containers may be started.
    pub may_start: bool,
    /// Releases that others look after: whose deployment is under way, or that wait for their turn.
    pub spared: BTreeSet<&'a ReleaseId>,
    /// Releases that were sent back. Of those without a part, and of those that were never stable, only the last is kept,
    /// whose logs may be wanted.
    pub sent_back: BTreeSet<&'a ReleaseId>,
    /// Which canaryd this is. What another one has made is not this one's to clear away.
    pub owner: &'a Owner,
    /// How many releases that were stable and have no part any more are kept, stopped.
    pub kept: usize,
}

/// What becomes of stable's containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lot {
    /// They run.
    Run,
    /// They are frozen: the canary has all requests, and they wait for an undo.
    Freeze,
    /// They stop: the canary takes their place.
    Stop,
}

/// What has to be done with a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Start it.
    Start,
    /// Freeze its processes.
    Pause,
    /// Let them go on.
    Unpause,
    /// Give it the restart policy that it has from now on, as it is stable.
    Settle(String),
    /// See that nobody but canaryd starts it again, and stop it as soon as it has answered what it was asked.
    Retire {
        /// Whether it is frozen.
        is_paused: bool,
    },
    /// Remove it.
    Remove,
}

// === impl Act ===

impl Act {
    /// Whether a container leaves by it.
    #[must_use]
    pub fn is_leave(&self) -> bool {
        matches!(self, Self::Retire { .. })
    }
}

// === impl Stand ===

impl Stand<'_> {
    /// What has to be done now.
    #[must_use]
    pub fn acts(&self, shelf: &Shelf, containers: &[Sighting]) -> Vec<(ContainerId, Act)> {
        let mut acts = Vec::new();
        let (mut put_away, mut sent_back) = (0, 0);
        let leaves = |shelved: &Shelved| containers.iter().any(|one| shelved.owns(one) && is_leaving(shelved, one));
        let others_leave = shelf.newest_first().any(|one| !self.has_part(&one.release) && leaves(one));
        let is_stable_up = containers.iter().any(|one| one.release == *self.stable && one.state.is_up());
        for shelved in shelf.newest_first() {
            let own = containers.iter().filter(|container| shelved.owns(container));
            let release = &shelved.release;
            if self.spared.contains(release) {
                continue;
            }
            let is_kept = if self.has_part(release) {
                true
            } else if self.sent_back.contains(release) || !shelved.was_stable {
                sent_back += 1;
                sent_back <= SENT_BACK_KEPT
            } else {
                put_away += 1;
                put_away <= self.kept
            };
            // What an earlier deployment of the same release has left.
            let left = containers.iter().filter(|one| one.release == *release && self.owner.has_made(one));
            let left = left.filter(|one| !shelved.owns(one) && !one.state.is_up());
            acts.extend(left.map(|one| (one.container.clone(), Act::Remove)));
            for container in own {
                let act = if release == self.stable {
                    // Two that cannot run beside each other, on the way back.
                    self.of_stable(shelved, container).filter(|act| *act != Act::Start || !others_leave)
                } else if Some(release) == self.canary {
                    // Two that cannot run beside each other.
                    let is_free = self.stable_is != Lot::Stop || !is_stable_up;
                    (self.may_start && is_free).then(|| of_canary(shelved, container)).flatten()
                } else {
                    of_others(shelved, container, is_kept)
                };
                acts.extend(act.map(|act| (container.container.clone(), act)));
            }
        }
        acts.extend(self.orphans(shelf, containers));
        acts
    }

    /// Whether a release serves or is tried.
    fn has_part(&self, release: &ReleaseId) -> bool {
        release == self.stable || Some(release) == self.canary
    }

    /// Containers that were made and never started, for a deployment that nobody knows any more: an Engine may end what
    /// it was asked for after the one that asked has been killed.
    fn orphans(&self, shelf: &Shelf, containers: &[Sighting]) -> impl Iterator<Item = (ContainerId, Act)> {
        let made = containers.iter().filter(|one| self.owner.has_made(one) && never_ran(&one.state));
        let orphans = made.filter(|one| !shelf.owns(one) && shelf.get(&one.release).is_none());
        orphans.map(|one| (one.container.clone(), Act::Remove))
    }

    fn of_stable(&self, shelved: &Shelved, container: &Sighting) -> Option<Act> {
        match (self.stable_is, &container.state) {
            (Lot::Stop, State::Leaving) => None,
            (Lot::Stop, state) if state.is_up() => Some(retire(state)),
            (Lot::Stop, _) => None,
            (Lot::Freeze, State::Running { .. }) => Some(Act::Pause),
            (Lot::Freeze, _) => None,
            (Lot::Run, State::Paused) => Some(Act::Unpause),
            (Lot::Run, State::Stopped { .. }) => shelved.rests(&container.container).then_some(Act::Start),
            (Lot::Run, State::Leaving) => None,
            (Lot::Run, State::Starting | State::Running { .. } | State::Unhealthy { .. } | State::Adrift) => {
                let restart = shelved.restart.clone()?;
                (!shelved.settled.contains(&container.container)).then_some(Act::Settle(restart))
            }
        }
    }
}

/// Whether a container of a release without a part is still there, and not because somebody has started it again.
fn is_leaving(shelved: &Shelved, container: &Sighting) -> bool {
    let is_awaited = !shelved.stopped.contains(&container.container);
    container.state == State::Leaving || container.state.is_up() && is_awaited
}

/// One that has ended by itself is not started again: that it ended is what it is judged by.
fn of_canary(shelved: &Shelved, container: &Sighting) -> Option<Act> {
    let is_to_start = shelved.rests(&container.container) || never_ran(&container.state);
    match container.state {
        State::Stopped { .. } if is_to_start => Some(Act::Start),
        State::Paused => Some(Act::Unpause),
        _ => None,
    }
}

fn of_others(shelved: &Shelved, container: &Sighting, is_kept: bool) -> Option<Act> {
    let is_stopped_by_us = shelved.stopped.contains(&container.container);
    match &container.state {
        State::Stopped { .. } if !is_kept || never_ran(&container.state) => {
            // What canaryd has not made is not its to remove, whatever release it is of.
            (shelved.deployment.is_some() && container.managed.is_some()).then_some(Act::Remove)
        }
        State::Stopped { .. } | State::Leaving => None,
        // Somebody has started it again.
        _ if is_stopped_by_us => None,
        state => Some(retire(state)),
    }
}

fn retire(state: &State) -> Act {
    Act::Retire { is_paused: *state == State::Paused }
}

fn never_ran(state: &State) -> bool {
    matches!(state, State::Stopped { since: None, .. })
}

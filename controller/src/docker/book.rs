//! What is known of each container, and what has to be asked again. Pure: the watcher asks, and tells what it hears.
//!
//! What goes away counts at once: an event says so before anybody is asked. What comes counts only once the Engine has
//! been asked about it, after the last event: an answer to a question that was older says how it was.

mod entry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::entry::Entry;
use crate::docker::facts::{Facts, ImageFacts};
use crate::docker::happening::{Deed, Happening};
use crate::docker::network::Reach;
use crate::docker::sighting::{ContainerId, Fault, Sightings};
use crate::docker::swarm::roll::Roll;
use crate::docker::swarm::tasks::{Membership, NoRoll, Tasks, is_restless};
use crate::docker::wanted::Wanted;

/// Before the first whole look.
const NOT_LOOKED: &str = "the Engine has not been looked at yet; wait for it";

/// To a worker.
const NEEDS_MANAGER: &str =
    "it is a task of a Swarm service, and this Engine is no manager; let canaryd ask one (docker.host)";

/// All containers that say whose they are.
#[derive(Debug)]
pub struct Book {
    wanted: Wanted,
    reach: Reach,
    entries: BTreeMap<ContainerId, Entry>,
    tasks: Tasks,
    trouble: Option<String>,
    look: Look,
    turn: Turn,
    age: Duration,
    is_surprised: bool,
}

/// What came before what: of two that were taken, the later is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u64);

/// How far the first look at an Engine has come.
#[derive(Debug)]
enum Look {
    /// What there is has not been listed.
    Awaited,
    /// These have not been asked about.
    At(BTreeSet<ContainerId>),
    /// Everything has been seen once.
    Whole,
}

/// How often a Swarm's services are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// There are none.
    Never,
    /// Nothing happens.
    NowAndThen,
    /// Tasks come and go.
    Often,
}

/// What a list says of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: Box<str>,
    /// Whose it says that it is.
    pub service: Box<str>,
}

/// What was learnt of a container by asking.
#[derive(Clone, Debug)]
pub enum Learnt {
    /// What it is, and what its image is.
    Facts(Box<Facts>, Arc<ImageFacts>),
    /// It exists no more.
    Gone,
    /// Nothing: why, and what to do.
    Nothing(String),
}

// === impl Book ===

impl Book {
    /// One in which nothing is.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            reach: Reach::Host,
            entries: BTreeMap::new(),
            tasks: Tasks::default(),
            trouble: Some(NOT_LOOKED.into()),
            look: Look::Awaited,
            turn: Turn::default(),
            age: Duration::ZERO,
            is_surprised: false,
        }
    }

    /// Notes how old the book is now.
    pub fn grow(&mut self, age: Duration) {
        self.age = age;
    }

    /// Notes that the Engine's clock has gone back, so that what happens now is told as if it were long ago.
    pub fn turn_back(&mut self) {
        for entry in self.entries.values_mut() {
            entry.turn_back();
        }
    }

    /// Goes by other services.
    pub fn want(&mut self, wanted: Wanted) {
        self.wanted = wanted;
        for entry in self.entries.values_mut() {
            entry.read_labels(&self.wanted);
        }
    }

    /// Goes by what canaryd reaches now.
    pub fn reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    /// Notes that the Engine cannot be asked; what is known stays. Answers that are under way will not come.
    pub fn lose(&mut self, why: String) {
        self.trouble = Some(why);
        self.look = Look::Awaited;
        self.tasks.lose();
        for entry in self.entries.values_mut() {
            entry.asked = None;
        }
    }

    /// Goes by what the Engine is to a Swarm now; by what it was, if it does not say.
    pub fn join(&mut self, membership: Result<Membership, String>) {
        match membership {
            Ok(membership) => self.tasks.join(membership),
            Err(why) => self.tasks.join_as_before(why),
        }
        self.settle();
    }

    /// Notes a Swarm's services and tasks.
    pub fn call(&mut self, called: Result<Roll, NoRoll>) {
        self.tasks.call(called);
        self.settle();
    }

    /// Whether a Swarm's services are to be asked about at once, since this was last asked.
    pub fn take_call(&mut self) -> bool {
        self.tasks.take_due()
    }

    /// How often a Swarm's services are to be asked about: more often than now and then, or not at all.
    #[must_use]
    pub fn calls(&self) -> Calls {
        if !self.tasks.is_called() {
            return Calls::Never;
        }
        let (tasks, _) = self.tasks.sightings(&self.wanted, &self.reach);
        let is_quiet = self.tasks.trouble().is_none() && !is_restless(&tasks);
        if is_quiet { Calls::NowAndThen } else { Calls::Often }
    }

    /// A turn, for a question that is asked now.
    pub fn next_turn(&mut self) -> Turn {
        self.turn.0 += 1;
        self.turn
    }

    /// Notes what happened. `is_old` is what was told once before, and may be over.
    pub fn hear(&mut self, happening: &Happening, is_old: bool) {
        self.tasks.hear(happening);
        let turn = self.next_turn();
        let (id, reach, age) = (&happening.container, &self.reach, self.age);
        if happening.deed == Deed::Gone {
            self.forget(id);
            return;
        }
        if happening.service.is_some() {
            self.entries.entry(id.clone()).or_default();
        }
        let Some(entry) = self.entries.get_mut(id) else { return };
        if is_old {
            entry.touch(turn);
        } else {
            entry.hear(happening, turn, reach, age);
        }
    }

    /// Notes which containers there are, by a list that was asked for in that turn. All are to be asked about.
    pub fn list(&mut self, asked: Turn, listed: &BTreeMap<ContainerId, Listed>) {
        let is_whole = matches!(self.look, Look::Whole);
        let is_gone = |id: &ContainerId, entry: &Entry| !listed.contains_key(id) && entry.touched < asked;
        let gone: Vec<_> =
            self.entries.iter().filter(|(id, entry)| is_gone(id, entry)).map(|(id, _)| id.clone()).collect();
        let is_news = !gone.is_empty() || listed.keys().any(|id| !self.entries.contains_key(id));
        self.is_surprised |= is_whole && is_news;
        for id in gone {
            self.entries.remove(&id);
        }
        for (id, listed) in listed {
            self.entries.entry(id.clone()).or_default().list(listed);
        }
        if !is_whole {
            self.look = Look::At(listed.keys().cloned().collect());
            self.settle();
        }
    }

    /// The next container to ask about, and the turn of the question.
    pub fn next_question(&mut self) -> Option<(ContainerId, Turn)> {
        let turn = Turn(self.turn.0 + 1);
        let (id, entry) = self.entries.iter_mut().find(|(_, entry)| entry.is_due && entry.asked.is_none())?;
        (entry.is_due, entry.asked) = (false, Some(turn));
        self.turn = turn;
        Some((id.clone(), turn))
    }

    /// Asks once more about those of which nothing could be learnt.
    pub fn ask_again(&mut self) {
        for entry in self.entries.values_mut().filter(|entry| entry.failed.is_some()) {
            entry.is_due = true;
        }
    }

    /// Notes what was learnt of a container by a question that was asked in that turn.
    pub fn learn(&mut self, id: &ContainerId, asked: Turn, learnt: Learnt) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.asked = None;
        match learnt {
            Learnt::Gone => return self.forget(id),
            Learnt::Nothing(why) => entry.failed = Some(why),
            // Something has happened since, so it may be otherwise by now.
            Learnt::Facts(..) if asked < entry.touched => {
                entry.is_due = true;
                return;
            }
            Learnt::Facts(facts, image) => {
                let before = entry.essence(&self.reach);
                let was_touched = entry.learn(*facts, image, &self.wanted, self.age);
                let is_surprise =
                    before.is_some_and(|before| Some(before) != entry.essence(&self.reach)) && !was_touched;
                self.is_surprised |= is_surprise && matches!(self.look, Look::Whole);
                self.share_address(id);
            }
        }
        self.seen(id);
    }

    /// Whether something had changed of which no event had told, since this was last asked.
    pub fn take_surprise(&mut self) -> bool {
        std::mem::take(&mut self.is_surprised)
    }

    /// Whether all that there is has been asked about once.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.look, Look::Whole)
    }

    /// The images that containers are known to have.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        self.entries.values().filter_map(Entry::image_id)
    }

    /// All that is known now.
    #[must_use]
    pub fn sightings(&self) -> Sightings {
        let trouble = self.tasks.trouble().or(self.trouble.as_ref()).cloned();
        let (containers, faults) = self.tasks.sightings(&self.wanted, &self.reach);
        let unseen = self.entries.iter().filter_map(|(id, entry)| entry.unseen(id)).collect();
        let swarm = self.tasks.services(&self.wanted);
        let mut sightings = Sightings { trouble, unseen, containers, swarm, faults };
        for (id, entry) in &self.entries {
            let (sighting, faults) = entry.sighting(id, &self.reach);
            sightings.containers.extend(sighting);
            let name = entry.name(id);
            let fault = |what| Fault { container: id.clone(), name: name.clone(), what };
            let needs_manager = (self.tasks.is_blind() && entry.is_task()).then(|| NEEDS_MANAGER.to_owned());
            sightings.faults.extend(faults.into_iter().chain(needs_manager).map(fault));
        }
        sightings.containers.sort_by(|a, b| a.container.cmp(&b.container));
        sightings.faults.sort_by(|a, b| a.container.cmp(&b.container));
        sightings
    }

    fn forget(&mut self, id: &ContainerId) {
        self.entries.remove(id);
        self.seen(id);
    }

    /// Notes that nothing more has to be learnt of a container for the look to be whole.
    fn seen(&mut self, id: &ContainerId) {
        if let Look::At(unseen) = &mut self.look {
            unseen.remove(id);
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.tasks.note_containers(self.entries.values().filter(|entry| entry.is_task()).count());
        if matches!(&self.look, Look::At(unseen) if unseen.is_empty()) && !self.tasks.is_awaited() {
            self.look = Look::Whole;
            self.trouble = None;
        }
    }

    /// Lets only one container have the address of this one: that which began to run last. The Engine gives an address
    /// to the next container as soon as it is free, whether or not we have heard of that.
    fn share_address(&mut self, id: &ContainerId) {
        let held = |entry: &Entry, reach: &Reach| entry.essence(reach).map(|(_, address, since)| (address, since));
        let ours = self.entries.get(id).and_then(|entry| held(entry, &self.reach));
        // The host's own address is not given to anybody.
        let Some((Some(address), since)) = ours.filter(|(ours, _)| ours.is_some_and(|ours| !ours.ip().is_loopback()))
        else {
            return;
        };
        let mut is_outlived = false;
        for (_, other) in self.entries.iter_mut().filter(|(other, _)| *other != id) {
            match held(other, &self.reach) {
                Some((Some(theirs), begun)) if theirs.ip() == address.ip() && begun > since => is_outlived = true,
                Some((Some(theirs), _)) if theirs.ip() == address.ip() => {
                    other.lose_address();
                    other.is_due = true;
                }
                _ => {}
            }
        }
        if is_outlived && let Some(entry) = self.entries.get_mut(id) {
            entry.lose_address();
        }
    }
}

#[cfg(test)]
mod tests;

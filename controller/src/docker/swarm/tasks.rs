//! What is known of a Swarm's tasks from one roll to the next.

use std::collections::{BTreeMap, BTreeSet};

use crate::docker::happening::{Deed, Happening};
use crate::docker::network::Reach;
use crate::docker::sighting::{ContainerId, Fault, Sighting, State, SwarmService};
use crate::docker::signal::Signal;
use crate::docker::swarm::roll::{Roll, View};
use crate::docker::wanted::Wanted;

/// To one that was a manager.
const DEMOTED: &str = "the Engine is no manager of its Swarm any more; let canaryd ask one (docker.host)";

/// What an Engine is to a Swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Membership {
    /// It is in none.
    #[default]
    Outside,
    /// It runs tasks and knows nothing of services.
    Worker,
    /// It knows everything.
    Manager,
}

/// Why there is no roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRoll {
    /// It may not be asked for: why, and what to do. Who has no services in the Swarm needs none.
    Forbidden(String),
    /// The Swarm does not answer: why, and what to do.
    Failed(String),
}

/// The tasks as they were last seen, and what has been heard of their containers since.
#[derive(Debug, Default)]
pub struct Tasks {
    membership: Membership,
    roll: Roll,
    /// Whether that is of this connection to the Engine.
    is_fresh: bool,
    trouble: Option<String>,
    forbidden: Option<String>,
    /// Why it is not known what the Engine is to a Swarm now; it counts as what it was.
    unjoined: Option<String>,
    /// How many containers that say whose they are say that they are of tasks.
    containers: usize,
    leaving: BTreeSet<ContainerId>,
    is_due: bool,
}

// === impl Tasks ===

impl Tasks {
    /// Goes by what the Engine is to a Swarm now.
    pub fn join(&mut self, membership: Membership) {
        match membership {
            Membership::Outside => *self = Self { containers: self.containers, ..Self::default() },
            // What it knew as a manager is still the best that is known.
            Membership::Worker => self.trouble = (self.roll != Roll::default()).then(|| DEMOTED.to_owned()),
            Membership::Manager => self.is_due |= self.membership != membership || !self.is_fresh,
        }
        (self.membership, self.unjoined) = (membership, None);
    }

    /// Notes that the Engine does not say what it is to a Swarm: why, and what to do. It counts as what it was last.
    pub fn join_as_before(&mut self, why: String) {
        self.unjoined = Some(why);
        self.is_due |= self.is_called() && !self.is_fresh;
    }

    /// Notes that the Engine cannot be asked; what is known stays.
    pub fn lose(&mut self) {
        (self.trouble, self.is_fresh) = (None, false);
    }

    /// Notes how many containers that say whose they are say that they are of tasks.
    pub fn note_containers(&mut self, containers: usize) {
        self.containers = containers;
    }

    /// Notes the services and tasks that there are.
    pub fn call(&mut self, called: Result<Roll, NoRoll>) {
        (self.trouble, self.forbidden) = (None, None);
        self.is_fresh |= !matches!(called, Err(NoRoll::Failed(_)));
        match called {
            Ok(roll) => {
                let present: BTreeSet<_> = roll.containers().map(|(container, _)| container).collect();
                self.leaving.retain(|container| present.contains(container));
                self.roll = roll;
            }
            Err(NoRoll::Forbidden(why)) => (self.roll, self.forbidden) = (Roll::default(), Some(why)),
            Err(NoRoll::Failed(why)) => self.trouble = Some(why),
        }
    }

    /// Notes what happened. A container that was told to stop is none to send anything to, although the manager may not
    /// have heard of it yet: a task's container runs once.
    pub fn hear(&mut self, happening: &Happening) {
        self.is_due |= self.is_called() && (happening.is_task || happening.deed == Deed::ServiceChanged);
        let signal = match &happening.deed {
            Deed::Killed(signal) => Some(*signal),
            Deed::Died { .. } | Deed::Gone => None,
            _ => return,
        };
        let ends = |stop_signal| signal.is_none_or(|signal| signal == stop_signal || signal == Signal::KILL);
        let mut containers = self.roll.containers();
        let is_ended = containers.any(|(container, signal)| container == happening.container && ends(signal));
        if is_ended {
            self.leaving.insert(happening.container.clone());
        }
    }

    /// Whether something has happened for which the roll is to be called, since this was last asked.
    pub fn take_due(&mut self) -> bool {
        std::mem::take(&mut self.is_due)
    }

    /// Whether there are services to be asked about.
    #[must_use]
    pub fn is_called(&self) -> bool {
        self.membership == Membership::Manager
    }

    /// Whether the Engine knows of tasks, and has not told of them yet.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        let is_unheard = self.trouble.is_some() && !self.has_ours();
        self.is_called() && !self.is_fresh && !is_unheard
    }

    /// Whether containers of tasks are seen whose services are not.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.membership == Membership::Worker
    }

    /// Why what is known may be old. A Swarm that has nothing of ours, as far as is known, may be in any state.
    #[must_use]
    pub fn trouble(&self) -> Option<&String> {
        self.trouble.as_ref().filter(|_| self.has_ours())
    }

    fn has_ours(&self) -> bool {
        self.roll != Roll::default() || self.containers > 0
    }

    /// The services of Swarm whose tasks are instances, or would be.
    #[must_use]
    pub fn services(&self, wanted: &Wanted) -> Vec<SwarmService> {
        self.roll.services(wanted)
    }

    /// The tasks that are instances of services, and what is wrong.
    #[must_use]
    pub fn sightings(&self, wanted: &Wanted, reach: &Reach) -> (Vec<Sighting>, Vec<Fault>) {
        let view = View { wanted, reach, leaving: &self.leaving };
        let (sightings, mut faults) = self.roll.read(view);
        let unheard = self.trouble.iter().filter(|_| !self.has_ours());
        faults.extend(self.forbidden.iter().chain(unheard).chain(&self.unjoined).map(|why| Fault {
            container: ContainerId::new("swarm"),
            name: "swarm".into(),
            what: why.clone(),
        }));
        (sightings, faults)
    }
}

/// Whether tasks come and go, or may have to make place for those of another release.
#[must_use]
pub fn is_restless(sightings: &[Sighting]) -> bool {
    let mut releases = BTreeMap::<_, BTreeSet<_>>::new();
    for task in sightings.iter().filter(|sighting| sighting.swarm.is_some()) {
        if !matches!(task.state, State::Running { .. }) {
            return true;
        }
        releases.entry(&task.service).or_default().insert(&task.release);
    }
    releases.values().any(|releases| releases.len() > 1)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn roll() -> Roll {
        let service: Value = json!({ "ID": "web-id", "Spec": { "Name": "web" } });
        let task: Value = json!({
            "ID": "task",
            "ServiceID": "web-id",
            "Spec": { "ContainerSpec": { "StopSignal": "SIGQUIT" } },
            "Status": { "State": "running", "ContainerStatus": { "ContainerID": "c1" } },
        });
        Roll::of(vec![from_value(service).unwrap()], vec![from_value(task).unwrap()])
    }

    fn manager() -> Tasks {
        let mut tasks = Tasks::default();
        tasks.join(Membership::Manager);
        tasks
    }

    fn hear(tasks: &mut Tasks, action: &str, signal: &str) {
        let attributes = [("signal".to_owned(), signal.to_owned())].into();
        tasks.hear(&Happening::of_container("c1", action, &attributes, 0));
    }

    #[test]
    fn a_manager_is_asked_at_once_and_nothing_is_whole_before_it_has_answered() {
        let mut tasks = manager();
        assert_eq!((tasks.take_due(), tasks.take_due(), tasks.is_awaited()), (true, false, true));
        tasks.note_containers(1);
        tasks.call(Err(NoRoll::Failed("no leader".into())));
        assert_eq!((tasks.is_awaited(), tasks.trouble().map(String::as_str)), (true, Some("no leader")));
        tasks.call(Ok(roll()));
        assert_eq!((tasks.is_awaited(), tasks.trouble()), (false, None));
        tasks.lose();
        tasks.join(Membership::Manager);
        assert_eq!((tasks.take_due(), tasks.is_awaited()), (true, true));
    }

    /// What is wrong, in words.
    fn faults(tasks: &Tasks) -> Vec<String> {
        let (_, faults) = tasks.sightings(&Wanted::default(), &Reach::Host);
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_swarm_in_trouble_that_has_nothing_of_ours_is_a_fault_and_hides_nothing() {
        let mut tasks = manager();
        tasks.call(Err(NoRoll::Failed("no leader".into())));
        assert_eq!((tasks.is_awaited(), tasks.trouble()), (false, None));
        assert_eq!(faults(&tasks), ["swarm: no leader"]);
        tasks.note_containers(1);
        assert_eq!((tasks.is_awaited(), tasks.trouble().is_some(), faults(&tasks).len()), (true, true, 0));
    }

    #[test]
    fn an_engine_that_does_not_say_what_it_is_counts_as_what_it_was() {
        let mut tasks = Tasks::default();
        tasks.join_as_before("no answer".into());
        assert_eq!((tasks.is_awaited(), tasks.trouble()), (false, None));
        assert_eq!(faults(&tasks), ["swarm: no answer"]);
        let mut tasks = manager();
        tasks.call(Ok(roll()));
        tasks.take_due();
        tasks.lose();
        tasks.join_as_before("no answer".into());
        assert_eq!((tasks.is_called(), tasks.take_due(), tasks.roll == roll()), (true, true, true));
    }

    #[test]
    fn only_what_ends_a_container_lets_it_leave() {
        for (action, signal, leaves) in [
            ("kill", "1", false),
            ("kill", "15", false),
            ("start", "", false),
            ("kill", "3", true),
            ("kill", "9", true),
            ("die", "", true),
            ("destroy", "", true),
        ] {
            let mut tasks = manager();
            tasks.call(Ok(roll()));
            hear(&mut tasks, action, signal);
            assert_eq!(tasks.leaving.contains(&ContainerId::new("c1")), leaves, "{action} {signal}");
            // A manager may hear of it later than canaryd.
            tasks.call(Ok(roll()));
            assert_eq!(!tasks.leaving.is_empty(), leaves, "{action} {signal}");
            tasks.call(Ok(Roll::default()));
            assert!(tasks.leaving.is_empty());
        }
    }

    #[test]
    fn one_that_is_no_manager_any_more_keeps_what_it_knew() {
        let mut tasks = manager();
        tasks.call(Ok(roll()));
        tasks.join(Membership::Worker);
        assert_eq!(tasks.trouble().map(String::as_str), Some(DEMOTED));
        assert_eq!((tasks.roll == roll(), tasks.is_called()), (true, false));
        tasks.join(Membership::Outside);
        assert_eq!((tasks.roll == Roll::default(), tasks.trouble()), (true, None));
    }
}

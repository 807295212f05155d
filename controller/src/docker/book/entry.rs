//! What is known of one container.

use core::net::SocketAddr;
use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canary_config::name::ReleaseId;

use super::{Listed, Turn};
use crate::docker::digest::{digest, digests, release_of};
use crate::docker::facts::{Activity, Facts, Health, ImageFacts};
use crate::docker::happening::{Deed, Happening};
use crate::docker::label::{Attachment, Labelled, SWARM_TASK};
use crate::docker::network::{Connection, Reach};
use crate::docker::sighting::{ContainerId, Sighting, State, Unseen};
use crate::docker::signal::Signal;
use crate::docker::wanted::Wanted;

/// An Engine tells of a start so soon after it, at the latest.
const START_TOLD_MAX: Duration = Duration::from_secs(2);

/// A process that is still there so long after its time to stop was over goes on as if nobody had told it anything.
const SURVIVED_MIN: Duration = Duration::from_secs(60);

/// One container.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The turn of the last event.
    pub(super) touched: Turn,
    /// The turn of the question that is under way.
    pub(super) asked: Option<Turn>,
    /// Whether it has to be asked about.
    pub(super) is_due: bool,
    /// Why nothing could be learnt of it.
    pub(super) failed: Option<String>,
    /// Whether something has happened since it was last asked about.
    is_touched: bool,
    name: Option<Box<str>>,
    /// Whose it says that it is.
    service: Option<Box<str>>,
    seen: Option<Seen>,
    /// What it has become since it was seen, as events say.
    told: Option<State>,
    /// That it was told to stop.
    leaving: Option<Farewell>,
    is_out_of_memory: bool,
    /// When the run began that was seen: what is told from before is not about it. Nothing, if the Engine's clock has
    /// gone back since, as that says nothing any more.
    began: Option<SystemTime>,
}

/// What it was when it was last asked about.
#[derive(Debug)]
struct Seen {
    facts: Facts,
    image: Arc<ImageFacts>,
    digest: Box<str>,
    belongs: Result<Option<Attachment>, Vec<String>>,
}

/// One run of a container, by when it began; nothing, if that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run(Option<SystemTime>);

/// That a container was told to stop.
#[derive(Clone, Copy, Debug)]
struct Farewell {
    /// Which of its runs.
    run: Run,
    /// By what.
    signal: Signal,
    /// When, by the Engine's clock.
    at: SystemTime,
    /// How old the book was.
    age: Duration,
}

/// What makes a difference: its kind of state, its address, and since when it has that.
type Essence = (Discriminant<State>, Option<SocketAddr>, Option<SystemTime>);

// === impl Seen ===

impl Seen {
    /// What else the release could be called that is called by its image; one that a label names is called nothing else.
    fn other_names(&self, Attachment { release, .. }: &Attachment) -> Vec<ReleaseId> {
        if release.as_str() != release_of(&self.digest) {
            return Vec::new();
        }
        let all = digests(&self.facts.image, &self.facts.image_id, &self.image.known_as).map(release_of);
        let others: BTreeSet<&str> = all.filter(|name| *name != release.as_str()).collect();
        others.into_iter().filter_map(|name| name.parse().ok()).collect()
    }
}

// === impl Entry ===

impl Entry {
    /// Notes that it exists, and that it is to be asked about.
    pub(super) fn list(&mut self, listed: &Listed) {
        (self.name, self.service) = (Some(listed.name.clone()), Some(listed.service.clone()));
        self.is_due = true;
    }

    /// Notes that something happened, and that it is to be asked about again.
    pub(super) fn touch(&mut self, turn: Turn) {
        (self.touched, self.is_touched, self.is_due) = (turn, true, true);
    }

    /// Notes what happened to it.
    pub(super) fn hear(&mut self, happening: &Happening, turn: Turn, reach: &Reach, age: Duration) {
        let at = UNIX_EPOCH + Duration::from_nanos(happening.at_ns.try_into().unwrap_or_default());
        if let Some(name) = &happening.name {
            self.name = Some(name.clone());
        }
        if let Some(service) = &happening.service {
            self.service = Some(service.clone());
        }
        if self.began.is_some_and(|began| at < began) {
            return self.touch(turn);
        }
        match &happening.deed {
            Deed::Killed(signal) => {
                let stop_signal = self.seen.as_ref().map_or(Signal::TERM, |seen| seen.facts.stop_signal);
                if *signal == stop_signal || *signal == Signal::KILL {
                    self.leaving = Some(Farewell { run: self.run(), signal: *signal, at, age });
                }
                return;
            }
            Deed::OutOfMemory => {
                self.is_out_of_memory = true;
                return;
            }
            Deed::Started if self.is_known_run(at) => {}
            Deed::Started => {
                (self.told, self.leaving, self.is_out_of_memory) = (Some(State::Starting), None, false);
            }
            Deed::Died { exit_code } => {
                let out_of_memory = self.is_out_of_memory;
                self.told = Some(State::Stopped { exit_code: *exit_code, out_of_memory, since: Some(at) });
                self.leaving = None;
            }
            Deed::Paused => self.told = Some(State::Paused),
            Deed::Unhealthy => self.told = Some(State::Unhealthy { why: "its Docker health check fails".into() }),
            Deed::Disconnected(network) if self.is_reached_on(network, reach) => {
                self.told = Some(State::Adrift);
            }
            Deed::Disconnected(_) | Deed::Gone | Deed::ServiceChanged | Deed::Other => {}
        }
        self.touch(turn);
    }

    /// Notes that the Engine's clock has gone back.
    pub(super) fn turn_back(&mut self) {
        self.began = None;
    }

    /// Notes what was learnt of it. Returns whether something had happened since it was last seen.
    pub(super) fn learn(&mut self, facts: Facts, image: Arc<ImageFacts>, wanted: &Wanted, age: Duration) -> bool {
        self.name = Some(facts.name.clone());
        self.failed = None;
        self.told = None;
        self.is_out_of_memory = false;
        self.leaving = self.leaving.and_then(|farewell| farewell.after(&facts, age));
        let began = facts.activity.running_since();
        if began != self.seen.as_ref().and_then(|seen| seen.facts.activity.running_since()) {
            self.began = began;
        }
        let digest = digest(&facts.image, &facts.image_id, &image.known_as).into();
        self.seen = Some(Seen { facts, image, digest, belongs: Ok(None) });
        self.read_labels(wanted);
        std::mem::take(&mut self.is_touched)
    }

    /// Reads its labels again, for other services.
    pub(super) fn read_labels(&mut self, wanted: &Wanted) {
        if let Some(Seen { facts, image, digest, belongs }) = &mut self.seen {
            let Facts { labels, exposed, .. } = &*facts;
            let image_labels = image.labels.as_ref();
            *belongs = Labelled { labels, image_labels, exposed, digest }.attachment(wanted);
        }
    }

    /// Notes that its address has become another's.
    pub(super) fn lose_address(&mut self) {
        self.told = Some(State::Unhealthy { why: "its address is another container's now".into() });
    }

    pub(super) fn name(&self, id: &ContainerId) -> Box<str> {
        self.name.clone().unwrap_or_else(|| id.to_string().into())
    }

    /// That nothing could be learnt of it yet, if that is so.
    pub(super) fn unseen(&self, id: &ContainerId) -> Option<Unseen> {
        self.failed
            .as_ref()
            .filter(|_| self.seen.is_none())
            .map(|_| Unseen { name: self.name(id), service: self.service.clone() })
    }

    /// Whether it is the container of a task of Swarm's that says whose it is.
    pub(super) fn is_task(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.facts.labels.contains_key(SWARM_TASK))
    }

    pub(super) fn image_id(&self) -> Option<&str> {
        self.seen.as_ref().map(|seen| &*seen.facts.image_id)
    }

    /// What makes a difference of it, if it belongs to a service.
    pub(super) fn essence(&self, reach: &Reach) -> Option<Essence> {
        let seen = self.seen.as_ref()?;
        let (state, _) = self.state(seen, seen.belongs.as_ref().ok()?.as_ref()?, reach);
        let since = match state {
            State::Running { since, .. } | State::Stopped { since, .. } => since,
            _ => None,
        };
        Some((discriminant(&state), state.address(), since))
    }

    /// What is to be said of it: what it is, if it belongs to a service, and all that is wrong with it.
    pub(super) fn sighting(&self, id: &ContainerId, reach: &Reach) -> (Option<Sighting>, Vec<String>) {
        let mut faults: Vec<String> = self.failed.iter().map(|why| format!("it cannot be looked at: {why}")).collect();
        let Some(seen) = &self.seen else { return (None, faults) };
        let attachment = match &seen.belongs {
            Ok(Some(attachment)) => attachment,
            Ok(None) => return (None, faults),
            Err(wrong) => {
                faults.extend_from_slice(wrong);
                return (None, faults);
            }
        };
        let (state, unreachable) = self.state(seen, attachment, reach);
        faults.extend(unreachable);
        let Facts { image, created, restarts, doubts, .. } = &seen.facts;
        let sighting = Sighting {
            service: attachment.service.clone(),
            release: attachment.release.clone(),
            also: seen.other_names(attachment),
            container: id.clone(),
            name: self.name(id),
            image: image.clone(),
            digest: seen.digest.clone(),
            created: *created,
            restarts: *restarts,
            told_to_stop: self.leaving.filter(|_| state == State::Leaving).map(|farewell| farewell.at),
            managed: attachment.managed.clone(),
            compose: attachment.compose.clone(),
            doubts: doubts.clone(),
            swarm: None,
            state,
        };
        (Some(sighting), faults)
    }

    /// What it does, and why it cannot be reached if it could be otherwise.
    fn state(&self, seen: &Seen, attachment: &Attachment, reach: &Reach) -> (State, Option<String>) {
        let (since, health) = match (&self.told, &seen.facts.activity) {
            (Some(ended @ State::Stopped { .. }), _) => return (ended.clone(), None),
            _ if self.leaving.is_some() => return (State::Leaving, None),
            (Some(told), _) | (None, Activity::Other(told)) => return (told.clone(), None),
            (None, Activity::Running { since, health }) => (*since, health),
        };
        let project = attachment.compose.as_ref().map(|compose| &*compose.project);
        let address = seen.facts.connection.address(attachment.network.as_deref(), project, reach);
        match (address, health) {
            (Err(why), _) => (State::Unhealthy { why: why.clone() }, Some(why)),
            (_, Health::Bad { why }) => (State::Unhealthy { why: why.clone() }, None),
            (Ok(Some(ip)), Health::Good) => {
                let address = SocketAddr::new(ip, attachment.port.get());
                (State::Running { address, since }, None)
            }
            (Ok(_), Health::Starting) | (Ok(None), Health::Good) => (State::Starting, None),
        }
    }

    /// The run that it is in, as far as that has been seen.
    fn run(&self) -> Run {
        Run(self.seen.as_ref().filter(|_| self.told.is_none()).and_then(|seen| seen.facts.activity.running_since()))
    }

    /// Whether a start at that moment is that of the run that has been seen already.
    fn is_known_run(&self, told_at: SystemTime) -> bool {
        let Run(Some(begun)) = self.run() else { return false };
        told_at.duration_since(begun).is_ok_and(|passed| passed <= START_TOLD_MAX)
    }

    /// Whether it is reached on the network of this name.
    fn is_reached_on(&self, network: &str, reach: &Reach) -> bool {
        let Some((_, Some(address), _)) = self.essence(reach) else { return false };
        match self.seen.as_ref().map(|seen| &seen.facts.connection) {
            Some(Connection::Networks(networks)) => {
                networks.get(network).is_none_or(|given| *given == Some(address.ip()))
            }
            Some(Connection::Host | Connection::Shared) | None => false,
        }
    }
}

// === impl Farewell ===

impl Farewell {
    /// What is left of it, once this was learnt: nothing, if it was told to another run, or has survived it.
    fn after(self, facts: &Facts, age: Duration) -> Option<Self> {
        let Self { run: Run(begun), signal, .. } = self;
        let patience = facts.stop_timeout.saturating_add(SURVIVED_MIN);
        match facts.activity {
            Activity::Running { .. } if signal != Signal::KILL && age.saturating_sub(self.age) > patience => None,
            // A kill of which the run was not known was one of this.
            Activity::Running { since, .. } => {
                (begun.is_none() || begun == since).then_some(Self { run: Run(since), ..self })
            }
            Activity::Other(State::Paused) => Some(self),
            Activity::Other(_) => None,
        }
    }
}

//! How an engine begins: with what is declared, and what was kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use canary_config::daemon::Config;
use canary_config::docker::DockerMode;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Service;
use canary_config::weight::Weight;
use canary_proxy::routes::RouteWriter;
use tokio::sync::{Notify, mpsc};

use crate::api::StoreHealth;
use crate::clock;
use crate::docker::hands::Hands;
use crate::docker::owner::Owner;
use crate::docker::scribe::Scribe;
use crate::docker::sighting::Sightings;
use crate::docker::wanted::Wanted;
use crate::engine::cause::Cause;
use crate::engine::containers::Discovery;
use crate::engine::fit::{Lack, Role, lack};
use crate::engine::input::EngineHandle;
use crate::engine::managed::Managed;
use crate::engine::memory::Memory;
use crate::engine::outbox::Outbox;
use crate::engine::page::{Page, PageSources};
use crate::engine::stop::Stopping;
use crate::engine::traffic::Traffics;
use crate::engine::{Engine, INBOX_LIMIT, StoreWord};
use crate::freeze::Freezes;
use crate::hooks::{Runner, Turns};
use crate::probe::Watchers;
use crate::rollout::{PhaseName, Position, Reason, Rollout, Saved, State, Stop, Transition};
use crate::store::{Entry, Keeper, Loaded, Record, Store, StoreHandle};

/// What an engine begins with.
pub struct Starting {
    /// What is declared.
    pub config: Config,
    /// The only writer of the table.
    pub routes: RouteWriter,
    /// Where decisions are kept from now on.
    pub store: Box<dyn Store>,
    /// What was kept.
    pub loaded: Loaded,
    /// What the data plane counts beside its services.
    pub page: PageSources,
}

/// An engine that has begun, and what belongs to it.
#[derive(Debug)]
pub struct Started {
    /// To be run.
    pub engine: Engine,
    /// To ask and tell it things.
    pub handle: EngineHandle,
    /// The store's thread, for whoever ends it.
    pub keeper: Keeper,
    /// To ask the store things.
    pub store: StoreHandle,
}

/// Why an engine cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What was kept speaks of a release that is not declared any more.
    #[error(
        "services.{service}.releases: `{release}` is missing, and the store says that it is {role}; \
         declare it until another release has taken its place"
    )]
    ReleaseMissing {
        /// Of which service.
        service: ServiceName,
        /// Which release.
        release: ReleaseId,
        /// What it is.
        role: Role,
    },
    /// What was kept speaks of a service that is not declared any more.
    #[error(
        "services.{peer}: it is missing, and the store says that it moves with {service} as one rollout; \
         declare it until the rollout has ended"
    )]
    PeerMissing {
        /// Which service moves with it.
        service: ServiceName,
        /// Which service.
        peer: ServiceName,
    },
    /// No thread for the store.
    #[error("the store's thread cannot be started: {0}")]
    NoThread(#[from] std::io::Error),
}

// === impl Engine ===

impl Engine {
    /// Makes an engine, to be run. The table is published before this returns: what needs no probe to be
    /// known, such as a 404, is answered from then on.
    ///
    /// # Errors
    /// When what was kept does not fit what is declared.
    pub fn start(starting: Starting) -> Result<Started, StartError> {
        let Starting { config, routes, store, loaded, page } = starting;
        let Loaded { services: kept, stop, freezes, answered, papers, seed } = loaded;
        let now = clock::now();
        let mut absent = after(&kept, stop, now);
        let convicted = Arc::<Notify>::default();
        let mut services = BTreeMap::new();
        for (name, declared) in &config.services {
            let rollout = match absent.remove(name) {
                Some(saved) => restored(declared, &config.services, saved, now)?,
                None => Rollout::new(declared.origin.first_stable()),
            };
            services.insert(name.clone(), Managed::new(declared.clone(), rollout, &convicted, &seed));
        }
        let (inbox_sender, inbox) = mpsc::channel(INBOX_LIMIT);
        let (findings_sender, findings) = mpsc::channel(INBOX_LIMIT);
        let (to_self, from_store) = mpsc::unbounded_channel();
        let health_sender = to_self.clone();
        let (keeper, store) = Keeper::start(store, move |health| {
            // An engine that has ended needs to know no more.
            let _ = health_sender.send(StoreWord::Health(health));
        })?;
        let wanted = Wanted::of(&config.services);
        let discovery = config.docker.as_ref().map(|docker| Discovery::begin(&docker.host, wanted));
        let (acted_sender, acted) = mpsc::unbounded_channel();
        let (ran_sender, ran) = mpsc::unbounded_channel();
        let turns = Turns::new(Owner::of(&seed));
        if let Some(docker) = &config.docker {
            turns.clear_up(docker.host.clone());
        }
        let provided = config.docker.as_ref().filter(|docker| docker.mode == DockerMode::Provision);
        let hands = provided.map(|docker| Hands::new(docker, acted_sender));
        let (noted_sender, noted) = mpsc::unbounded_channel();
        let scribe = config.docker.as_ref().map(|docker| Scribe::new(docker.host.clone(), noted_sender));
        let mut engine = Self {
            page: Page::new(page),
            config,
            services,
            discovery,
            sightings: Sightings::default(),
            hands,
            acted,
            scribe,
            runner: Runner::new(turns, ran_sender),
            ran,
            noted,
            absent,
            absent_shelves: BTreeMap::new(),
            routes,
            health: StoreHealth { healthy: true, message: None },
            stopping: Stopping::No,
            store: store.clone(),
            watchers: Watchers::new(findings_sender),
            outbox: Outbox::default(),
            deferred: VecDeque::new(),
            freezes: Freezes::new(freezes),
            freezing: None,
            freezes_deferred: VecDeque::new(),
            memory: Memory::restore(answered),
            traffics: Traffics::new(now),
            convicted,
            seed,
            last_tick: now,
            inbox,
            findings,
            to_self,
            from_store,
        };
        engine.take_up_accounts(&papers, stop);
        engine.take_up_shelves(&papers);
        engine.begin(&kept);
        if stop == Stop::Orderly {
            engine.take_up_evidence(papers);
        }
        // A canary may be ready before the first tick, and its account shows that it began at zero again.
        let now = clock::now();
        engine.services.values_mut().for_each(|managed| managed.look_around(now));
        Ok(Started { engine, handle: EngineHandle::new(inbox_sender), keeper, store })
    }

    fn begin(&mut self, kept: &BTreeMap<ServiceName, Saved>) {
        let present = self.services.iter().map(|(name, managed)| (name.clone(), managed.rollout.save()));
        let absent = self.absent.iter().map(|(name, saved)| (name.clone(), saved.clone()));
        let untold: Vec<_> = present.chain(absent).filter(|(name, saved)| kept.get(name) != Some(saved)).collect();
        let set_back = untold.iter().filter_map(|(name, now)| Some(set_back(name, kept.get(name)?, now)));
        let entries = set_back.flatten().collect();
        self.introduce(untold.into_iter().map(|(name, _)| name), entries);
        for managed in self.services.values_mut() {
            managed.settle(&mut self.watchers, clock::now());
        }
        self.publish_all();
    }

    /// Tells the store what is true of services without a change: that they were seen for the first time, so that the
    /// file's word for stable counts only once, or what a crash has made of them.
    pub(super) fn introduce(&mut self, names: impl IntoIterator<Item = ServiceName>, entries: Vec<Entry>) {
        let saved = |name: ServiceName| {
            let present = self.services.get(&name).map(|managed| managed.rollout.save());
            present.or_else(|| self.absent.get(&name).cloned()).map(|saved| (name, saved))
        };
        let services: BTreeMap<_, _> = names.into_iter().filter_map(saved).collect();
        if !services.is_empty() {
            self.save(Record { services, entries, ..Record::default() }, None, Vec::new());
        }
    }
}

/// What was kept, as the stop leaves it: after an unclean one every rollout is back before its first step. From here on
/// that is what is true, so that no later stop, however orderly, brings back what was before.
fn after(kept: &BTreeMap<ServiceName, Saved>, stop: Stop, now: Instant) -> BTreeMap<ServiceName, Saved> {
    let left = |saved: &Saved| Rollout::restore(saved.clone(), stop, now).save();
    kept.iter().map(|(name, saved)| (name.clone(), left(saved))).collect()
}

/// Goes on from what was kept, if everything that matters is still declared.
pub(super) fn restored(
    declared: &Service,
    services: &BTreeMap<ServiceName, Service>,
    saved: Saved,
    now: Instant,
) -> Result<Rollout, StartError> {
    let rollout = Rollout::restore(saved, Stop::Orderly, now);
    let service = declared.name.clone();
    match lack(&rollout, declared, services) {
        None => Ok(rollout),
        Some(Lack::Release { release, role }) => Err(StartError::ReleaseMissing { service, release, role }),
        Some(Lack::Peer(peer)) => Err(StartError::PeerMissing { service, peer }),
    }
}

/// The line of the audit trail that says why a rollout is not where it was: a crash has set it back.
fn set_back(service: &ServiceName, before: &Saved, now: &Saved) -> Option<Entry> {
    let State::UnderWay { trial, position, .. } = &before.state else { return None };
    if matches!(&now.state, State::UnderWay { position: now, .. } if now == position) {
        return None;
    }
    let from = match position {
        Position::Step(_) => PhaseName::Progressing,
        Position::PausedAt(_) => PhaseName::Paused,
        Position::Full => PhaseName::Probation,
    };
    let transition = Transition {
        generation: before.generation,
        canary: Some(trial.canary.clone()),
        from,
        to: PhaseName::Preparing,
        step: None,
        weight: Weight::ZERO,
        reason: Reason::Restarted,
    };
    Some(Cause::canaryd().entry(clock::today(), service.clone(), transition, None))
}

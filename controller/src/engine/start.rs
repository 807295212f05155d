//! How an engine begins: with what is declared, and what was kept.

use std::collections::BTreeMap;

use canary_config::daemon::Config;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Service;
use canary_proxy::routes::RouteWriter;
use tokio::sync::mpsc;

use crate::api::StoreHealth;
use crate::clock;
use crate::engine::input::EngineHandle;
use crate::engine::managed::Managed;
use crate::engine::page::{Page, PageSources};
use crate::engine::pending::Ticket;
use crate::engine::{Engine, INBOX_LIMIT, Stopping, StoreWord};
use crate::probe::Watchers;
use crate::rollout::{Rollout, Saved, Stop};
use crate::store::{Keeper, Loaded, Record, Store, StoreHandle};

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
        role: &'static str,
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
        let mut services = BTreeMap::new();
        let mut untold = Vec::new();
        let stored = loaded.services.clone();
        let mut absent = after(loaded);
        for (name, declared) in &config.services {
            let rollout = match absent.remove(name) {
                Some(saved) => restored(declared, saved)?,
                None => Rollout::new(declared.stable.clone()),
            };
            if stored.get(name) != Some(&rollout.save()) {
                untold.push(name.clone());
            }
            services.insert(name.clone(), Managed::new(declared.clone(), rollout));
        }
        let (inbox_sender, inbox) = mpsc::channel(INBOX_LIMIT);
        let (findings_sender, findings) = mpsc::channel(INBOX_LIMIT);
        let (to_self, from_store) = mpsc::unbounded_channel();
        let health_sender = to_self.clone();
        let (keeper, store) = Keeper::start(store, move |health| {
            // An engine that has ended needs to know no more.
            let _ = health_sender.send(StoreWord::Health(health));
        })?;
        let mut engine = Self {
            page: Page::new(page),
            config,
            services,
            absent,
            routes,
            health: StoreHealth { healthy: true, message: None },
            stopping: Stopping::No,
            store: store.clone(),
            watchers: Watchers::new(findings_sender),
            last_ticket: Ticket::default(),
            last_tick: clock::now(),
            inbox,
            findings,
            to_self,
            from_store,
        };
        engine.begin(&untold);
        Ok(Started { engine, handle: EngineHandle::new(inbox_sender), keeper, store })
    }

    fn begin(&mut self, untold: &[ServiceName]) {
        for service in untold {
            self.introduce(service);
        }
        for managed in self.services.values_mut() {
            managed.settle(&mut self.watchers, clock::now());
        }
        self.publish_all();
    }

    /// Tells the store what is true of a service without a change: that it was seen for the first time, so that the
    /// file's word for stable counts only once, or what a crash has made of it.
    pub(super) fn introduce(&mut self, service: &ServiceName) {
        if let Some(managed) = self.services.get(service) {
            let record = Record {
                services: [(service.clone(), managed.rollout.save())].into(),
                entries: Vec::new(),
                freezes: None,
            };
            self.save(service, record, None);
        }
    }
}

/// What was kept, as the stop leaves it: after an unclean one every rollout is back before its first step. From here on
/// that is what is true, so that no later stop, however orderly, brings back what was before.
fn after(loaded: Loaded) -> BTreeMap<ServiceName, Saved> {
    let Loaded { services, stop, .. } = loaded;
    let left = |saved| Rollout::restore(saved, stop, clock::now()).save();
    services.into_iter().map(|(name, saved)| (name, left(saved))).collect()
}

/// Goes on from what was kept, if every release that matters is still declared.
pub(super) fn restored(declared: &Service, saved: Saved) -> Result<Rollout, StartError> {
    let rollout = Rollout::restore(saved, Stop::Orderly, clock::now());
    let roles = [(Some(rollout.stable()), "stable"), (rollout.canary(), "on trial")];
    for (release, role) in roles {
        if let Some(release) = release
            && !declared.releases.contains_key(release)
        {
            let (service, release) = (declared.name.clone(), release.clone());
            return Err(StartError::ReleaseMissing { service, release, role });
        }
    }
    Ok(rollout)
}

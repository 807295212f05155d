//! The only loop: what happens comes in, and what is decided goes out to the table, the store, the counters and the
//! log.
//!
//! The engine holds the only [`RouteWriter`]. It never blocks: the store and the probes run elsewhere and come back as
//! inputs. An operator's word comes in by `order` and `freezing`, all else by `seen`; what a group of services makes of
//! it is decided and carried out in `change`: down first, up last.

mod accounts;
mod cause;
mod change;
mod cohort;
mod containers;
mod fit;
mod freezing;
mod group;
mod input;
mod judging;
mod keeping;
mod managed;
mod memory;
mod moved;
mod order;
mod outbox;
mod page;
mod parking;
mod pools;
mod reload;
mod seen;
mod start;
mod status;
mod stop;
mod traffic;
mod why;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_config::daemon::Config;
use canary_config::name::ServiceName;
use canary_proxy::routes::RouteWriter;
use tokio::sync::{Notify, mpsc};

use self::containers::Discovery;
use self::freezing::{FreezeOrder, Freezing};
use self::managed::Managed;
use self::memory::Memory;
use self::order::{Deferred, Ordered};
use self::outbox::{Outbox, Ticket};
use self::page::Page;
use self::parking::ParkOrder;
use self::status::docker_health;
use self::stop::Stopping;
use self::traffic::Traffics;
use crate::api::{Overview, Problem, ProblemKind, ServiceStatus, StoreHealth};
use crate::clock;
use crate::docker::hands::{Acted, Hands};
use crate::docker::scribe::{Noted, Scribe};
use crate::docker::shelf::Shelf;
use crate::docker::sighting::Sightings;
use crate::freeze::Freezes;
use crate::hooks::{Ran, Runner};
use crate::probe::{Finding, Watchers};
use crate::rollout::Saved;
use crate::store::{Seed, StoreError, StoreHandle};

pub use self::accounts::Told;
pub use self::containers::{Begun, DeployWord, Part, Stock, Subject};
pub use self::fit::Role;
pub use self::input::{
    Accepted, Asked, Author, EngineHandle, FreezeWord, Input, Order, ParkWord, RollbackOrder, StartOrder,
};
pub use self::page::PageSources;
pub use self::start::{StartError, Started, Starting};
pub use self::traffic::Prospect;

/// How often the ledgers are looked at while a release is on trial.
const TICK: Duration = Duration::from_millis(100);

/// Inputs that may wait for the engine. Whoever finds it full waits for a place.
const INBOX_LIMIT: usize = 1024;

/// Holds every service, and turns.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    services: BTreeMap<ServiceName, Managed>,
    /// The watch over containers.
    discovery: Option<Discovery>,
    /// What is known of them.
    sightings: Sightings,
    /// What does things to containers, where that is allowed.
    hands: Option<Hands>,
    acted: mpsc::UnboundedReceiver<Acted>,
    /// What listens to them.
    scribe: Option<Scribe>,
    /// What does hooks and smoke tests.
    runner: Runner,
    ran: mpsc::UnboundedReceiver<Ran>,
    noted: mpsc::UnboundedReceiver<Noted>,
    /// What is known of services that are not declared at present.
    absent: BTreeMap<ServiceName, Saved>,
    /// What is on their shelves.
    absent_shelves: BTreeMap<ServiceName, Shelf>,
    routes: RouteWriter,
    store: StoreHandle,
    health: StoreHealth,
    stopping: Stopping,
    watchers: Watchers,
    page: Page,
    /// What is decided and not stored yet.
    outbox: Outbox,
    /// Orders that wait for a change before them to be stored.
    deferred: VecDeque<Deferred>,
    freezes: Freezes,
    /// The word about freezes that is being stored.
    freezing: Option<Freezing>,
    /// Words about freezes that wait for that.
    freezes_deferred: VecDeque<FreezeOrder>,
    memory: Memory,
    traffics: Traffics,
    /// Rung when a canary was convicted.
    convicted: Arc<Notify>,
    /// What every salt is derived from.
    seed: Seed,
    last_tick: Instant,
    inbox: mpsc::Receiver<Input>,
    findings: mpsc::Receiver<Finding>,
    to_self: mpsc::UnboundedSender<StoreWord>,
    from_store: mpsc::UnboundedReceiver<StoreWord>,
}

/// What the store's thread says. There are never more words under way than records that the store's own queue takes.
#[derive(Debug)]
enum StoreWord {
    /// A record was kept, or could not be.
    Answered { ticket: Ticket, result: Result<(), StoreError> },
    /// Accounts were not kept that nothing else came with.
    AccountsLost,
    /// Its health is another one now.
    Health(StoreHealth),
}

/// What the engine turns to next.
enum Next {
    Input(Input),
    Finding(Finding),
    Word(StoreWord),
    Seen(Sightings),
    Acted(Acted),
    Ran(Ran),
    Noted(Noted),
    Conviction,
    Tick,
}

// === impl Engine ===

impl Engine {
    /// Turns until nobody holds a handle on it any more.
    pub async fn run(mut self) {
        loop {
            let wake_at = self.wake_at();
            let sleep = async {
                match wake_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let next = tokio::select! {
                input = self.inbox.recv() => match input {
                    Some(input) => Next::Input(input),
                    None => return self.keep_last_accounts(),
                },
                Some(finding) = self.findings.recv() => Next::Finding(finding),
                Some(word) = self.from_store.recv() => Next::Word(word),
                seen = Discovery::next(&mut self.discovery) => Next::Seen(seen),
                Some(acted) = self.acted.recv() => Next::Acted(acted),
                Some(ran) = self.ran.recv() => Next::Ran(ran),
                Some(noted) = self.noted.recv() => Next::Noted(noted),
                () = self.convicted.notified() => Next::Conviction,
                () = sleep => Next::Tick,
            };
            // Before anything else: what is decided from here on must not overlook it.
            self.note_convictions();
            match next {
                Next::Input(input) => self.take(input),
                Next::Finding(finding) => self.note_finding(finding),
                Next::Word(word) => self.note_word(word),
                Next::Seen(seen) => self.note_sightings(seen),
                Next::Acted(Acted::Container(acted)) => self.note_acted(acted),
                Next::Acted(Acted::Service(acted)) => self.note_service_acted(acted),
                Next::Ran(ran) => self.note_ran(ran),
                Next::Noted(Noted::Written(written)) => self.note_written(written),
                Next::Noted(Noted::Measured(measured)) => self.note_measured(measured),
                Next::Conviction => {}
                Next::Tick => self.tick(),
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Order { service, order, generation, author, key, reply } => {
                self.take_order(Ordered { service, order, generation, author, key, reply });
            }
            Input::Freeze { service, word, author, key, reply } => {
                self.take_freeze(FreezeOrder { service, word, author, key, reply });
            }
            Input::Park { service, word, author, key, reply } => {
                self.take_park(ParkOrder { service, word, author, key, reply });
            }
            Input::Why(asked, reply) => {
                let _ = reply.send(Ok(self.why(&asked)));
            }
            Input::Overview(reply) => {
                let _ = reply.send(self.overview());
            }
            Input::Status(service, reply) => {
                let _ = reply.send(self.status(&service));
            }
            Input::Account(service, generation, reply) => {
                let _ = reply.send(self.account(&service, generation));
            }
            Input::Prospect(service, reply) => {
                let _ = reply.send(self.prospect(&service));
            }
            Input::Reload(config, reply) => {
                let _ = reply.send(self.reload(*config));
            }
            Input::Page(reply) => {
                // So that the page is no older than the request for it.
                self.tick();
                let _ = reply.send(self.page.render(&self.services, &self.health));
            }
            Input::Unready(reply) => {
                let _ = reply.send(self.unready());
            }
            Input::Deployment(word) => self.note_deployment(word),
            Input::Stop(stopped) => self.stop(stopped),
        }
    }

    fn note_word(&mut self, word: StoreWord) {
        match word {
            StoreWord::Answered { ticket, result } => {
                let result = result.map_err(|error| Problem {
                    kind: ProblemKind::StoreUnavailable,
                    message: format!("it could not be stored, so it was not done: {error}"),
                });
                self.note_stored(ticket, result);
                self.mark_stop();
            }
            StoreWord::AccountsLost => self.mark_accounts_unstored(),
            StoreWord::Health(health) => self.health = health,
        }
    }

    fn overview(&mut self) -> Overview {
        let (now, freezes) = (clock::now(), self.all_freezes());
        let frozen: Vec<_> = self.services.keys().map(|service| self.freeze_of(service)).collect();
        let services = self.services.values_mut().zip(frozen);
        let services = services.map(|(managed, freeze)| managed.status(now, freeze)).collect();
        let docker = self.config.docker.as_ref().map(|_| docker_health(&self.sightings));
        Overview { store: self.health.clone(), services, docker, freezes }
    }

    fn status(&mut self, service: &ServiceName) -> Result<ServiceStatus, Problem> {
        let freeze = self.freeze_of(service);
        let status = self.services.get_mut(service).map(|managed| managed.status(clock::now(), freeze));
        let status = status.ok_or_else(|| self.unknown_service(service))?;
        let store_trouble = self.health.message.clone().filter(|_| !self.health.healthy);
        Ok(ServiceStatus { store_trouble, ..status })
    }

    fn unknown_service(&self, service: &ServiceName) -> Problem {
        let message = format!("there is no service `{service}`; declared are {}", joined(self.services.keys()));
        Problem { kind: ProblemKind::NotFound, message }
    }

    /// Shows what is decided of some services, and with them the whole table, at once.
    fn publish<'a>(&mut self, services: impl IntoIterator<Item = &'a ServiceName>) {
        let now = clock::now();
        for service in services {
            if let Some(managed) = self.services.get_mut(service) {
                managed.settle(&mut self.watchers, now);
            }
        }
        self.publish_all();
    }

    fn publish_all(&mut self) {
        let routes = self.services.values().filter_map(|managed| managed.route().cloned());
        self.routes.publish(routes.collect());
    }
}

fn refused(message: String) -> Problem {
    Problem { kind: ProblemKind::Refused, message }
}

fn joined(names: impl Iterator<Item = impl ToString>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

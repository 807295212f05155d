//! The only loop: what happens comes in, and what is decided goes out to the table, the store, the counters and the
//! log.
//!
//! The engine holds the only [`RouteWriter`]. It never blocks: the store and the probes run elsewhere and come back as
//! inputs. The order in which a change takes effect is in `change`: down first, up last.

mod change;
mod input;
mod ledgers;
mod managed;
mod page;
mod pending;
mod pools;
mod reload;
mod start;
mod status;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::daemon::Config;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::service::Release;
use canary_proxy::routes::RouteWriter;
use tokio::sync::{mpsc, oneshot};

use self::managed::Managed;
use self::page::Page;
use self::pending::{Cause, Ticket};
use crate::api::{Overview, Problem, ProblemKind, ServiceStatus, StoreHealth};
use crate::clock;
use crate::probe::{Finding, Watchers};
use crate::rollout::{Command, Event, Generation, Readiness, Saved, Start, Trial};
use crate::store::{StoreError, StoreHandle};

pub use self::input::{Accepted, Asked, Author, EngineHandle, FreezeWord, Input, Order, StartOrder};
pub use self::page::PageSources;
pub use self::start::{StartError, Started, Starting};

/// How often the ledgers are looked at while a release is on trial.
const TICK: Duration = Duration::from_millis(100);

/// Inputs that may wait for the engine. Whoever finds it full waits for a place.
const INBOX_LIMIT: usize = 1024;

/// Holds every service, and turns.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    services: BTreeMap<ServiceName, Managed>,
    /// What is known of services that are not declared at present.
    absent: BTreeMap<ServiceName, Saved>,
    routes: RouteWriter,
    store: StoreHandle,
    health: StoreHealth,
    stopping: Stopping,
    watchers: Watchers,
    page: Page,
    last_ticket: Ticket,
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
    Answered { service: ServiceName, ticket: Ticket, result: Result<(), StoreError> },
    /// Its health is another one now.
    Health(StoreHealth),
}

/// Whether the process is about to end. Nothing new is decided then.
#[derive(Debug)]
enum Stopping {
    No,
    /// It is, and this waits until everything is stored.
    Yes(Option<oneshot::Sender<()>>),
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
            tokio::select! {
                input = self.inbox.recv() => match input {
                    Some(input) => self.take(input),
                    None => return,
                },
                Some(finding) = self.findings.recv() => self.note_finding(&finding),
                Some(word) = self.from_store.recv() => self.note_word(word),
                () = sleep => self.tick(),
            }
        }
    }

    /// Decides nothing more. What is in force and not stored yet is sent once more before the end.
    fn stop(&mut self, stopped: oneshot::Sender<()>) {
        for service in self.services.keys().cloned().collect::<Vec<_>>() {
            self.save_again(&service);
        }
        self.stopping = Stopping::Yes(Some(stopped));
        self.mark_stop();
    }

    /// Keeps that the end was orderly, once the store has answered for everything. If it lacks something that is in
    /// force, the end was not: what it would go on from is not what was.
    fn mark_stop(&mut self) {
        let Stopping::Yes(waiting) = &mut self.stopping else { return };
        if self.services.values().any(Managed::waits_for_the_store) {
            return;
        }
        let Some(stopped) = waiting.take() else { return };
        if self.services.values().any(|managed| managed.unsaved.is_some()) {
            tracing::warn!("not everything is stored; the next start will take this stop for a crash");
            let _ = stopped.send(());
            return;
        }
        let unmarked = |problem| tracing::warn!(%problem, "the next start will take this stop for a crash");
        let marked = self.store.mark_orderly_stop(move |result| {
            if let Err(problem) = result {
                unmarked(problem);
            }
            let _ = stopped.send(());
        });
        if let Err(problem) = marked {
            unmarked(problem);
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Order { service, order, generation, author, reply, .. } => {
                self.obey(&service, order, generation, author, reply);
            }
            Input::Freeze { reply, .. } => {
                let _ = reply.send(Err(not_yet()));
            }
            Input::Why(_, reply) => {
                let _ = reply.send(Err(not_yet()));
            }
            Input::Overview(reply) => {
                let services = self.services.values_mut().map(Managed::status).collect();
                let _ = reply.send(Overview { store: self.health.clone(), services, freezes: Vec::new() });
            }
            Input::Status(service, reply) => {
                let _ = reply.send(self.status(&service));
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
            Input::Stop(stopped) => self.stop(stopped),
        }
    }

    fn obey(
        &mut self,
        service: &ServiceName,
        order: Order,
        generation: Option<Generation>,
        author: Author,
        reply: oneshot::Sender<Result<Accepted, Problem>>,
    ) {
        let cause = Cause::order(&order, author, reply);
        match self.command(service, order) {
            Ok(command) => self.turn(service, Event::Commanded { command, generation }, cause),
            Err(problem) => cause.refuse(problem),
        }
    }

    fn command(&self, service: &ServiceName, order: Order) -> Result<Command, Problem> {
        let managed = self.services.get(service).ok_or_else(|| self.unknown_service(service))?;
        match order {
            Order::Start(start) => managed.start_of(start).map(Command::Start),
            Order::Retry => Ok(Command::Retry(managed.declared.plan.clone())),
            Order::Promote(stride) => Ok(Command::Promote(stride)),
            Order::Pause => Ok(Command::Pause),
            Order::Resume => Ok(Command::Resume),
            Order::Abort => Ok(Command::Abort),
            Order::Undo => Ok(Command::Undo),
        }
    }

    fn status(&mut self, service: &ServiceName) -> Result<ServiceStatus, Problem> {
        let status = self.services.get_mut(service).map(Managed::status);
        let status = status.ok_or_else(|| self.unknown_service(service))?;
        let store_trouble = self.health.message.clone().filter(|_| !self.health.healthy);
        Ok(ServiceStatus { store_trouble, ..status })
    }

    fn unknown_service(&self, service: &ServiceName) -> Problem {
        let message = format!("there is no service `{service}`; declared are {}", joined(self.services.keys()));
        Problem { kind: ProblemKind::NotFound, message }
    }

    fn note_finding(&mut self, finding: &Finding) {
        let service = &finding.key.service;
        let Some(managed) = self.services.get_mut(service) else { return };
        if !managed.pools.note(finding) {
            return;
        }
        tracing::info!(
            service = %service,
            release = %finding.key.release,
            backend = %finding.key.backend,
            condition = finding.condition.label(),
            "backend"
        );
        let event = managed.probed();
        self.publish(service);
        self.turn(service, event, Cause::canaryd());
    }

    fn note_word(&mut self, word: StoreWord) {
        match word {
            StoreWord::Answered { service, ticket, result } => {
                let result = result.map_err(|error| Problem {
                    kind: ProblemKind::StoreUnavailable,
                    message: format!("it could not be stored, so it was not done: {error}"),
                });
                self.note_stored(&service, ticket, result);
                self.mark_stop();
            }
            StoreWord::Health(health) => self.health = health,
        }
    }

    /// Looks at whatever time or late requests may have changed.
    fn tick(&mut self) {
        let now = clock::now();
        self.last_tick = now;
        let restless = self.services.iter().filter(|(_, managed)| managed.is_restless());
        for service in restless.map(|(service, _)| service.clone()).collect::<Vec<_>>() {
            let Some(managed) = self.services.get_mut(&service) else { continue };
            let events = [managed.judge(now), Some(managed.probed()), Some(Event::Ticked)];
            for event in events.into_iter().flatten() {
                self.turn(&service, event, Cause::canaryd());
            }
            self.save_again(&service);
        }
    }

    /// When to look again if nothing happens before; never, while no release is on trial.
    fn wake_at(&self) -> Option<Instant> {
        let is_restless = self.services.values().any(Managed::is_restless);
        let tick = is_restless.then(|| self.last_tick + TICK);
        let deadlines = self.services.values().filter_map(|managed| managed.rollout.next_deadline());
        // What was due at the last look and could not be done comes up at the next one, not at once.
        deadlines.filter(|deadline| *deadline > self.last_tick).chain(tick).min()
    }

    /// Shows what is decided of one service, and with it the whole table, at once.
    fn publish(&mut self, service: &ServiceName) {
        if let Some(managed) = self.services.get_mut(service) {
            managed.settle(&mut self.watchers, clock::now());
        }
        self.publish_all();
    }

    fn publish_all(&mut self) {
        let routes = self.services.values().filter_map(|managed| managed.route().cloned());
        self.routes.publish(routes.collect());
    }

    /// The services that nobody could answer for now.
    fn unready(&self) -> Vec<ServiceName> {
        let is_ready = |managed: &Managed, release| managed.pools.readiness(release) != Readiness::None;
        let unready = self.services.iter().filter(|(_, managed)| !is_ready(managed, managed.rollout.stable()));
        unready.map(|(service, _)| service.clone()).collect()
    }
}

// === impl Managed ===

impl Managed {
    /// What an order to start means by what is declared.
    fn start_of(&self, order: StartOrder) -> Result<Start, Problem> {
        let release = self.declares(&order.release)?;
        let plan = match NonZeroUsize::new(release.backends.len()) {
            Some(instances) => self.declared.plan.for_instances(instances),
            None => self.declared.plan.clone(),
        };
        let on_busy = order.on_busy.unwrap_or(plan.on_busy);
        let trial = Trial { canary: order.release, plan, peers: BTreeSet::new() };
        Ok(Start { trial, again: order.again, on_busy })
    }

    fn declares(&self, release: &ReleaseId) -> Result<&Release, Problem> {
        self.declared.releases.get(release).ok_or_else(|| {
            let (service, known) = (&self.declared.name, joined(self.declared.releases.keys()));
            let message = format!("services.{service}.releases has no `{release}`; declared are {known}");
            Problem { kind: ProblemKind::NotFound, message }
        })
    }
}

fn not_yet() -> Problem {
    Problem { kind: ProblemKind::Refused, message: "this is not available yet".into() }
}

fn joined(names: impl Iterator<Item = impl ToString>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

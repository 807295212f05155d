//! The order in which a change takes effect: down first, up last.
//!
//! A retreat is published at once and stored afterwards; it waits for no disk. Everything else is stored first, and
//! published when the store has said so; whoever ordered it is answered then. A retreat that comes while another change
//! waits for the store overtakes it.

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{Done, Problem, ProblemKind};
use crate::clock;
use crate::engine::input::Accepted;
use crate::engine::managed::Managed;
use crate::engine::pending::{Cause, Pending, Sending, Ticket, Unsaved, answer};
use crate::engine::{Engine, Stopping, StoreWord};
use crate::rollout::{Command, Event, PhaseName, Raises, Rollout, Transition};
use crate::store::{Entry, Record};

/// Orders that may wait for one change to be stored.
const DEFERRED_LIMIT: usize = 16;

// === impl Engine ===

impl Engine {
    /// Shows an event to a service's rollout, and carries out what comes of it.
    pub(super) fn turn(&mut self, service: &ServiceName, event: Event, cause: Cause) {
        if matches!(self.stopping, Stopping::Yes(_)) {
            let message = "canaryd is about to end; nothing was done".into();
            return cause.refuse(Problem { kind: ProblemKind::Refused, message });
        }
        let Some(managed) = self.services.get_mut(service) else { return };
        // An abort waits only for a start that is being stored: there is nothing yet that it could send back.
        let is_retreat = is_retreat_order(&event) && managed.rollout.phase().trial().is_some();
        if managed.waits_for_the_store() && cause.is_order() && !is_retreat {
            managed.defer(event, cause);
            return;
        }
        let mut next = managed.rollout.clone();
        match next.handle(event, clock::now(), Raises::Allowed) {
            Err(refusal) => cause.refuse(Problem { kind: ProblemKind::Refused, message: refusal.to_string() }),
            Ok(None) => {}
            Ok(Some(transition)) if transition.to == PhaseName::Aborted => {
                self.retreat(service, next, transition, cause);
            }
            Ok(Some(transition)) => self.go_on(service, next, transition, cause),
        }
    }

    /// Publishes first, then stores.
    fn retreat(&mut self, service: &ServiceName, next: Rollout, transition: Transition, cause: Cause) {
        let Some(managed) = self.services.get_mut(service) else { return };
        if let Some(overtaken) = managed.pending.take() {
            let message = format!("overtaken: the rollout of {service} was sent back before this was stored");
            answer(overtaken.reply, Err(Problem { kind: ProblemKind::Refused, message }));
        }
        let Cause { actor, command, note, reply } = cause;
        let entry = managed.entry(actor, command, note, transition.clone());
        let record = Record { services: [(service.clone(), next.save())].into(), entries: vec![entry], freezes: None };
        self.take_effect(service, next, &transition);
        let (stored, is_stored) = oneshot::channel();
        let done = Done { service: service.clone(), transition, durable: false, peers: Vec::new() };
        answer(reply, Ok(Accepted { done, stored: is_stored }));
        self.save(service, record, Some(stored));
    }

    /// Stores first, and publishes when that is done.
    fn go_on(&mut self, service: &ServiceName, next: Rollout, transition: Transition, cause: Cause) {
        let is_healthy = self.health.healthy;
        let Some(managed) = self.services.get_mut(service) else { return };
        if !is_healthy {
            let message = self.health.message.clone().unwrap_or_default();
            cause.refuse(Problem {
                kind: ProblemKind::StoreUnavailable,
                message: format!("what cannot be stored is not begun: {message}"),
            });
            return;
        }
        if managed.waits_for_the_store() {
            // What time or a probe brings about comes up again.
            return;
        }
        if managed.unsaved.is_some() {
            // Sent again later, it would cover in the store what came after it.
            let message = format!("the last change of {service} is not stored yet, though it is in force; try again");
            cause.refuse(Problem { kind: ProblemKind::StoreUnavailable, message });
            return;
        }
        let Cause { actor, command, note, reply } = cause;
        let entry = managed.entry(actor, command, note, transition.clone());
        let record = Record { services: [(service.clone(), next.save())].into(), entries: vec![entry], freezes: None };
        let ticket = self.last_ticket.next();
        managed.pending = Some(Pending { ticket, next, transition, reply });
        self.send(service, ticket, record);
    }

    /// Puts a decided change in force: the table first, then the log and the counters.
    fn take_effect(&mut self, service: &ServiceName, next: Rollout, transition: &Transition) {
        let Some(managed) = self.services.get_mut(service) else { return };
        managed.take(next, transition.reason);
        self.publish(service);
        self.page.count(service, transition);
        tracing::info!(
            service = %service,
            generation = transition.generation.get(),
            canary = transition.canary.as_ref().map(ToString::to_string),
            from = transition.from.label(),
            to = transition.to.label(),
            weight = %transition.weight,
            reason = transition.reason.label(),
            "rollout"
        );
        // Probes may already have found what the new phase waits for.
        if let Some(event) = self.services.get(service).map(Managed::probed) {
            self.turn(service, event, Cause::canaryd());
        }
    }

    /// Sends what is in force to the store, and remembers it until it is there.
    pub(super) fn save(&mut self, service: &ServiceName, record: Record, stored: Option<oneshot::Sender<bool>>) {
        let ticket = self.last_ticket.next();
        if let Some(managed) = self.services.get_mut(service) {
            managed.unsaved = Some(Unsaved { record: record.clone(), sending: Sending::UnderWay(ticket), stored });
        }
        self.send(service, ticket, record);
    }

    fn send(&mut self, service: &ServiceName, ticket: Ticket, record: Record) {
        let (service, to_self) = (service.clone(), self.to_self.clone());
        let tell = move |result| {
            // An engine that has ended does not wait for an answer.
            let _ = to_self.send(StoreWord::Answered { service, ticket, result });
        };
        if let Err(error) = self.store.record(record, tell.clone()) {
            tell(Err(error));
        }
    }

    /// The store has kept a record, or could not.
    pub(super) fn note_stored(&mut self, service: &ServiceName, ticket: Ticket, result: Result<(), Problem>) {
        let Some(managed) = self.services.get_mut(service) else { return };
        if let Some(pending) = managed.pending.take_if(|pending| pending.ticket == ticket) {
            self.finish(service, pending, result);
            self.catch_up(service);
        } else if let Some(mut unsaved) = managed.unsaved.take_if(|unsaved| unsaved.is_under_way(ticket)) {
            answer(unsaved.stored.take(), result.is_ok());
            unsaved.sending = Sending::Failed;
            managed.unsaved = Some(unsaved).filter(|_| result.is_err());
            self.catch_up(service);
        }
    }

    fn finish(&mut self, service: &ServiceName, pending: Pending, result: Result<(), Problem>) {
        let Pending { next, transition, reply, .. } = pending;
        match result {
            Err(problem) => {
                tracing::warn!(service = %service, problem = problem.message, "a change was not stored and not made");
                answer(reply, Err(problem));
            }
            Ok(()) => {
                let (stored, is_stored) = oneshot::channel();
                let _ = stored.send(true);
                let done =
                    Done { service: service.clone(), transition: transition.clone(), durable: true, peers: Vec::new() };
                self.take_effect(service, next, &transition);
                answer(reply, Ok(Accepted { done, stored: is_stored }));
            }
        }
    }

    /// Takes up the orders that waited for the store.
    fn catch_up(&mut self, service: &ServiceName) {
        while let Some((event, cause)) = self.services.get_mut(service).and_then(Managed::next_deferred) {
            match self.still_declared(service, &event) {
                Ok(()) => self.turn(service, event, cause),
                Err(problem) => cause.refuse(problem),
            }
        }
    }

    /// While an order waited, a changed file may have taken away what it is about.
    fn still_declared(&self, service: &ServiceName, event: &Event) -> Result<(), Problem> {
        match event {
            Event::Commanded { command: Command::Start(start), .. } => {
                let managed = self.services.get(service).ok_or_else(|| self.unknown_service(service))?;
                managed.declares(&start.trial.canary).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Sends again what the store could not keep, once it takes things again.
    pub(super) fn save_again(&mut self, service: &ServiceName) {
        let Some(managed) = self.services.get_mut(service).filter(|_| self.health.healthy) else { return };
        if let Some(unsaved) = managed.unsaved.take_if(|unsaved| unsaved.is_failed()) {
            self.save(service, unsaved.record, unsaved.stored);
        }
    }
}

// === impl Managed ===

impl Managed {
    fn entry(&mut self, actor: String, command: Option<String>, note: Option<String>, transition: Transition) -> Entry {
        let evidence = self.evidence();
        Entry {
            at: clock::today(),
            service: Some(self.declared.name.clone()),
            actor,
            command,
            note,
            key: None,
            transition: Some(transition),
            evidence,
        }
    }

    fn defer(&mut self, event: Event, cause: Cause) {
        if self.deferred.len() < DEFERRED_LIMIT {
            self.deferred.push_back((event, cause));
        } else {
            let message = format!("{} orders wait for the store already; try again", self.deferred.len());
            cause.refuse(Problem { kind: ProblemKind::Refused, message });
        }
    }

    /// The next order that waits, once nothing is in its way.
    fn next_deferred(&mut self) -> Option<(Event, Cause)> {
        if self.waits_for_the_store() { None } else { self.deferred.pop_front() }
    }

    /// Whether the store has been given a change and has not answered yet. Whatever comes after it is stored after it.
    pub(super) fn waits_for_the_store(&self) -> bool {
        self.pending.is_some() || self.unsaved.as_ref().is_some_and(|unsaved| !unsaved.is_failed())
    }
}

fn is_retreat_order(event: &Event) -> bool {
    matches!(event, Event::Commanded { command: Command::Abort | Command::Undo, .. })
}

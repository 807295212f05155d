//! What is decided and not stored yet.
//!
//! A change either waits here to come into force when it is stored ([`Pending`]), or is in force already, and only the
//! store lacks it ([`Unsaved`]). Both may be about several services at once.

use std::collections::BTreeMap;

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{Problem, ProblemKind};
use crate::engine::cause::Cause;
use crate::engine::moved::Moved;
use crate::idempotency::IdempotencyKey;
use crate::rollout::Rollout;
use crate::store::{PaperKind, Record};

/// So many may wait to hear that one change is stored.
const WAITERS_MAX: usize = 16;

/// The number of a record on its way to the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// What is decided and not stored yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    last: Ticket,
    pending: BTreeMap<Ticket, Pending>,
    unsaved: BTreeMap<Ticket, Unsaved>,
    /// The record that was sent last about each service.
    latest: BTreeMap<ServiceName, Ticket>,
}

/// A change that is decided and waits for the store.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) moves: Vec<Moved>,
    pub(super) cause: Cause,
}

/// A change that is in force and not stored yet.
#[derive(Debug)]
pub(super) struct Unsaved {
    pub(super) record: Record,
    /// Who waits to hear whether it is stored.
    waiters: Vec<oneshot::Sender<bool>>,
    /// Orders that this has overtaken. That they were not done is true once it is stored, and not before.
    overtaken: Vec<Cause>,
    sending: Sending,
}

/// Where such a change is on its way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    UnderWay,
    Failed,
}

// === impl Outbox ===

impl Outbox {
    pub(super) fn ticket(&mut self) -> Ticket {
        self.last.0 += 1;
        self.last
    }

    /// A change is on its way that comes into force when it is stored.
    pub(super) fn put_pending(&mut self, ticket: Ticket, pending: Pending) {
        self.note_latest(ticket, pending.moves.iter().map(|moved| &moved.service).cloned().collect());
        self.pending.insert(ticket, pending);
    }

    /// A change is on its way that is in force already.
    pub(super) fn put_unsaved(
        &mut self,
        ticket: Ticket,
        record: Record,
        stored: Option<oneshot::Sender<bool>>,
        overtaken: Vec<Cause>,
    ) {
        self.note_latest(ticket, record.services.keys().cloned().collect());
        let waiters = stored.into_iter().collect();
        self.unsaved.insert(ticket, Unsaved { record, waiters, overtaken, sending: Sending::UnderWay });
    }

    fn note_latest(&mut self, ticket: Ticket, services: Vec<ServiceName>) {
        self.latest.extend(services.into_iter().map(|service| (service, ticket)));
    }

    /// The change that waits for this word of the store, if one still does.
    pub(super) fn take_pending(&mut self, ticket: Ticket) -> Option<Pending> {
        self.pending.remove(&ticket)
    }

    /// The changes of these services that a retreat overtakes.
    pub(super) fn overtaken_by(&mut self, moves: &[Moved]) -> Vec<Pending> {
        let is_hit = |pending: &Pending| moves.iter().any(|moved| pending.is_about(&moved.service));
        let tickets: Vec<_> = self.pending.iter().filter(|(_, pending)| is_hit(pending)).map(|(at, _)| *at).collect();
        tickets.iter().filter_map(|ticket| self.pending.remove(ticket)).collect()
    }

    /// The store has said what became of a change that is in force.
    pub(super) fn note_unsaved(&mut self, ticket: Ticket, is_stored: bool) {
        let Some(mut unsaved) = self.unsaved.remove(&ticket) else { return };
        for waiter in std::mem::take(&mut unsaved.waiters) {
            // Whoever asked may have gone away.
            let _ = waiter.send(is_stored);
        }
        for cause in std::mem::take(&mut unsaved.overtaken) {
            cause.refuse(overtaken(is_stored));
        }
        // Sent again, it must not cover in the store what came after it.
        unsaved.record.services.retain(|service, _| self.latest.get(service) == Some(&ticket));
        unsaved.record.papers.retain(|paper| paper.kind != PaperKind::Account);
        let Record { services, entries, papers, .. } = &unsaved.record;
        let is_empty = services.is_empty() && entries.is_empty() && papers.is_empty();
        if !is_stored && !is_empty {
            unsaved.sending = Sending::Failed;
            self.unsaved.insert(ticket, unsaved);
        }
    }

    /// What the store could not keep, to be sent again.
    pub(super) fn take_failed(&mut self) -> Vec<Record> {
        let is_failed = |unsaved: &Unsaved| unsaved.sending == Sending::Failed;
        let tickets: Vec<_> = self.unsaved.iter().filter(|(_, one)| is_failed(one)).map(|(at, _)| *at).collect();
        tickets.iter().filter_map(|ticket| self.unsaved.remove(ticket)).map(|unsaved| unsaved.record).collect()
    }

    /// Whether the store has been given a change of this service and has not answered yet. Whatever comes after it is
    /// stored after it.
    pub(super) fn waits_for(&self, service: &ServiceName) -> bool {
        let is_under_way = |unsaved: &Unsaved| unsaved.sending == Sending::UnderWay && unsaved.is_about(service);
        self.pending.values().any(|pending| pending.is_about(service)) || self.unsaved.values().any(is_under_way)
    }

    /// Whether the store lacks a change of this service that is in force, and failed to take it.
    pub(super) fn lacks(&self, service: &ServiceName) -> bool {
        self.unsaved.values().any(|unsaved| unsaved.sending == Sending::Failed && unsaved.is_about(service))
    }

    /// Whether the store lacks more of this service than that it was seen for the first time.
    pub(super) fn lacks_decision(&self, service: &ServiceName) -> bool {
        let decides = |unsaved: &Unsaved| unsaved.record.entries.iter().any(|entry| entry.transition.is_some());
        self.unsaved.values().any(|unsaved| decides(unsaved) && unsaved.is_about(service))
    }

    /// Will hear whether what a command with this key has changed is stored. It hears at once that it is not if the
    /// store has failed to take it, or if too many wait already.
    pub(super) fn wait_for_key(&mut self, key: &IdempotencyKey) -> oneshot::Receiver<bool> {
        let (sender, stored) = oneshot::channel();
        let has_key =
            |unsaved: &&mut Unsaved| unsaved.record.entries.iter().any(|entry| entry.key.as_ref() == Some(key));
        match self.unsaved.values_mut().find(has_key) {
            Some(unsaved) => unsaved.tell(sender),
            None => drop(sender.send(true)),
        }
        stored
    }

    /// Whether a command with this key waits here.
    pub(super) fn holds_key(&self, key: &IdempotencyKey) -> bool {
        self.pending.values().any(|pending| pending.cause.key.as_ref() == Some(key))
    }

    /// What a service is about to be.
    pub(super) fn decided(&self, service: &ServiceName) -> Option<&Rollout> {
        let mut moves = self.pending.values().flat_map(|pending| &pending.moves);
        moves.find(|moved| moved.service == *service).map(|moved| &moved.next)
    }

    /// Whether the store owes an answer.
    pub(super) fn is_waiting(&self) -> bool {
        !self.pending.is_empty() || self.unsaved.values().any(|unsaved| unsaved.sending == Sending::UnderWay)
    }

    /// Whether the store lacks anything that is in force.
    pub(super) fn has_unsaved(&self) -> bool {
        !self.unsaved.is_empty()
    }
}

fn overtaken(is_stored: bool) -> Problem {
    let message = "overtaken: the rollout was sent back before this was stored";
    if is_stored {
        return Problem { kind: ProblemKind::Refused, message: message.into() };
    }
    let message = format!("{message}, and the store does not know of it yet: a crash now would bring this back");
    Problem { kind: ProblemKind::StoreUnavailable, message }
}

// === impl Pending ===

impl Pending {
    fn is_about(&self, service: &ServiceName) -> bool {
        self.moves.iter().any(|moved| moved.service == *service)
    }
}

// === impl Unsaved ===

impl Unsaved {
    fn tell(&mut self, waiter: oneshot::Sender<bool>) {
        self.waiters.retain(|waiter| !waiter.is_closed());
        if self.sending == Sending::UnderWay && self.waiters.len() < WAITERS_MAX {
            self.waiters.push(waiter);
        } else {
            let _ = waiter.send(false);
        }
    }

    fn is_about(&self, service: &ServiceName) -> bool {
        let mut entries = self.record.entries.iter();
        self.record.services.contains_key(service) || entries.any(|entry| entry.service.as_ref() == Some(service))
    }
}

//! What operators say about freezes: stored first, and then in force. What a freeze means is in [`crate::freeze`].

use std::time::{Duration, SystemTime};

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{self, FreezeStatus, Problem, ProblemKind};
use crate::clock;
use crate::engine::input::{Author, FreezeWord};
use crate::engine::managed::Managed;
use crate::engine::memory::Remembered;
use crate::engine::outbox::Ticket;
use crate::engine::{Engine, refused};
use crate::freeze::{Calendar, Freezes, InForce, Said};
use crate::idempotency::IdempotencyKey;
use crate::rollout::Raises;
use crate::store::{Entry, Record};

/// Words about freezes that may wait for one to be stored.
const DEFERRED_LIMIT: usize = 16;

type Reply = oneshot::Sender<Result<api::Freezes, Problem>>;

/// A word about freezes on its way to be carried out.
#[derive(Debug)]
pub(super) struct FreezeOrder {
    pub(super) service: Option<ServiceName>,
    pub(super) word: FreezeWord,
    pub(super) author: Author,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) reply: Reply,
}

/// A word about freezes that is being stored.
#[derive(Debug)]
pub(super) struct Freezing {
    ticket: Ticket,
    next: Freezes,
    service: Option<ServiceName>,
    command: String,
    pub(super) key: Option<IdempotencyKey>,
    reply: Reply,
}

// === impl Engine ===

impl Engine {
    /// Takes a word about freezes that has just come in.
    pub(super) fn take_freeze(&mut self, order: FreezeOrder) {
        let recalled = match &order.key {
            Some(key) => self.recall(key, order.service.as_ref(), &order.word.text()),
            None => Ok(None),
        };
        match recalled {
            Ok(None) => self.store_freeze(order),
            Ok(Some(_)) => order.answer(Ok(api::Freezes { freezes: self.all_freezes() })),
            Err(problem) => order.answer(Err(problem)),
        }
    }

    fn store_freeze(&mut self, order: FreezeOrder) {
        if self.freezing.is_some() {
            return self.defer_freeze(order);
        }
        let at = clock::today();
        let next = match self.allows_freeze(&order).and_then(|()| self.said(&order, at)) {
            Ok(next) => next,
            Err(problem) => return order.answer(Err(problem)),
        };
        let FreezeOrder { service, word, author, key, reply } = order;
        let command = word.text();
        let entry = Entry {
            at,
            service: service.clone(),
            actor: author.name,
            command: Some(command.clone()),
            note: author.note,
            key: key.clone(),
            transition: None,
            evidence: None,
        };
        let record = Record { entries: vec![entry], freezes: Some(next.kept().to_vec()), ..Record::default() };
        let ticket = self.outbox.ticket();
        self.freezing = Some(Freezing { ticket, next, service, command, key, reply });
        self.send(ticket, record);
    }

    fn defer_freeze(&mut self, order: FreezeOrder) {
        if self.freezes_deferred.len() < DEFERRED_LIMIT {
            self.freezes_deferred.push_back(order);
        } else {
            order.answer(Err(refused(format!("{DEFERRED_LIMIT} orders wait for the store already; try again"))));
        }
    }

    fn allows_freeze(&self, order: &FreezeOrder) -> Result<(), Problem> {
        self.stopping()?;
        order.service.as_ref().map_or(Ok(()), |service| self.managed(service).map(drop))?;
        self.takes_changes()
    }

    /// What would be in force after a word about freezes.
    fn said(
        &self,
        FreezeOrder { service, word, author, .. }: &FreezeOrder,
        at: SystemTime,
    ) -> Result<Freezes, Problem> {
        let Author { name: actor, note } = author.clone();
        let said = Said { service: service.clone(), actor, note, at };
        match word {
            FreezeWord::Freeze(duration) => {
                let until = duration.map(|duration| end(at, duration)).transpose()?;
                Ok(self.freezes.freeze(said, until))
            }
            FreezeWord::Unfreeze => {
                let services: Vec<_> = self.services.keys().cloned().collect();
                let calendar = Calendar { windows: &self.config.freezes, services: &services, now: at };
                let whom = service.as_ref().map_or("any service".to_owned(), ToString::to_string);
                let nothing = || refused(format!("nothing freezes {whom}; see `status`"));
                self.freezes.unfreeze(said, &calendar).ok_or_else(nothing)
            }
        }
    }

    /// The store has said what became of a word about freezes.
    pub(super) fn note_freeze_stored(&mut self, ticket: Ticket, result: Result<(), Problem>) {
        let Some(freezing) = self.freezing.take_if(|freezing| freezing.ticket == ticket) else { return };
        let Freezing { next, service, command, key, reply, .. } = freezing;
        let answer = result.map(|()| {
            self.freezes = next;
            let whom = service.as_ref().map_or("all services", ServiceName::as_str);
            tracing::info!(service = whom, command, "freeze");
            if let Some(key) = key {
                self.memory.note(key, Remembered { service, command, done: None });
            }
            api::Freezes { freezes: self.all_freezes() }
        });
        // Whoever asked may have gone away.
        let _ = reply.send(answer);
        while self.freezing.is_none()
            && let Some(order) = self.freezes_deferred.pop_front()
        {
            self.store_freeze(order);
        }
    }

    /// Whether a freeze forbids these services to go up now, or that one of them is parked. A freeze that is being stored
    /// counts already, and one whose end is being stored still does: what is decided now may come into force after it.
    pub(super) fn raises(&self, services: &[ServiceName]) -> Raises {
        let calendar = Calendar { windows: &self.config.freezes, services: &[], now: clock::today() };
        let next = self.freezing.as_ref().map(|freezing| &freezing.next);
        let is_frozen = |service| {
            let mut all = std::iter::once(&self.freezes).chain(next);
            all.any(|freezes| freezes.in_force(service, &calendar).is_some())
        };
        let is_blind = |service: &ServiceName| self.blindness_of(service).is_some();
        let is_parked =
            |service| self.services.get(service).is_some_and(|managed: &Managed| managed.standstill.is_some());
        if services.iter().any(|service| is_frozen(service) || is_blind(service) || is_parked(service)) {
            Raises::Frozen
        } else {
            Raises::Allowed
        }
    }

    /// The freeze of a service, as operators are shown it.
    pub(super) fn freeze_of(&self, service: &ServiceName) -> Option<FreezeStatus> {
        let calendar = Calendar { windows: &self.config.freezes, services: &[], now: clock::today() };
        self.freezes.in_force(service, &calendar).as_ref().map(InForce::status)
    }

    /// What freezes a service, as a refusal says it.
    pub(super) fn frozen_in_words(&self, service: &ServiceName) -> Option<String> {
        let FreezeStatus { window, actor, note, until, .. } = self.freeze_of(service)?;
        let until = until.map_or_else(|| "until somebody lifts it".into(), |until| format!("until {until}"));
        let by = window.map_or_else(|| format!("by {actor}"), |window| format!("by the window {window} of {actor}"));
        let note = note.map(|note| format!(" (\"{note}\")")).unwrap_or_default();
        let remedy = format!("nothing is started or raised; `unfreeze {service}` lifts it");
        Some(format!("{service} is frozen {by}{note} {until}: {remedy}"))
    }

    /// Every freeze that is in force, as operators are shown it.
    pub(super) fn all_freezes(&self) -> Vec<FreezeStatus> {
        let services: Vec<_> = self.services.keys().cloned().collect();
        let calendar = Calendar { windows: &self.config.freezes, services: &services, now: clock::today() };
        self.freezes.all_in_force(&calendar).iter().map(InForce::status).collect()
    }
}

/// When a freeze of this duration ends.
fn end(at: SystemTime, duration: Duration) -> Result<SystemTime, Problem> {
    let bad = |message: &str| Problem { kind: ProblemKind::BadRequest, message: message.into() };
    if duration.is_zero() {
        return Err(bad("a freeze lasts longer than 0 s; name no duration to freeze until `unfreeze`"));
    }
    at.checked_add(duration)
        .ok_or_else(|| bad("a freeze cannot last so long; name no duration to freeze until `unfreeze`"))
}

// === impl FreezeOrder ===

impl FreezeOrder {
    fn answer(self, answer: Result<api::Freezes, Problem>) {
        // Whoever asked may have gone away.
        let _ = self.reply.send(answer);
    }
}

// === impl FreezeWord ===

impl FreezeWord {
    /// As the audit trail and the log name it.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Freeze(None) => "freeze".into(),
            Self::Freeze(Some(duration)) => format!("freeze --for {}", humantime::format_duration(duration)),
            Self::Unfreeze => "unfreeze".into(),
        }
    }
}

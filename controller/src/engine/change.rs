//! The order in which a change takes effect: down first, up last.
//!
//! A retreat is published at once and stored afterwards; it waits for no disk, and neither does what takes the place of a
//! stable release that has gone, as nobody serves. Everything else is stored first, and published when the store has
//! said so; whoever ordered it is answered then. A retreat that comes while another change waits for the store overtakes
//! it. Services that move together are stored and published together.

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{Done, Problem, ProblemKind};
use crate::clock;
use crate::engine::cause::{Cause, answer};
use crate::engine::input::Accepted;
use crate::engine::managed::Managed;
use crate::engine::memory::Remembered;
use crate::engine::moved::Moved;
use crate::engine::outbox::{Pending, Ticket};
use crate::engine::{Engine, StoreWord};
use crate::rollout::group::{self, Refused};
use crate::rollout::{Event, Refusal};
use crate::store::{PaperKind, Record};

// === impl Engine ===

impl Engine {
    /// Shows the rollouts of services that move together what happened to each, and carries out what comes of it.
    pub(super) fn turn(&mut self, members: Vec<ServiceName>, events: &[Event], cause: Cause) {
        if let Err(problem) = self.stopping() {
            return cause.refuse(problem);
        }
        let rollouts = members.iter().map(|service| self.services.get(service).map(|one| one.rollout.clone()));
        let Some(rollouts) = rollouts.collect::<Option<Vec<_>>>() else { return };
        match group::turn(&rollouts, events, clock::now(), self.rules(&members, events)) {
            Err(refusal) => cause.refuse(self.in_words(refusal, members)),
            Ok(None) => {}
            Ok(Some(moves)) => {
                if let Some(problem) = self.hold_back(&members, &moves) {
                    return self.refuse(members.first(), cause, problem);
                }
                // Services that know of each other are in lock-step, so all of them move.
                let services = members.iter().filter_map(|service| self.services.get(service));
                let moves = services.zip(moves).map(|(managed, moved)| Moved::of(managed, moved)).collect();
                self.carry_out(moves, cause);
            }
        }
    }

    fn carry_out(&mut self, moves: Vec<Moved>, cause: Cause) {
        let is_retreat = moves.iter().all(Moved::is_retreat);
        // What takes a place overtakes no order: it comes up again, unless that has brought somebody who serves.
        let is_free = !moves.iter().any(|moved| self.outbox.waits_for(&moved.service));
        if is_retreat || (is_free && moves.iter().all(Moved::is_published_first)) {
            self.retreat(&moves, cause);
        } else {
            self.go_on(moves, cause);
        }
    }

    /// Why a command was refused: which of several services must not, and what freezes it.
    fn in_words(&self, Refused { member, refusal }: Refused, members: Vec<ServiceName>) -> Problem {
        let kind = match refusal {
            Refusal::AnotherGeneration { .. } => ProblemKind::Mismatch,
            _ => ProblemKind::Refused,
        };
        let is_alone = members.len() == 1;
        if refusal == Refusal::Frozen
            && let Some(trouble) = members.iter().find_map(|service| self.blindness_of(service))
        {
            let message = format!("nothing is started or raised while containers are not seen: {trouble}");
            return Problem { kind, message };
        }
        if refusal == Refusal::Frozen
            && let Some(message) = members
                .iter()
                .find_map(|service| self.frozen_in_words(service).or_else(|| self.parked_in_words(service)))
        {
            return Problem { kind, message };
        }
        if matches!(refusal, Refusal::Gated(_))
            && let Some(message) = members.iter().find_map(|service| self.gated_in_words(service))
        {
            return Problem { kind, message };
        }
        let message = match members.into_iter().nth(member).filter(|_| !is_alone) {
            Some(service) => Refusal::OfPeer { service, refusal: Box::new(refusal) }.to_string(),
            None => refusal.to_string(),
        };
        Problem { kind, message }
    }

    /// Publishes first, then stores.
    fn retreat(&mut self, moves: &[Moved], cause: Cause) {
        let mut taken_back = Record::default();
        let pending = self.outbox.overtaken_by(moves);
        let overtaken = pending.into_iter().map(|pending| self.take_back(pending, &mut taken_back)).collect();
        let record = taken_back.and(self.record(moves, &cause));
        let (stored, is_stored) = oneshot::channel();
        self.take_effect(moves, &cause);
        let papers = self.account_papers(record.services.keys());
        let record = record.and(Record { papers, ..Record::default() });
        let done = self.remember(moves, &cause);
        answer(cause.reply, done.map(|done| Accepted { done, stored: is_stored }));
        self.save(record, Some(stored), overtaken);
    }

    /// Takes back what a retreat has overtaken. Its record is on the way and cannot be called back, so the one of the
    /// retreat says that it never came into force, and what the services are that it was about.
    fn take_back(&mut self, overtaken: Pending, record: &mut Record) -> Cause {
        let Pending { moves, cause } = overtaken;
        for Moved { service, transition, .. } in moves {
            let Some(managed) = self.services.get_mut(&service) else { continue };
            managed.accounts.mark_unstored();
            record.papers.extend(managed.no_account_of(transition.generation));
            let transition = managed.rollout.instead_of(&transition);
            record.entries.push(cause.taken_back(clock::today(), service.clone(), transition));
            record.services.insert(service, managed.rollout.save());
        }
        cause
    }

    /// Stores first, and publishes when that is done.
    fn go_on(&mut self, moves: Vec<Moved>, cause: Cause) {
        if let Err(problem) = self.takes_changes() {
            return self.refuse(moves.first().map(|moved| &moved.service), cause, problem);
        }
        if moves.iter().any(|moved| self.outbox.waits_for(&moved.service)) {
            // What time or a probe brings about comes up again.
            return;
        }
        if let Some(Moved { service, .. }) = moves.iter().find(|moved| self.outbox.lacks(&moved.service)) {
            // Sent again later, it would cover in the store what came after it.
            let message = format!("the last change of {service} is not stored yet, though it is in force; try again");
            let problem = Problem { kind: ProblemKind::StoreUnavailable, message };
            return self.refuse(Some(service), cause, problem);
        }
        let papers = self.account_papers_with(&moves, &cause);
        let record = Record { papers, ..self.record(&moves, &cause) };
        let ticket = self.outbox.ticket();
        self.outbox.put_pending(ticket, Pending { moves, cause });
        self.send(ticket, record);
    }

    /// Does not make a change. What nobody ordered comes up again and again, and is told of once.
    fn refuse(&mut self, service: Option<&ServiceName>, cause: Cause, problem: Problem) {
        let own = service.filter(|_| cause.reply.is_none());
        if let Some(managed) = own.and_then(|service| self.services.get_mut(service))
            && managed.refused.as_ref() != Some(&problem.message)
        {
            let (service, why) = (&managed.declared.name, &problem.message);
            tracing::warn!(%service, why, "a change that is due is not made");
            managed.refused = Some(problem.message.clone());
        }
        cause.refuse(problem);
    }

    /// Whether the store takes what it is given.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn takes_changes(&self) -> Result<(), Problem> {
        if self.health.healthy {
            return Ok(());
        }
        let message =
            format!("what cannot be stored is not begun: {}", self.health.message.as_deref().unwrap_or_default());
        Err(Problem { kind: ProblemKind::StoreUnavailable, message })
    }

    /// What is kept of a change: what each service is from then on, and a line of the audit trail for each.
    fn record(&self, moves: &[Moved], cause: &Cause) -> Record {
        let mut record = Record::default();
        for Moved { service, next, transition, date, evidence, .. } in moves {
            let evidence = evidence.as_ref().map(Into::into);
            record.entries.push(cause.entry(*date, service.clone(), transition.clone(), evidence));
            record.services.insert(service.clone(), next.save());
        }
        record
    }

    /// Puts a decided change in force: the table first, then the log, the counters and the accounts.
    fn take_effect(&mut self, moves: &[Moved], cause: &Cause) {
        let now = clock::now();
        let mut services = Vec::with_capacity(moves.len());
        for moved in moves {
            if let Some(managed) = self.services.get_mut(&moved.service) {
                managed.take(moved.next.clone(), moved.transition.reason, now);
                managed.refused = None;
            }
            services.push(moved.service.clone());
        }
        self.publish(&services);
        for managed in services.iter().filter_map(|service| self.services.get(service)) {
            managed.hearings.trip_sent_back();
        }
        for moved in moves {
            self.page.count(&moved.service, &moved.transition);
            moved.log();
            if let Some(managed) = self.services.get_mut(&moved.service) {
                managed.accounts.turn(moved, cause, &managed.declared);
            }
        }
        self.hear_sent_back(moves);
        // Probes may already have found what the new phase waits for.
        for service in &services {
            self.show(self.probed(service));
        }
        self.tend_gates();
        self.tend_shelves();
    }

    /// The answer to whoever ordered a change, which the same command gets again if it has a key.
    fn remember(&mut self, moves: &[Moved], cause: &Cause) -> Result<Done, Problem> {
        let changed = moves.iter().map(|moved| (moved.service.clone(), moved.transition.clone()));
        let nothing = || Problem { kind: ProblemKind::Internal, message: "nothing has changed".into() };
        let done = Done::of(changed).ok_or_else(nothing)?;
        let left = self.services.get_mut(&done.service).filter(|_| moves.iter().all(Moved::is_retreat));
        let rollback = left.and_then(|managed| managed.rollback_now(clock::now()));
        let done = Done { rollback, ..done };
        if let (Some(key), Some(command)) = (cause.key.clone(), cause.command.clone()) {
            let service = Some(done.service.clone());
            self.memory.note(key, Remembered { service, command, done: Some(done.clone()) });
        }
        Ok(done)
    }

    /// Sends what is in force to the store, and remembers it until it is there.
    pub(super) fn save(&mut self, record: Record, stored: Option<oneshot::Sender<bool>>, overtaken: Vec<Cause>) {
        let ticket = self.outbox.ticket();
        self.outbox.put_unsaved(ticket, record.clone(), stored, overtaken);
        self.send(ticket, record);
    }

    pub(super) fn send(&mut self, ticket: Ticket, record: Record) {
        let to_self = self.to_self.clone();
        let tell = move |result| {
            // An engine that has ended does not wait for an answer.
            let _ = to_self.send(StoreWord::Answered { ticket, result });
        };
        if let Err(error) = self.store.record(record, tell.clone()) {
            tell(Err(error));
        }
    }

    /// The store has kept a record, or could not.
    pub(super) fn note_stored(&mut self, ticket: Ticket, result: Result<(), Problem>) {
        self.outbox.note_unsaved(ticket, result.is_ok());
        if result.is_err() {
            self.mark_accounts_unstored();
        }
        match self.outbox.take_pending(ticket) {
            Some(pending) => self.finish(pending, result),
            None => self.note_freeze_stored(ticket, result),
        }
        self.catch_up();
    }

    fn finish(&mut self, Pending { moves, cause }: Pending, result: Result<(), Problem>) {
        if let Err(problem) = result {
            let service = moves.first().map(|moved| moved.service.to_string());
            tracing::warn!(service, problem = problem.message, "a change was not stored and not made");
            return cause.refuse(problem);
        }
        let (stored, is_stored) = oneshot::channel();
        let _ = stored.send(true);
        self.take_effect(&moves, &cause);
        let done = self.remember(&moves, &cause).map(|done| Done { durable: true, ..done });
        answer(cause.reply, done.map(|done| Accepted { done, stored: is_stored }));
    }

    /// Sends again what the store could not keep, once it takes things again.
    pub(super) fn save_again(&mut self) {
        if self.health.healthy {
            for mut record in self.outbox.take_failed() {
                // What is on a shelf now, and not what was when it could not be stored.
                for paper in record.papers.iter_mut().filter(|paper| paper.kind == PaperKind::Shelf) {
                    let now = self.services.get(&paper.service).and_then(Managed::shelf_paper);
                    *paper = now.unwrap_or_else(|| paper.clone());
                }
                self.save(record, None, Vec::new());
            }
        }
    }
}

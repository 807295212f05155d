//! A change on its way: who brought it about, who waits for it, and how far the store has come with it.

use tokio::sync::oneshot;

use crate::api::Problem;
use crate::engine::input::{Accepted, Author, Order};
use crate::rollout::{Rollout, Transition};
use crate::store::Record;

/// The number of a record on its way to the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Who brought a change about, and who waits for it.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) actor: String,
    pub(super) command: Option<String>,
    pub(super) note: Option<String>,
    pub(super) reply: Option<oneshot::Sender<Result<Accepted, Problem>>>,
}

/// A change that is decided and waits for the store.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    pub(super) next: Rollout,
    pub(super) transition: Transition,
    pub(super) reply: Option<oneshot::Sender<Result<Accepted, Problem>>>,
}

/// A change that is in force and not stored yet.
#[derive(Debug)]
pub(super) struct Unsaved {
    pub(super) record: Record,
    pub(super) sending: Sending,
    pub(super) stored: Option<oneshot::Sender<bool>>,
}

/// Where such a change is on its way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    UnderWay(Ticket),
    Failed,
}

// === impl Ticket ===

impl Ticket {
    pub(super) fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

// === impl Cause ===

impl Cause {
    /// Nobody ordered it.
    pub(super) fn canaryd() -> Self {
        Self { actor: "canaryd".into(), command: None, note: None, reply: None }
    }

    /// An operator ordered it.
    pub(super) fn order(order: &Order, author: Author, reply: oneshot::Sender<Result<Accepted, Problem>>) -> Self {
        Self { actor: author.name, command: Some(order.text()), note: author.note, reply: Some(reply) }
    }

    pub(super) fn refuse(self, problem: Problem) {
        answer(self.reply, Err(problem));
    }

    pub(super) fn is_order(&self) -> bool {
        self.reply.is_some()
    }
}

// === impl Unsaved ===

impl Unsaved {
    pub(super) fn is_under_way(&self, ticket: Ticket) -> bool {
        self.sending == Sending::UnderWay(ticket)
    }

    /// Whether it is more than that a service was seen for the first time.
    pub(super) fn is_decision(&self) -> bool {
        !self.record.entries.is_empty()
    }

    pub(super) fn is_failed(&self) -> bool {
        self.sending == Sending::Failed
    }
}

pub(super) fn answer<T>(reply: Option<oneshot::Sender<T>>, answer: T) {
    if let Some(reply) = reply {
        // Whoever asked may have gone away; what was done stays done.
        let _ = reply.send(answer);
    }
}

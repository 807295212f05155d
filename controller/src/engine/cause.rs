//! Who brought a change about, and who waits for it.

use std::time::SystemTime;

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{EvidenceStatus, Problem};
use crate::engine::input::{Accepted, Author};
use crate::idempotency::IdempotencyKey;
use crate::rollout::Transition;
use crate::store::Entry;

/// Where the answer to an order goes.
pub(super) type Reply = oneshot::Sender<Result<Accepted, Problem>>;

/// Who brought a change about, and who waits for it.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) author: Author,
    pub(super) command: Option<String>,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) reply: Option<Reply>,
}

// === impl Cause ===

impl Cause {
    /// Nobody ordered it.
    pub(super) fn canaryd() -> Self {
        Self { author: Author::canaryd(), command: None, key: None, reply: None }
    }

    pub(super) fn refuse(self, problem: Problem) {
        answer(self.reply, Err(problem));
    }

    /// The line of the audit trail that takes back what changed of a service. It bears the key of the command, so that
    /// the command does not count as done.
    pub(super) fn taken_back(&self, at: SystemTime, service: ServiceName, transition: Transition) -> Entry {
        Entry { key: self.key.clone(), ..Self::canaryd().entry(at, service, transition, None) }
    }

    /// The line of the audit trail about what changed of a service.
    pub(super) fn entry(
        &self,
        at: SystemTime,
        service: ServiceName,
        transition: Transition,
        evidence: Option<EvidenceStatus>,
    ) -> Entry {
        Entry {
            at,
            service: Some(service),
            actor: self.author.name.clone(),
            command: self.command.clone(),
            note: self.author.note.clone(),
            key: self.key.clone(),
            transition: Some(transition),
            evidence,
        }
    }
}

// === impl Author ===

impl Author {
    pub(super) fn canaryd() -> Self {
        Self { name: "canaryd".into(), note: None }
    }
}

pub(super) fn answer<T>(reply: Option<oneshot::Sender<T>>, answer: T) {
    if let Some(reply) = reply {
        // Whoever asked may have gone away; what was done stays done.
        let _ = reply.send(answer);
    }
}

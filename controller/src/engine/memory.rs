//! What commands with a key were answered with, so that the same command sent again is answered so again and not done
//! again.
//!
//! Only what was done is remembered: a refusal has changed nothing, and may be another one the next time.

use std::collections::{BTreeMap, VecDeque};

use canary_config::name::ServiceName;
use tokio::sync::oneshot;

use crate::api::{Done, Problem, ProblemKind};
use crate::engine::input::Accepted;
use crate::engine::{Engine, refused};
use crate::idempotency::IdempotencyKey;
use crate::store::{ANSWERED_MAX, Answered};

/// The commands with a key that were done last.
#[derive(Debug, Default)]
pub(super) struct Memory {
    by_key: BTreeMap<IdempotencyKey, Remembered>,
    /// The oldest first.
    keys: VecDeque<IdempotencyKey>,
}

/// A command that was done.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    pub(super) service: Option<ServiceName>,
    pub(super) command: String,
    /// What it was answered with; nothing for a word about freezes.
    pub(super) done: Option<Done>,
}

/// The answer to a command that was done before.
#[derive(Debug)]
pub(super) struct Recalled {
    done: Option<Done>,
    /// Whether it is stored, as soon as that is known.
    stored: oneshot::Receiver<bool>,
}

// === impl Memory ===

impl Memory {
    /// What was remembered when the last process ended. All of it is stored.
    pub(super) fn restore(answered: Vec<Answered>) -> Self {
        let mut memory = Self::default();
        for Answered { key, command, moves } in answered {
            let service = moves.first().and_then(|(service, _)| service.clone());
            let changed = moves.into_iter().filter_map(|(service, transition)| service.zip(transition));
            let done = Done::of(changed);
            memory.note(key, Remembered { service, command, done });
        }
        memory
    }

    pub(super) fn note(&mut self, key: IdempotencyKey, remembered: Remembered) {
        if self.by_key.insert(key.clone(), remembered).is_none() {
            self.keys.push_back(key);
        }
        if self.keys.len() > ANSWERED_MAX
            && let Some(oldest) = self.keys.pop_front()
        {
            self.by_key.remove(&oldest);
        }
    }
}

// === impl Engine ===

impl Engine {
    /// What this command was answered with before, if it was done.
    ///
    /// # Errors
    /// The key belongs to another command, or the command is still on its way.
    pub(super) fn recall(
        &mut self,
        key: &IdempotencyKey,
        service: Option<&ServiceName>,
        command: &str,
    ) -> Result<Option<Recalled>, Problem> {
        let is_on_its_way = self.outbox.holds_key(key)
            || self.deferred.iter().any(|deferred| deferred.ordered.key.as_ref() == Some(key))
            || self.freezing.as_ref().is_some_and(|freezing| freezing.key.as_ref() == Some(key))
            || self.freezes_deferred.iter().any(|order| order.key.as_ref() == Some(key));
        if is_on_its_way {
            let message = format!("idempotency key {key}: a command with it is still on its way; try again");
            return Err(Problem { kind: ProblemKind::InProgress, message });
        }
        let Some(before) = self.memory.by_key.get(key) else { return Ok(None) };
        if before.service.as_ref() != service || before.command != command {
            let of = before.service.as_ref().map_or(String::new(), |service| format!(" of {service}"));
            let remedy = "use a fresh key for each command";
            let message = format!("idempotency key {key}: it was used for `{}`{of}; {remedy}", before.command);
            return Err(Problem { kind: ProblemKind::Unprocessable, message });
        }
        Ok(Some(Recalled { done: before.done.clone(), stored: self.outbox.wait_for_key(key) }))
    }
}

// === impl Recalled ===

impl Recalled {
    /// The answer to an order.
    ///
    /// # Errors
    /// It was none.
    pub(super) fn accepted(self) -> Result<Accepted, Problem> {
        let done =
            self.done.ok_or_else(|| refused("what this command did is not in the audit trail any more".into()))?;
        Ok(Accepted { done, stored: self.stored })
    }
}

//! Deployments that were ordered by a name: sent again, the same one is not made twice.

use std::collections::VecDeque;

use crate::api::{Deploying, Problem, ProblemKind};
use crate::deploy::Wanted;
use crate::idempotency::IdempotencyKey;

/// So many are remembered. None outlives canaryd, as no deployment does.
const KNOWN_MAX: usize = 64;

/// What was ordered by a name, and what came of it.
#[derive(Debug, Default)]
pub(super) struct Known(VecDeque<Order>);

#[derive(Debug)]
struct Order {
    key: IdempotencyKey,
    text: String,
    answer: Option<Deploying>,
}

// === impl Known ===

impl Known {
    /// What came of this order when it was sent before; nothing if it is new, and is known from now on.
    pub(super) fn recall(&mut self, key: &IdempotencyKey, wanted: &Wanted) -> Result<Option<Deploying>, Problem> {
        let text = text(wanted);
        let Some(order) = self.0.iter().find(|order| order.key == *key) else {
            self.0.truncate(KNOWN_MAX - 1);
            self.0.push_front(Order { key: key.clone(), text, answer: None });
            return Ok(None);
        };
        if order.text != text {
            let message = "the key was used for another command; use a fresh one for each";
            return Err(Problem::new(ProblemKind::Unprocessable, message));
        }
        let under_way = "the same command is still on its way; ask again with the same key";
        order.answer.clone().map(Some).ok_or_else(|| Problem::new(ProblemKind::InProgress, under_way))
    }

    /// Notes what came of an order. What came to nothing may be tried again.
    pub(super) fn note(&mut self, key: &IdempotencyKey, answer: Option<&Deploying>) {
        match answer {
            Some(answer) => {
                if let Some(order) = self.0.iter_mut().find(|order| order.key == *key) {
                    order.answer = Some(answer.clone());
                }
            }
            None => self.0.retain(|order| order.key != *key),
        }
    }
}

/// The order in words. Of variables it has the names alone.
fn text(wanted: &Wanted) -> String {
    format!("{wanted:?}")
}

//! What clients have said to canaryd, and what they were told.

use canary_controller::rollout::Transition;

use super::order::Order;

/// Everything that was said, in no order but that of its clock.
#[derive(Debug, Default)]
pub(super) struct Log {
    clock: u64,
    pub(super) said: Vec<Said>,
}

/// One order, and what came of it.
#[derive(Debug)]
pub(super) struct Said {
    /// Its name, which stands in the history as the reason of the order.
    pub(super) name: String,
    pub(super) order: Order,
    /// When it was sent and when the answer was there, by the log's clock.
    pub(super) sent: u64,
    pub(super) answered: u64,
    pub(super) told: Told,
}

/// What a client was told.
#[derive(Debug)]
pub(super) enum Told {
    /// It is done, and stored.
    Done(Option<Transition>),
    /// It is done, and may be forgotten.
    NotDurable,
    /// It is not done.
    Refused,
    /// Nothing: the connection broke.
    Nothing,
}

// === impl Log ===

impl Log {
    /// A moment later than every one before.
    pub(super) fn now(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// The orders that are done for good.
    pub(super) fn acknowledged(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| matches!(said.told, Told::Done(_)))
    }

    pub(super) fn refused(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| matches!(said.told, Told::Refused))
    }
}

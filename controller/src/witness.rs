//! Who hears of a canary's failures the instant they happen, and takes it out of the data path for them.
//!
//! A scored failure calls the [`CanaryWitness`]. Whoever finds nobody at work makes the [`Inquiry`]: it reads the
//! ledgers, shows them to the judge, and trips the canary's flag if that convicts. The engine takes the same turn when
//! it looks by itself, so that the evidence has one writer at a time, and carries out what was decided here: it alone
//! changes the table and tells the story. Read on in [`inquiry`].

mod conviction;
mod hearings;
mod inquiry;
mod ledgers;
mod notes;
mod patience;
mod question;
mod reading;
mod rollback;
mod suffered;
mod totals;
mod turn;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use canary_proxy::trip::Trip;
use canary_proxy::witness::{Noted, Witness};
use tokio::sync::Notify;

use crate::clock;

pub(crate) use self::conviction::Conviction;
pub(crate) use self::hearings::{Case, Hearings};
pub(crate) use self::inquiry::{Inquiry, Sight};
pub(crate) use self::ledgers::EDGES;
pub(crate) use self::notes::Heard;
pub(crate) use self::patience::{Percentile, has_moved, percentile};
pub(crate) use self::question::{Means, Question};
pub(crate) use self::rollback::Rollback;

use self::notes::{Notes, Pen, notes};
use self::turn::Turn;

/// The witness of one try.
#[derive(Debug)]
pub(crate) struct CanaryWitness {
    is_convicted: Arc<AtomicBool>,
    turn: Turn<Inquiry>,
    pen: Pen,
}

// === impl CanaryWitness ===

impl CanaryWitness {
    /// A witness whose conviction trips this flag and wakes whoever waits here, and where it puts what is noted.
    fn new(trip: Arc<Trip>, convicted: Arc<Notify>, inquiry: impl FnOnce(inquiry::Alarm) -> Inquiry) -> (Self, Notes) {
        let (pen, notes) = notes();
        let is_convicted = Arc::<AtomicBool>::default();
        let alarm = inquiry::Alarm { trip, is_convicted: Arc::clone(&is_convicted), convicted };
        (Self { is_convicted, turn: Turn::new(inquiry(alarm)), pen }, notes)
    }

    /// Whether the canary was convicted. Once it is, it stays so.
    pub(crate) fn is_convicted(&self) -> bool {
        self.is_convicted.load(Ordering::Acquire)
    }

    /// Does something with the inquiry, as soon as nobody else does. Only for the engine: it waits.
    pub(crate) fn ask<R>(&self, act: impl FnOnce(&mut Inquiry) -> R) -> R {
        self.turn.take(act, |inquiry| inquiry.look(clock::now()))
    }
}

impl Witness for CanaryWitness {
    fn failed(&self) {
        // What is convicted already is read by the engine, in its own time.
        if !self.is_convicted() {
            self.turn.knock(|inquiry| inquiry.look(clock::now()));
        }
    }

    fn noted(&self, noted: Noted) {
        self.pen.put(noted);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_look_that_panics_leaves_the_turn_to_others() {
        let turn = Turn::new(1_u64);
        let panicked = catch_unwind(AssertUnwindSafe(|| turn.knock(|_| panic!("a test"))));
        assert!(panicked.is_err());
        assert_eq!(turn.take(|state| *state, |_| ()), 1);
    }
}

//! Who may look at what many bring and only one works on.
//!
//! Whoever brings something says so with one addition. If nobody was at work, it works itself, until nothing is left
//! that came meanwhile; otherwise it goes, as whoever is at work will look once more. So nothing is overlooked, one looks
//! at a time, and of those that knock nobody waits. Where they knock faster than one can look, it stops after
//! [`ROUNDS_MAX`] looks: the next one that knocks works on, or the engine in its own time. Model-checked in
//! `tests/model.rs`.

use std::sync::TryLockError;

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, yield_now};

/// Looks of one turn, of a thread that has its own requests to serve. Two are enough for a conviction by the knocks of
/// this moment; more are needed only where whatever comes in convicts nobody.
const ROUNDS_MAX: u32 = 8;

/// A state that one at a time works on.
#[derive(Debug)]
pub(crate) struct Turn<T> {
    /// Knocks that nobody has looked after yet. Above zero, the turn is somebody's.
    knocks: AtomicU64,
    /// Only whoever has the turn locks it, so that no lock is ever waited for.
    state: Mutex<T>,
    rounds_max: u32,
}

/// The turn itself. What is dropped early is free again, and what came meanwhile waits for the next knock.
struct Held<'a>(&'a AtomicU64);

// === impl Turn ===

impl<T> Turn<T> {
    pub(crate) fn new(state: T) -> Self {
        Self::of_rounds(ROUNDS_MAX, state)
    }

    /// The same with so many looks in a turn, for a model that cannot have as many.
    pub(crate) fn of_rounds(rounds_max: u32, state: T) -> Self {
        Self { knocks: AtomicU64::new(0), state: Mutex::new(state), rounds_max }
    }

    /// There is something new. When this returns, a look has begun after this call did, here or by whoever is at work,
    /// or is about to; but for where so many knock that the looks of a turn are used up.
    pub(crate) fn knock(&self, look: impl FnMut(&mut T)) {
        if self.knocks.fetch_add(1, Ordering::AcqRel) == 0 {
            self.work(look);
        }
    }

    /// Waits for the turn, which whoever has it keeps for a few looks at most. Does one thing with the state, and then
    /// looks after what came meanwhile. For the one caller that may wait.
    pub(crate) fn take<R>(&self, act: impl FnOnce(&mut T) -> R, look: impl FnMut(&mut T)) -> R {
        while self.knocks.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            yield_now();
        }
        let mut act = Some(act);
        let mut done = None;
        let mut look = look;
        self.work(|state| match act.take() {
            Some(act) => done = Some(act(state)),
            None => look(state),
        });
        done.expect("whoever has the turn works at least once")
    }

    /// Works until nothing is left, or for as many looks as a turn has. The last knock is given back only by whoever has
    /// looked after it.
    fn work(&self, mut look: impl FnMut(&mut T)) {
        let held = Held(&self.knocks);
        let mut seen = 1;
        for _ in 0..self.rounds_max {
            {
                let mut state = match self.state.try_lock() {
                    Ok(state) => state,
                    // What a panic left half done is counters, and they are read anew.
                    Err(TryLockError::Poisoned(left)) => left.into_inner(),
                    Err(TryLockError::WouldBlock) => unreachable!("only whoever has the turn locks the state"),
                };
                look(&mut state);
            }
            let before = self.knocks.fetch_sub(seen, Ordering::AcqRel);
            if before == seen {
                std::mem::forget(held);
                return;
            }
            seen = before - seen;
        }
        drop(held);
    }
}

// === impl Held ===

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // An exchange and no store, so that whoever knocks next sees what the others have brought.
        self.0.swap(0, Ordering::AcqRel);
    }
}

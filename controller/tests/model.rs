//! The witness under every order in which threads can meet, as far as a model checker goes through them.
//!
//! What is checked is compiled here once more, with the checker's locks and atomics.

mod sync {
    pub(crate) use loom::sync::{Mutex, atomic};
    pub(crate) use loom::thread::yield_now;
}

#[expect(unreachable_pub, reason = "it is public in the crate that it belongs to")]
#[path = "../../proxy/src/trip.rs"]
mod trip;
#[path = "../src/witness/turn.rs"]
mod turn;

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use loom::thread;

use trip::Trip;
use turn::Turn;

/// More switches between threads than this are not tried: bugs that need more have hardly ever been seen.
const PREEMPTIONS_MAX: usize = 3;

/// Failures that convict the canary of these tests.
const CONVICTING: u64 = 2;

/// What the threads of a test share.
struct Trial {
    /// The ledger.
    failures: AtomicU64,
    /// The weight in the table.
    weight: AtomicU64,
    trip: Trip,
    turn: Turn<Seen>,
    /// Whether somebody looks right now.
    is_looking: AtomicBool,
}

/// What the judge has seen.
#[derive(Debug, Default)]
struct Seen {
    failures: u64,
}

// === impl Trial ===

impl Trial {
    fn new() -> Arc<Self> {
        Self::by(Turn::new(Seen::default()))
    }

    fn by(turn: Turn<Seen>) -> Arc<Self> {
        Arc::new(Self {
            failures: AtomicU64::new(0),
            weight: AtomicU64::new(10),
            trip: Trip::new(),
            turn,
            is_looking: AtomicBool::new(false),
        })
    }

    fn look(&self, seen: &mut Seen) {
        assert!(!self.is_looking.swap(true, Relaxed), "two look at once");
        seen.failures = self.failures.load(Relaxed);
        if seen.failures >= CONVICTING {
            self.trip.trip();
        }
        assert!(self.is_looking.swap(false, Relaxed), "two look at once");
    }

    /// A request of the canary fails.
    fn fail(&self) {
        self.failures.fetch_add(1, Relaxed);
        self.turn.knock(|seen| self.look(seen));
    }

    /// What the judge has seen, as the engine asks it.
    fn ask(&self) -> u64 {
        self.turn.take(|seen| seen.failures, |seen| self.look(seen))
    }

    /// The engine looks in its own time.
    fn engine_looks(&self) -> u64 {
        let look = |seen: &mut Seen| {
            self.look(seen);
            seen.failures
        };
        self.turn.take(look, |seen| self.look(seen))
    }

    /// Whether a request that begins now may fall to the canary.
    fn can_pick(&self) -> bool {
        self.weight.load(Acquire) > 0 && !self.trip.is_tripped()
    }
}

fn in_every_order(check: impl Fn() + Send + Sync + 'static) {
    let mut model = Builder::new();
    model.preemption_bound = Some(PREEMPTIONS_MAX);
    model.check(check);
}

#[test]
fn no_failure_is_overlooked_and_one_looks_at_a_time() {
    in_every_order(|| {
        let trial = Trial::new();
        let failing = [(); 2].map(|()| {
            let trial = Arc::clone(&trial);
            thread::spawn(move || trial.fail())
        });
        // The engine asks in between.
        assert!(trial.ask() <= CONVICTING);
        for failing in failing {
            failing.join().unwrap();
        }
        assert_eq!(trial.ask(), CONVICTING);
        assert!(trial.trip.is_tripped());
    });
}

#[test]
fn the_failure_that_convicts_is_followed_by_no_pick() {
    in_every_order(|| {
        let trial = Trial::new();
        trial.fail();
        let failing = {
            let trial = Arc::clone(&trial);
            thread::spawn(move || {
                trial.fail();
                assert!(!trial.can_pick(), "its own thread picks the canary again");
            })
        };
        // A raise is published in the same instant.
        trial.weight.store(25, Release);
        failing.join().unwrap();
        assert!(!trial.can_pick(), "the raise brought it back");
    });
}

#[test]
fn a_failure_that_finds_another_at_work_convicts_before_both_are_done() {
    in_every_order(|| {
        let trial = Trial::new();
        let done = Arc::new(AtomicU64::new(0));
        let failing = [(); 2].map(|()| {
            let (trial, done) = (Arc::clone(&trial), Arc::clone(&done));
            thread::spawn(move || {
                trial.fail();
                done.fetch_add(1, Release);
            })
        });
        if done.load(Acquire) == 2 {
            assert!(!trial.can_pick(), "both have returned");
        }
        for failing in failing {
            failing.join().unwrap();
        }
    });
}

#[test]
fn where_so_many_fail_that_a_turn_ends_before_they_do_the_engine_finds_them_all() {
    in_every_order(|| {
        let trial = Trial::by(Turn::of_rounds(1, Seen::default()));
        let failing = [(); 2].map(|()| {
            let trial = Arc::clone(&trial);
            thread::spawn(move || trial.fail())
        });
        assert!(trial.engine_looks() <= CONVICTING);
        for failing in failing {
            failing.join().unwrap();
        }
        assert_eq!(trial.engine_looks(), CONVICTING, "it had the turn, and saw less than there was");
        assert!(trial.trip.is_tripped());
    });
}

//! Each worker's own source of chance.

use std::cell::RefCell;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;

thread_local! {
    static DICE: RefCell<SmallRng> = RefCell::new(rand::make_rng());
}

/// Lends this thread's generator. Draws need to be fast and fair, not secret.
pub fn with<T>(draw: impl FnOnce(&mut SmallRng) -> T) -> T {
    DICE.with_borrow_mut(draw)
}

/// Starts this thread's generator anew, so that its draws can be foretold.
pub fn seed(seed: u64) {
    DICE.set(SmallRng::seed_from_u64(seed));
}

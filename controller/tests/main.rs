//! The controller as a whole, from outside.

mod false_aborts;
mod judge;
mod purity;
mod vectors;

// By `cfg(test)` clippy knows that helpers may do what tests may.
#[cfg(test)]
mod store;

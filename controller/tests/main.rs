//! The controller as a whole, from outside.

// By `cfg(test)` clippy knows that helpers may do what tests may.
#[cfg(test)]
mod store;

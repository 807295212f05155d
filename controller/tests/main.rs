//! The controller as a whole, from outside.

mod judge;
mod purity;
mod vectors;

//! The controller as a whole, from outside.

mod false_aborts;
mod judge;
mod purity;
mod vectors;

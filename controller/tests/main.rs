//! The controller as a whole, from outside.

mod vectors;

//! Docker: what its Engine is asked to do for a release.
//!
//! A new release's container is a copy of one that runs, with another image: [`clone`] says what it is made of, and
//! [`faithful`] what no copy can carry over; both are pure. [`host`] does it: it holds the verbs on an Engine, for
//! images by their [`reference`] and with the credentials of a [`registry`]. None of them decides when.

pub mod clone;
pub mod faithful;
pub mod host;
pub mod reference;
pub mod registry;
pub mod version;

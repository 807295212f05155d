//! Docker: what its Engine is asked to do for a release.
//!
//! A new release's container is a copy of one that runs, with another image: [`clone`] says what it is made of, and
//! [`faithful`] what no copy can carry over; both are pure. Images have
//! a [`reference`], and the [`registry`] of one may ask for credentials.

pub mod clone;
pub mod faithful;
pub mod reference;
pub mod registry;
pub mod version;

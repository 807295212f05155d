//! Docker: which containers there are, and what they are made to be.
//!
//! The watcher looks at an Engine and tells the engine of canaryd what it saw, as [`Sightings`](sighting::Sightings):
//! always the whole, so that nothing is ever patched twice.

pub mod desire;
pub mod digest;
pub mod label;
pub mod network;
pub mod shelf;
pub mod sighting;
pub mod wanted;

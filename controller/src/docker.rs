//! Docker: which containers there are, and what they are made to be.
//!
//! What there is: [`watch`] looks at an Engine and tells the engine of canaryd what it saw, as
//! [`Sightings`](sighting::Sightings), always the whole, so that nothing is ever patched twice. What it
//! hears and what it is answered come together in the [`book`]; [`label`] and [`network`] say whose a container is and
//! where it is reached. The tasks of a [`swarm`] are seen as containers are.
//!
//! What it is made to be: the containers on a [`shelf`] are canaryd's to start and stop, and [`desire`] says what each
//! of them should be. A new release's container is a copy of one that runs, with another image: [`clone`] says what it
//! is made of, and [`faithful`] what no copy can carry over. [`host`] holds the verbs on an Engine, for images by their
//! [`reference`](mod@reference) and with the credentials of a [`registry`]; it decides nothing. What a container said last is
//! written down by the [`scribe`]. Whether those of a release on trial use too much, [`excess`] says.

mod ask;
pub mod book;
pub mod clone;
pub mod desire;
pub mod digest;
pub mod excess;
pub mod facts;
pub mod faithful;
pub mod hands;
pub mod happening;
pub mod host;
mod inspected;
pub mod label;
pub mod network;
pub mod own;
pub mod owner;
pub mod reference;
pub mod registry;
pub mod scribe;
pub mod shelf;
pub mod sighting;
pub mod signal;
pub mod swarm;
pub mod version;
pub mod wanted;
pub mod watch;

//! The control plane: it watches, judges and turns.
//!
//! A rollout's way: [`engine`] is the only loop; [`rollout`] decides, on what [`analysis`] makes of the ledgers and on
//! what the [`probe`]s find; the [`store`] keeps it. Operators come in by [`admin`], in the words of [`api`]; [`ctl`] is
//! their command line, with [`client`] and [`render`]. [`daemon`] puts it all together.

mod account;
pub mod admin;
pub mod analysis;
pub mod api;
mod bearer;
pub mod client;
mod clock;
pub mod compose;
pub mod crew;
pub mod ctl;
pub mod daemon;
mod date;
pub mod deploy;
pub mod descriptors;
pub mod docker;
pub mod engine;
pub mod freeze;
pub mod hooks;
pub mod idempotency;
pub mod probe;
mod program;
pub mod render;
pub mod rollout;
mod server;
pub mod simulation;
pub mod store;
mod sync;
pub mod traffic;
mod unjudged;
mod witness;

//! The control plane: it watches, judges and turns.

pub mod analysis;
pub mod api;
pub mod client;
pub mod ctl;
pub mod render;
pub mod rollout;
pub mod store;

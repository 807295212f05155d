//! Words: what an operator may say, parsed once into types that cannot be wrong.
//!
//! It reads `canaryd.toml`, durations, weights, names and the rule grammar. It never sees a socket, a clock or a
//! request. Start with [`daemon::Config`]; the types a rollout works with are in [`plan`].

pub mod cohort;
pub mod criteria;
pub mod daemon;
mod defaults;
pub mod docker;
pub mod file;
pub mod freeze;
pub mod hooks;
pub mod name;
pub mod nearest;
pub mod origin;
pub mod plan;
pub mod quoted;
pub mod rule;
pub mod secret;
pub mod service;
pub mod token_file;
pub mod usage;
pub mod weight;

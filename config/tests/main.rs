//! The whole way from the text of a `canaryd.toml` to a configuration, or to the text of what is wrong with it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking, and its helpers too")]

mod defaults;
mod documents;
mod freeze;
mod mutated;
mod on_disk;
mod origin;
mod plan;
mod reference;
mod refused_addresses;
mod refused_admin;
mod refused_daemon;
mod refused_docker;
mod refused_freeze;
mod refused_hooks;
mod refused_judgement;
mod refused_rollout;
mod refused_service;
mod refused_strategy;
mod refused_syntax;
mod rule;
mod strategy;
mod support;
mod warned;

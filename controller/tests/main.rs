//! The controller as a whole, from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends by panicking, and its helpers too")]

mod canaryctl;
mod daemon_account;
mod daemon_account_store;
mod daemon_admin;
mod daemon_api;
mod daemon_bad_canary;
mod daemon_busy;
#[cfg(test)]
mod daemon_cohorts;
mod daemon_damage;
mod daemon_end;
mod daemon_events;
mod daemon_evidence;
mod daemon_forecast;
mod daemon_freeze;
mod daemon_group;
mod daemon_hooks;
mod daemon_https_hook;
mod daemon_idempotency;
mod daemon_kill;
mod daemon_lockstep;
mod daemon_metrics;
mod daemon_mutations;
mod daemon_order;
mod daemon_park;
mod daemon_parking;
mod daemon_probe;
mod daemon_reload;
mod daemon_remote;
mod daemon_rollout;
mod daemon_schedule;
mod daemon_store;
mod daemon_storm;
mod daemon_strategies;
mod daemon_why;
mod daemon_witness;
mod docker;
mod false_aborts;
mod forecast;
mod guardrails;
mod judge;
mod kept_evidence;
mod keyed;
mod purity;
mod slow_evidence;
mod slow_judge;
mod store;
mod support;
mod vectors;

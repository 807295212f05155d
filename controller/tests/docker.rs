//! What the tests with Docker stand on: an Engine that is none, and a real one.

mod adopted;
mod clone;
mod composed;
mod deploy;
mod deploy_fails;
mod deploy_soak;
mod engine_like;
mod faithful;
mod fake;
mod found_blind;
mod found_composed;
mod found_first;
mod found_leaving;
mod found_trial;
mod hooks;
mod host;
mod last_words;
mod lookout;
mod preflight;
mod real;
mod recorded;
mod swarm;
mod usage;
mod watch;
mod wire;
mod yard;

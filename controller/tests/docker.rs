//! What the tests with Docker stand on: an Engine that is none, and a real one.

mod clone;
mod composed;
mod deploy;
mod deploy_fails;
mod engine_like;
mod faithful;
mod fake;
mod host;
mod last_words;
mod preflight;
mod real;
mod recorded;
mod watch;
mod wire;
mod yard;

//! What the tests with Docker stand on: an Engine that is none, and a real one.

mod fake;
mod watch;

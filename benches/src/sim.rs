//! The targets that a rollout's judgement is held to, measured on the real code under a counted clock.
//!
//! `study` says what is measured and what must come of it; `record` plays the rollouts, with `rival`s that look at
//! the same requests; `figure` draws numbers from what was recorded, with the bounds that chance allows; `table`
//! shows them. The latencies, errors and arrivals are those of statistics.md, section 4.

mod figure;
mod record;
mod rival;
mod study;
mod table;
#[cfg(test)]
mod tests;
mod traffic;

pub use self::figure::{Figure, Limit, Measured};
pub use self::record::{Effort, Extent, Record};
pub use self::study::{Part, Row, play};
pub use self::table::{document, is_met, put_into};

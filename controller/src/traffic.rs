//! What comes to a service: how many requests by the minute, and how a rate is written.
//!
//! Pure: the counts come in with `now`. Nothing here judges; read on in [`crate::analysis::forecast`], which asks what a
//! rollout would make of it.

mod hours;
mod proportion;
mod rate;

pub use self::hours::{Answered, Look, Traffic};
pub use self::proportion::{Proportion, ProportionError};
pub use self::rate::{Rate, RateError};

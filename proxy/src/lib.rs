//! The data plane: one request, one pick, one outcome. It has never heard of rollouts.
//!
//! A request comes in by [`listener`], is waited for by [`connection`], looked at by [`head`], and then goes to pingora.
//! [`worker`] holds the threads on which that happens, [`caps`] and [`drain`] bound how much and how long.

pub mod caps;
pub mod connection;
pub mod drain;
pub mod head;
pub mod listener;
pub mod worker;

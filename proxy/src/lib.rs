//! The data plane: one request, one pick, one outcome. It has never heard of rollouts.

pub mod caps;
pub mod connection;
pub mod drain;
pub mod head;

//! The data plane: one request, one pick, one outcome. It has never heard of rollouts.

pub mod head;

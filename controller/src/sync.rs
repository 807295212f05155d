//! The locks and atomics of what is checked by a model checker: `tests/model.rs` compiles those files once more, with
//! loom's in the place of these.

pub(crate) use std::sync::{Mutex, atomic};
pub(crate) use std::thread::yield_now;

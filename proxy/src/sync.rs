//! The atomics of what is checked by a model checker: `tests/model.rs` compiles those files once more, with loom's in
//! the place of these.

pub(crate) use std::sync::atomic;

//! The store keeps what it said it would, whatever is done to its process, its disk and its file.

mod child;
mod corruption;
mod fixture;
mod history;
mod keeper;
mod keeping;
mod opening;
mod snapshot;

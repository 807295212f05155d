//! The store keeps what it said it would, whatever is done to its process, its disk and its file.

mod answered;
mod backup;
mod child;
mod corruption;
mod fixture;
mod foreign;
mod freezes;
mod history;
mod keeper;
mod keeping;
mod numbers;
mod opening;
mod papers;
mod restore;
mod rollouts;
mod snapshot;
mod versions;

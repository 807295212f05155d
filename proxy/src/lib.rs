//! The data plane: one request, one pick, one outcome. It has never heard of rollouts.
//!
//! A request's way: [`service`] matches the [`rules`], loads the [`table`] from the one cell in [`routes`], picks a
//! backend of a [`pool`], and books how each attempt ended on the backend's [`meter`] and on the [`ledger`].

pub mod access_log;
mod clock;
pub mod dice;
pub mod drain;
pub mod histogram;
pub mod ledger;
pub mod meter;
pub mod outcome;
pub mod pool;
pub mod request_id;
pub mod rescue;
pub mod routes;
pub mod rules;
pub mod service;
pub mod table;
pub mod track;

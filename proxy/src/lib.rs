//! The data plane: one request, one pick, one outcome. It has never heard of rollouts.
//!
//! A request's way: a [`listener`] accepts its connection, the [`connection`] loop reads its [`head`], and [`service`]
//! matches the [`rules`], loads the [`table`] from the one cell in [`routes`], picks a backend of a [`pool`], and books
//! how each attempt ended on the backend's [`meter`] and on the [`ledger`]. The [`worker`]s are the threads of it all.

pub mod access_log;
pub mod caps;
mod clock;
pub mod cohort;
pub mod connection;
mod crumb;
pub mod dice;
pub mod drain;
pub mod head;
pub mod hearing;
pub mod histogram;
pub mod last_pick;
pub mod ledger;
pub mod listener;
pub mod meter;
pub mod outcome;
pub mod park;
pub mod pool;
pub mod preview;
pub mod request_id;
pub mod rescue;
pub mod routes;
pub mod rules;
pub mod scoring;
pub mod service;
pub mod slow_start;
mod sync;
pub mod table;
pub mod track;
pub mod trip;
pub mod witness;
pub mod worker;

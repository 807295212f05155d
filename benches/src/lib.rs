//! Numbers: what canaryd does to real requests, measured from outside.
//!
//! An [`origin`] is a backend that knows what it served and may be told to fail; a [`load`] is a steady client that
//! remembers every request. Nothing in here is part of canaryd, and the proxy is only ever reached through its
//! sockets, but by [`route`] and [`way`], which measure parts of it, and [`sim`], which plays rollouts without any. Start
//! with [`demo`], which shows a whole rollout.

pub mod client;
pub mod clock;
pub mod demo;
pub mod instructions;
pub mod load;
pub mod origin;
pub mod route;
pub mod sim;
pub mod way;

//! Swarm: the tasks of its services are instances as containers are, on an Engine that is a manager.
//!
//! What an Engine [`answer`]s is one [`roll`] of services and their tasks; what is known of them from one roll to the
//! next is in [`tasks`]. Requests go to the tasks' own addresses, never to a service's virtual one: that one spreads
//! connections and not requests, and no weight would hold.
//!
//! A new release is a second service beside the first, its [`twin`]; [`desire`] says what each of both should be, and
//! [`refusal`] beside which services there can be none. Pure.

pub mod answer;
pub mod desire;
pub mod refusal;
pub mod roll;
pub mod tasks;
pub mod twin;

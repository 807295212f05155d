//! A service as it is declared: which requests are its own, where its releases come from, and how they are looked after.

use std::time::Duration;

use crate::hooks::{Hooks, Smoke};
use crate::name::ServiceName;
use crate::origin::Origin;
use crate::plan::Plan;
use crate::rule::{Priority, Rule};
use crate::secret::Secret;

/// What clients call.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name, unique in a configuration.
    pub name: ServiceName,
    /// Which requests are its own.
    pub rule: Rule,
    /// Which service a request belongs to that matches several rules. Default: the length of the rule in bytes.
    pub priority: Priority,
    /// Where its releases come from.
    pub origin: Origin,
    /// How a backend proves that it can serve.
    pub probe: Probe,
    /// How long each part of a request may take.
    pub timeouts: Timeouts,
    /// How a new release is brought in.
    pub plan: Plan,
    /// Which failed requests are sent to another backend, besides those that only read.
    pub rescue: Rescue,
    /// How requests wait while no backend is ready.
    pub parking: Parking,
    /// What is done at the points of a rollout. Default nothing.
    pub hooks: Hooks,
    /// The tests that a release has to pass. Default none.
    pub smoke: Option<Smoke>,
    /// What opens the slot of the release on trial, whatever its share. Default nobody can.
    pub preview: Option<Secret>,
    /// Whether canaryd is healthy only while this service has a ready backend; see [`Listener`]. Default no.
    ///
    /// [`Listener`]: crate::daemon::Listener
    pub critical: bool,
}

/// Which requests may be sent twice. GET, HEAD and OPTIONS always may; what could not be sent at all is no second time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescue {
    /// PUT and DELETE may too: the service does the same for two as for one. Default no.
    pub idempotent_methods: bool,
    /// Any method may that carries an `Idempotency-Key`: the service knows a request again by it. Default no.
    pub idempotency_key: bool,
}

/// How requests wait while no backend is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parking {
    /// Whoever has waited so long gets 503. Default 30 s.
    pub timeout: Duration,
    /// So many may wait at a time, and who comes after them gets 503 at once; none at all, if this is 0. Default 1 000.
    pub requests: usize,
}

/// How a backend proves that it can serve, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// A GET of this path must be answered with 200 to 399; without one, a connection must be accepted.
    pub path: Option<Box<str>>,
    /// From one probe to the next. Default 2 s.
    pub interval: Duration,
    /// A probe that takes longer has failed. Default 2 s.
    pub timeout: Duration,
    /// This many passes in a row make a backend ready. Default 2.
    pub rise: u32,
    /// This many failures in a row make it unready. Default 2.
    pub fall: u32,
}

/// How long each part of a request may take on the way to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection is established. Default 2 s.
    pub connect: Duration,
    /// How long a backend may be silent: before its answer (then 504), or within it (then the answer is cut).
    /// Default 60 s.
    pub read: Duration,
    /// How long an unused connection to a backend is kept. Default 90 s.
    pub keep_alive: Duration,
}

//! That a canary was convicted.

use std::time::Instant;

use crate::analysis::{Breach, Glance};

/// A verdict against a canary, as it fell.
#[derive(Clone, Debug)]
pub(crate) struct Conviction {
    /// When.
    pub(crate) at: Instant,
    /// On what.
    pub(crate) breach: Breach,
    /// The evidence that it fell on.
    pub(crate) glance: Glance,
    /// The canary's requests in flight at that moment.
    pub(crate) in_flight: usize,
}

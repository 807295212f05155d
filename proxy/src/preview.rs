//! The release on trial for whoever knows the secret: a slot of its own, whatever the canary's share.

use std::sync::Arc;

use canary_config::secret::Secret;

use crate::pool::Pool;
use crate::trip::Trip;

/// A canary's own slot. What comes by it is counted for nobody.
#[derive(Clone, Debug)]
pub struct Preview {
    pool: Pool,
    secret: Secret,
    trip: Arc<Trip>,
}

// === impl Preview ===

impl Preview {
    /// A slot for this release, until it is convicted.
    #[must_use]
    pub fn new(pool: Pool, secret: Secret, trip: Arc<Trip>) -> Self {
        Self { pool, secret, trip }
    }

    /// The backends that it leads to.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What opens it.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(crate) fn can_serve(&self) -> bool {
        !self.pool.ready.is_empty() && !self.trip.is_tripped()
    }
}

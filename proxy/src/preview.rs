//! The release on trial for whoever knows the secret: a slot of its own, whatever the canary's share.
//!
//! The secret comes in the field `X-Canaryd-Preview` or in the cookie `canaryd-preview`. A wrong one is none.

use std::sync::Arc;

use canary_config::secret::Secret;
use http::HeaderMap;
use http::header::{self, HeaderName};
use subtle::ConstantTimeEq as _;

use crate::crumb;
use crate::pool::Pool;
use crate::trip::Trip;

/// The field that brings the secret.
pub const HEADER: HeaderName = HeaderName::from_static("x-canaryd-preview");

/// The cookie that brings the secret.
pub const COOKIE: &str = "canaryd-preview";

/// A canary's own slot. What comes by it is counted for nobody.
#[derive(Clone, Debug)]
pub struct Preview {
    pool: Pool,
    secret: Secret,
    trip: Arc<Trip>,
}

// === impl Preview ===

impl Preview {
    /// A slot for this release, until it is convicted. What it is given and answers is noted apart from what the release
    /// is given and answers in its role.
    #[must_use]
    pub fn new(pool: Pool, secret: Secret, trip: Arc<Trip>) -> Self {
        Self { pool: Pool { meter: Arc::default(), ..pool }, secret, trip }
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

    /// Whether a request with these fields brings the secret. The comparison takes as long for a secret that is nearly
    /// right as for one that is not; how long the secret is, it does not hide.
    #[must_use]
    pub fn is_opened_by(&self, headers: &HeaderMap) -> bool {
        let in_fields = headers.get_all(HEADER).iter().any(|field| self.is_secret(field.as_bytes()));
        let fields = headers.get_all(header::COOKIE).iter().map(|field| field.as_bytes());
        in_fields || fields.flat_map(crumb::all).any(|(name, value)| name == COOKIE.as_bytes() && self.is_secret(value))
    }

    pub(crate) fn can_serve(&self) -> bool {
        !self.pool.ready.is_empty() && !self.trip.is_tripped()
    }

    fn is_secret(&self, text: &[u8]) -> bool {
        !text.is_empty() && bool::from(self.secret.expose().as_bytes().ct_eq(text))
    }
}

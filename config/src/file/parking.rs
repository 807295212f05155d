//! `[services.NAME.parking]`: how requests wait while no backend is ready.

use std::time::Duration;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{WAIT_MIN, WrittenDuration};
use super::problems::Section;
use crate::service::Parking;

/// No client waits longer than this for an answer to begin.
const TIMEOUT_MAX: Duration = Duration::from_secs(60 * 60);
/// More than any one host has sockets for.
const REQUESTS_MAX: usize = 1_000_000;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenParking {
    timeout: Option<Spanned<WrittenDuration>>,
    requests: Option<Spanned<WrittenCount>>,
}

// === impl WrittenParking ===

impl WrittenParking {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Parking {
        let default = Parking::default();
        Parking {
            timeout: section.duration("timeout", self.timeout, WAIT_MIN..=TIMEOUT_MAX, default.timeout),
            requests: section.count("requests", self.requests.as_ref(), &(0..=REQUESTS_MAX), default.requests),
        }
    }
}

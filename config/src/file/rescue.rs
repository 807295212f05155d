//! `[services.NAME.rescue]`: which failed requests may be sent to another backend, besides those that only read.

use serde::Deserialize;

use crate::service::Rescue;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenRescue {
    idempotent_methods: bool,
    idempotency_key: bool,
}

// === impl WrittenRescue ===

impl WrittenRescue {
    pub(super) fn meant(&self) -> Rescue {
        Rescue { idempotent_methods: self.idempotent_methods, idempotency_key: self.idempotency_key }
    }
}

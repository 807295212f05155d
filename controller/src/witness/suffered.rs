//! What a canary's clients have suffered by it in one try, whoever compared them and whatever judged it before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use canary_proxy::cohort::Keys;

use crate::analysis::Damage;

/// The counters of one try. A case that is opened anew goes on with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Suffered {
    requests: Arc<AtomicU64>,
    users_before: u64,
    keys: Option<Arc<Keys>>,
}

// === impl Suffered ===

impl Suffered {
    /// Goes by these keys from now on, if by any. A client that was failed before and is failed again counts twice.
    pub(super) fn with_keys(self, keys: Option<&Arc<Keys>>) -> Self {
        Self { users_before: self.damage().failed_users, keys: keys.cloned(), ..self }
    }

    /// Where the canary's failures are counted.
    pub(super) fn requests(&self) -> &Arc<AtomicU64> {
        &self.requests
    }

    /// What was suffered before a stop comes to it.
    pub(super) fn add(&mut self, before: Damage) {
        self.requests.fetch_add(before.failed_requests, Relaxed);
        self.users_before = self.users_before.saturating_add(before.failed_users);
    }

    /// All of it. A failure that has been heard is in it.
    pub(crate) fn damage(&self) -> Damage {
        let users = self.keys.as_ref().map_or(0, |keys| keys.failed());
        let failed_users = self.users_before.saturating_add(users);
        Damage { failed_requests: self.requests.load(Relaxed), failed_users }
    }
}

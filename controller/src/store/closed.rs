//! The store of a process that has none: it refuses everything, and says why.

use canary_config::name::ServiceName;

use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::Generation;
use crate::store::{HistoryQuery, Loaded, Lock, Record, Store, StoreError};

/// Stands where a store should be, and keeps a second process from the place while it does.
#[derive(Debug)]
pub struct ClosedStore {
    reason: String,
    _lock: Option<Lock>,
}

// === impl ClosedStore ===

impl ClosedStore {
    /// Refuses everything for this reason, which says what is wrong and what to do.
    #[must_use]
    pub fn new(reason: String, lock: Option<Lock>) -> Self {
        Self { reason, _lock: lock }
    }

    fn refuse<T>(&self) -> Result<T, StoreError> {
        Err(StoreError::Closed(self.reason.clone()))
    }
}

impl Store for ClosedStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.refuse()
    }

    fn record(&mut self, _: &Record) -> Result<(), StoreError> {
        self.refuse()
    }

    fn history(&mut self, _: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        self.refuse()
    }

    fn rollouts(&mut self, _: &ServiceName, _: usize) -> Result<Vec<RolloutSummary>, StoreError> {
        self.refuse()
    }

    fn account(&mut self, _: &ServiceName, _: Generation) -> Result<Option<String>, StoreError> {
        self.refuse()
    }

    fn last_entry(&self) -> i64 {
        0
    }

    fn backup(&mut self) -> Result<Vec<u8>, StoreError> {
        self.refuse()
    }

    fn mark_orderly_stop(&mut self) -> Result<(), StoreError> {
        self.refuse()
    }

    fn check(&mut self) -> Result<(), StoreError> {
        self.refuse()
    }
}

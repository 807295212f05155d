//! How to ask the store for something without waiting for it.

use std::fmt;
use std::sync::mpsc::{SyncSender, TrySendError};

use canary_config::name::ServiceName;
use tokio::sync::watch;

use crate::api::{HistoryEntry, RolloutSummary};
use crate::rollout::Generation;
use crate::store::{HistoryQuery, QUEUE_LIMIT, Record, StoreError};

/// Asks the store. Clones ask the same one, in the order of their calls.
///
/// No call waits. `Ok` promises that `done` will be called exactly once, on the thread of the store; with an `Err` it
/// never will be.
#[derive(Clone, Debug)]
pub struct StoreHandle {
    requests: SyncSender<Request>,
    last_entry: watch::Receiver<i64>,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum Request {
    /// Keep this.
    Record { record: Box<Record>, done: Done<()> },
    /// Show what was kept.
    History { query: HistoryQuery, done: Done<Vec<HistoryEntry>> },
    /// Tell of the rollouts of a service.
    Rollouts { service: ServiceName, limit: usize, done: Done<Vec<RolloutSummary>> },
    /// Show the account of a rollout.
    Account { service: ServiceName, generation: Generation, done: Done<Option<String>> },
    /// Copy everything.
    Backup { done: Done<Vec<u8>> },
    /// The process is about to stop because it was told to.
    OrderlyStop { done: Done<()> },
    /// No more requests.
    Stop,
}

/// A call back that is called even if the thread ends before its turn.
pub(super) struct Done<T>(Option<Callback<T>>);

type Callback<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

// === impl StoreHandle ===

impl StoreHandle {
    pub(super) fn new(requests: SyncSender<Request>, last_entry: watch::Receiver<i64>) -> Self {
        Self { requests, last_entry }
    }

    /// Keeps the record; see [`Store::record`](crate::store::Store::record).
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed; then nothing is kept.
    pub fn record(
        &self,
        record: Record,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(Request::Record { record: Box::new(record), done: Done::new(done) })
    }

    /// Looks at the audit trail; see [`Store::history`](crate::store::Store::history).
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed.
    pub fn history(
        &self,
        query: HistoryQuery,
        done: impl FnOnce(Result<Vec<HistoryEntry>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(Request::History { query, done: Done::new(done) })
    }

    /// Tells of the rollouts of a service; see [`Store::rollouts`](crate::store::Store::rollouts).
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed.
    pub fn rollouts(
        &self,
        service: ServiceName,
        limit: usize,
        done: impl FnOnce(Result<Vec<RolloutSummary>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(Request::Rollouts { service, limit, done: Done::new(done) })
    }

    /// The account of a rollout; see [`Store::account`](crate::store::Store::account).
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed.
    pub fn account(
        &self,
        service: ServiceName,
        generation: Generation,
        done: impl FnOnce(Result<Option<String>, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(Request::Account { service, generation, done: Done::new(done) })
    }

    /// The number of the last line of the audit trail that is kept; see
    /// [`Store::last_entry`](crate::store::Store::last_entry). Whoever sees a number can look at its line, and whoever
    /// is told that a record is kept has been preceded by its number. It ends with the store's thread.
    #[must_use]
    pub fn last_entry(&self) -> watch::Receiver<i64> {
        self.last_entry.clone()
    }

    /// Copies the whole store; see [`Store::backup`](crate::store::Store::backup). The bytes are a file as
    /// [`restore`](crate::store::restore()) takes it. The store has one thread, so records that are handed over meanwhile
    /// wait behind it until all of it is looked at and copied.
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed.
    pub fn backup(&self, done: impl FnOnce(Result<Vec<u8>, StoreError>) + Send + 'static) -> Result<(), StoreError> {
        self.ask(Request::Backup { done: Done::new(done) })
    }

    /// Marks the stop as orderly; see [`Store::mark_orderly_stop`](crate::store::Store::mark_orderly_stop).
    ///
    /// # Errors
    /// Too much is waiting already, or the store is closed.
    pub fn mark_orderly_stop(
        &self,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.ask(Request::OrderlyStop { done: Done::new(done) })
    }

    fn ask(&self, request: Request) -> Result<(), StoreError> {
        let (request, error) = match self.requests.try_send(request) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(request)) => (request, StoreError::QueueFull { limit: QUEUE_LIMIT }),
            Err(TrySendError::Disconnected(request)) => (request, StoreError::Gone),
        };
        request.forget();
        Err(error)
    }
}

// === impl Request ===

impl Request {
    /// Drops the request without calling back.
    fn forget(self) {
        match self {
            Self::Record { done, .. } | Self::OrderlyStop { done } => done.forget(),
            Self::History { done, .. } => done.forget(),
            Self::Rollouts { done, .. } => done.forget(),
            Self::Account { done, .. } => done.forget(),
            Self::Backup { done } => done.forget(),
            Self::Stop => {}
        }
    }
}

// === impl Done ===

impl<T> Done<T> {
    fn new(callback: impl FnOnce(Result<T, StoreError>) + Send + 'static) -> Self {
        Self(Some(Box::new(callback)))
    }

    pub(super) fn call(mut self, result: Result<T, StoreError>) {
        if let Some(callback) = self.0.take() {
            callback(result);
        }
    }

    fn forget(mut self) {
        self.0 = None;
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        if let Some(callback) = self.0.take() {
            callback(Err(StoreError::Gone));
        }
    }
}

impl<T> fmt::Debug for Done<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

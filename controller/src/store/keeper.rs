//! The thread of the store. Whoever has something to keep hands it over and is told later; nobody waits for a disk.

mod handle;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::handle::Request;
pub use self::handle::StoreHandle;
use tokio::sync::watch;

use crate::api::StoreHealth;
use crate::store::{Store, StoreError};

/// So many requests wait at most.
pub const QUEUE_LIMIT: usize = 256;

/// How long a store that does not take what it is given is left alone before it is tried again.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The thread of a store, for whoever ends it. [`StoreHandle`] is for those who use it.
#[derive(Debug)]
pub struct Keeper {
    requests: SyncSender<Request>,
    thread: JoinHandle<()>,
}

/// What the thread holds.
struct Work<F: FnMut(StoreHealth)> {
    store: Box<dyn Store>,
    requests: Receiver<Request>,
    health: Option<StoreHealth>,
    on_health: F,
    last_entry: watch::Sender<i64>,
}

// === impl Keeper ===

impl Keeper {
    /// Starts the thread. `on_health` is called on it, once soon and then whenever the health changes; like every
    /// other call back it must not wait for long.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        store: Box<dyn Store>,
        on_health: impl FnMut(StoreHealth) + Send + 'static,
    ) -> io::Result<(Self, StoreHandle)> {
        let (sender, requests) = sync_channel(QUEUE_LIMIT);
        let (last_entry, last_entry_seen) = watch::channel(store.last_entry());
        let work = Work { store, requests, health: None, on_health, last_entry };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || work.run())?;
        Ok((Self { requests: sender.clone(), thread }, StoreHandle::new(sender, last_entry_seen)))
    }

    /// Does what is waiting, closes the store and ends the thread. What is asked of a handle from then on is refused.
    pub fn stop(self) {
        // It fails if the thread has ended before, and then there is nothing to stop.
        let _ = self.requests.send(Request::Stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread of the store ended in a panic");
        }
    }
}

// === impl Work ===

impl<F: FnMut(StoreHealth)> Work<F> {
    fn run(mut self) {
        self.check();
        loop {
            match self.next() {
                Ok(Request::Record { record, done }) => {
                    let result = self.store.record(&record);
                    self.tell_health(result.as_ref().err());
                    self.tell_last_entry();
                    done.call(result);
                }
                Ok(Request::OrderlyStop { done }) => {
                    let result = self.store.mark_orderly_stop();
                    self.tell_health(result.as_ref().err());
                    done.call(result);
                }
                Ok(Request::History { query, done }) => {
                    done.call(self.store.history(&query));
                    self.check_if_needed();
                }
                Ok(Request::Rollouts { service, limit, done }) => {
                    done.call(self.store.rollouts(&service, limit));
                    self.check_if_needed();
                }
                Ok(Request::Account { service, generation, done }) => {
                    done.call(self.store.account(&service, generation));
                    self.check_if_needed();
                }
                Ok(Request::Backup { done }) => {
                    done.call(self.store.backup());
                    self.check_if_needed();
                }
                Err(RecvTimeoutError::Timeout) => self.check(),
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn next(&self) -> Result<Request, RecvTimeoutError> {
        if self.needs_care() {
            self.requests.recv_timeout(RETRY_INTERVAL)
        } else {
            self.requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        }
    }

    fn needs_care(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.message.is_some())
    }

    /// Who reads often must not keep the store from being tried again.
    fn check_if_needed(&mut self) {
        if self.needs_care() {
            self.check();
        }
    }

    fn check(&mut self) {
        let result = self.store.check();
        self.tell_health(result.as_ref().err());
        self.tell_last_entry();
    }

    fn tell_last_entry(&self) {
        let now = self.store.last_entry();
        self.last_entry.send_if_modified(|last| std::mem::replace(last, now) != now);
    }

    fn tell_health(&mut self, error: Option<&StoreError>) {
        let message = error.map(ToString::to_string).or_else(|| self.store.warning());
        let health = StoreHealth { healthy: error.is_none(), message };
        if self.health.as_ref() == Some(&health) {
            return;
        }
        match &health.message {
            Some(message) if health.healthy => tracing::warn!("{message}"),
            Some(message) => tracing::error!("{message}"),
            None => tracing::info!("the store takes what it is given"),
        }
        self.health = Some(health.clone());
        (self.on_health)(health);
    }
}

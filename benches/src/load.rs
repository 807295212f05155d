//! A steady client: a fixed number of requests each second, however fast the answers are, over a few keep-alive
//! connections. It remembers every request, up to a limit that is set before it starts.

mod record;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

pub use self::record::{Answer, Record, ReleaseName};
use crate::client::Client;
use crate::clock::Moment;

/// A request that has no answer after this long is lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// What a steady client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Whom it asks.
    pub target: SocketAddr,
    /// Over so many connections, each with one request at a time.
    pub connections: NonZeroU32,
    /// So many requests a second. A request that is late is sent as soon as its connection is free.
    pub rate: NonZeroU32,
    /// It stops by itself after so long, which bounds what it remembers.
    pub duration_max: Duration,
}

/// A client at work. It stops when it is dropped.
#[derive(Debug)]
pub struct Steady {
    records: Arc<Mutex<Vec<Record>>>,
    connections: JoinSet<()>,
}

// === impl Load ===

impl Load {
    /// Begins to ask.
    #[must_use]
    pub fn start(self) -> Steady {
        let records = Arc::new(Mutex::new(Vec::with_capacity(self.requests_max())));
        let start = Instant::now();
        let connections = (0..self.connections.get())
            .map(|connection| self.ask_in_turn(connection, start, Arc::clone(&records)))
            .collect();
        Steady { records, connections }
    }

    fn requests_max(&self) -> usize {
        let requests = self.duration_max.as_millis() * u128::from(self.rate.get()) / 1_000;
        usize::try_from(requests).unwrap_or(usize::MAX)
    }

    /// One connection's part: every n-th request of the whole.
    async fn ask_in_turn(self, connection: u32, start: Instant, records: Arc<Mutex<Vec<Record>>>) {
        let mut client = Client::new(self.target);
        let step = usize::try_from(self.connections.get()).unwrap_or(usize::MAX);
        for turn in (0..self.requests_max()).skip(usize::try_from(connection).unwrap_or(usize::MAX)).step_by(step) {
            sleep_until(start + self.offset(turn)).await;
            let record = ask(&mut client).await;
            records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        }
    }

    /// When the n-th request is due.
    fn offset(&self, turn: usize) -> Duration {
        Duration::from_micros(turn as u64 * 1_000_000 / u64::from(self.rate.get()))
    }
}

async fn ask(client: &mut Client) -> Record {
    let sent = Moment::now();
    let answer = match timeout(ANSWER_TIMEOUT, client.get("/")).await {
        Ok(Ok(response)) => Answer::of(&response),
        Ok(Err(_)) | Err(_) => Answer::Lost,
    };
    Record { sent, took: Moment::now().since(sent), answer }
}

// === impl Steady ===

impl Steady {
    /// Every request so far, in the order in which they ended.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it stops by itself.
    pub async fn finish(mut self) -> Vec<Record> {
        while self.connections.join_next().await.is_some() {}
        self.records()
    }
}

#[cfg(test)]
mod tests;

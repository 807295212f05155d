//! Clients that keep asking, on kept connections, at a steady and bounded rate.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::{Client, Tally, until};

const CONNECTIONS: usize = 8;

/// From one request of a connection to its next. All together ask about 800 times a second.
const PACE: Duration = Duration::from_millis(10);

/// No connection asks more often than this in all, or breaks more often.
const REQUESTS_MAX: usize = 20_000;
const BREAKS_MAX: usize = 100;

/// A load, until it is dropped.
pub(crate) struct Load {
    tally: Arc<Mutex<Tally>>,
    _clients: JoinSet<()>,
}

// === impl Load ===

impl Load {
    pub(crate) fn on(address: SocketAddr) -> Self {
        let tally = Arc::<Mutex<Tally>>::default();
        let clients = (0..CONNECTIONS).map(|_| ask_on(address, Arc::clone(&tally))).collect();
        Self { tally, _clients: clients }
    }

    pub(crate) fn so_far(&self) -> Tally {
        self.tally.lock().expect("no client panics").clone()
    }

    /// Waits for so many more answers.
    pub(crate) async fn more(&self, answers: u64) {
        let wanted = self.so_far().all() + answers;
        until("more answers", async || {
            let tally = self.so_far();
            if tally.all() >= wanted { Ok(()) } else { Err(format!("{tally:?}")) }
        })
        .await;
    }
}

async fn ask_on(address: SocketAddr, tally: Arc<Mutex<Tally>>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut client = None;
    for _ in 0..REQUESTS_MAX {
        pace.tick().await;
        let answer = ask(&mut client, address).await;
        let mut tally = tally.lock().expect("no client panics");
        tally.note(&answer);
        if answer.is_err() {
            client = None;
            if tally.broken() > BREAKS_MAX {
                return;
            }
        }
    }
}

async fn ask(client: &mut Option<Client>, address: SocketAddr) -> Result<super::Answer, String> {
    if client.is_none() {
        *client = Some(Client::tcp(address).await?);
    }
    match client {
        Some(client) => client.get("/").await,
        None => Err("no connection".into()),
    }
}

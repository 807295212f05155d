//! Clients that together ask at a fixed rate, however fast the answers are, and know how each request ended.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Answer, Broken, Client, until};

/// Requests a second, of all clients together. One that is late is sent as soon as its connection is free.
const RATE: u32 = 300;

/// So many that some which wait for an answer do not hold up the others.
const CONNECTIONS: u32 = 48;

/// It ends by itself after so many.
const REQUESTS_MAX: u32 = RATE * 60;

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a whole answer of this status, by this release; by nobody, if the edge itself answered.
    Answered { status: u16, release: String },
    /// The head came, and the body broke off.
    Cut,
    /// No answer came.
    Lost(String),
}

/// How the requests of each method ended, by their path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    pub(crate) gets: BTreeMap<String, End>,
    pub(crate) posts: BTreeMap<String, End>,
}

/// Clients at work, until this is stopped or dropped.
pub(crate) struct Steady {
    ends: Arc<Mutex<Ends>>,
    is_over: Arc<AtomicBool>,
    clients: JoinSet<()>,
}

// === impl Steady ===

impl Steady {
    /// Clients of this address. One request in so many is a POST, the others are GETs; each has a path of its own.
    pub(crate) fn on(address: SocketAddr, posts_every: u32) -> Self {
        let (ends, is_over) = (Arc::<Mutex<Ends>>::default(), Arc::<AtomicBool>::default());
        let start = Instant::now();
        let ask = |first| {
            let (ends, is_over) = (Arc::clone(&ends), Arc::clone(&is_over));
            async move {
                let mut client = None;
                for number in (first..=REQUESTS_MAX).step_by(CONNECTIONS as usize) {
                    sleep_until(start + Duration::from_secs(1) * number / RATE).await;
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    let method = if number.is_multiple_of(posts_every) { Method::POST } else { Method::GET };
                    let path = format!("/{number}");
                    let end = End::of(ask(&mut client, address, &method, &path).await);
                    let mut ends = ends.lock().expect("no client panics");
                    let of_method = if method == Method::POST { &mut ends.posts } else { &mut ends.gets };
                    of_method.insert(path, end);
                }
            }
        };
        let clients = (1..=CONNECTIONS).map(ask).collect();
        Self { ends, is_over, clients }
    }

    /// Waits for the ends of so many more requests.
    pub(crate) async fn more(&self, requests: usize) {
        let count = || self.ends.lock().expect("no client panics").count();
        let wanted = count() + requests;
        until("more answers", async || if count() >= wanted { Ok(()) } else { Err(count().to_string()) }).await;
    }

    /// Asks nothing more, waits for what is under way, and tells how everything ended.
    pub(crate) async fn stop(mut self) -> Ends {
        self.is_over.store(true, Ordering::SeqCst);
        while let Some(client) = self.clients.join_next().await {
            client.expect("no client panics");
        }
        self.ends.lock().expect("no client panics").clone()
    }
}

/// Asks once, on the connection that is kept or on a new one.
async fn ask(client: &mut Option<Client>, address: SocketAddr, method: &Method, path: &str) -> Result<Answer, Broken> {
    let mut connection = match client.take() {
        Some(kept) => kept,
        None => Client::tcp(address).await.map_err(Broken::Lost)?,
    };
    let body = if method == Method::POST { Bytes::from_static(b"once") } else { Bytes::new() };
    let request = Request::builder().method(method).uri(path).header("host", "edge.test").body(Full::new(body));
    let answer = connection.exchange(request.expect("a plain request")).await?;
    if answer.header("connection") != "close" {
        *client = Some(connection);
    }
    Ok(answer)
}

// === impl End ===

impl End {
    fn of(answer: Result<Answer, Broken>) -> Self {
        match answer {
            Ok(answer) => {
                let release = answer.header("x-release").to_owned();
                Self::Answered { status: answer.status, release }
            }
            Err(Broken::Cut(_)) => Self::Cut,
            Err(Broken::Lost(why)) => Self::Lost(why),
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Self::Answered { status: 200, .. })
    }
}

// === impl Ends ===

impl Ends {
    fn count(&self) -> usize {
        self.gets.len() + self.posts.len()
    }
}

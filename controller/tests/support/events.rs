//! A reader of the server-sent events of one canaryd.

use std::path::Path;

use bytes::Bytes;
use canary_controller::api::HistoryEntry;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::PATIENCE;

/// A stream that reads when it is asked to.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) entry: HistoryEntry,
}

// === impl Events ===

impl Events {
    /// Opens a stream that begins as the query and the fields say.
    pub(crate) async fn open(socket: &Path, query: &str, last_event_id: Option<i64>) -> Self {
        let stream = UnixStream::connect(socket).await.expect("a connection");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        // It ends with the body, or with canaryd.
        tokio::spawn(connection);
        let mut request = Request::get(format!("/v1/events{query}")).header("host", "canaryd");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id.to_string());
        }
        let request = request.body(Full::<Bytes>::default()).expect("a plain request");
        let response = timeout(PATIENCE, sender.send_request(request)).await.expect("in time").expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = Self { body: response.into_body(), text: String::new() };
        let greeting = events.block().await.expect("a greeting");
        assert!(greeting.starts_with(": "), "{greeting}");
        events
    }

    /// The next event; nothing when the stream has ended in order.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            // A comment alone is a heartbeat.
            let Some(data) = field("data:") else { continue };
            return Some(Event {
                id: field("id:").and_then(|id| id.parse().ok()).expect("an event has a number"),
                kind: field("event:").expect("an event has a kind").to_owned(),
                entry: serde_json::from_str(data).expect("an entry"),
            });
        }
    }

    /// The next events, so many.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }

    /// The next lines up to an empty one.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let frame = timeout(PATIENCE, self.body.frame()).await.expect("an event in time")?;
            let data = frame.expect("a whole stream").into_data().expect("data");
            self.text += std::str::from_utf8(&data).expect("text");
        }
    }
}

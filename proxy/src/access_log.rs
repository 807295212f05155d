//! One JSON line for each request, written off the request's path.
//!
//! A request hands its entry to a bounded queue and goes on. When the writer cannot keep up (a full disk, a stopped
//! reader), entries are dropped and counted; a request never waits for them.

use std::io::{self, BufWriter, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use canary_config::name::{ReleaseId, ServiceName};
use http::Method;
use serde::{Serialize, Serializer};

use crate::pool::BackendId;
use crate::request_id::RequestId;
use crate::rescue::Cause;
use crate::track::Track;

/// Entries that may wait for the writer: about a second of a busy edge.
pub const QUEUE_LIMIT: usize = 16_384;

/// Where requests leave their entries. Clones share one queue and one count.
#[derive(Clone, Debug)]
pub struct AccessLog {
    queue: Option<SyncSender<Entry>>,
    dropped: Arc<AtomicU64>,
}

/// What is written of one request. The query is left out: it is where secrets are found.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When its head was complete.
    #[serde(serialize_with = "date")]
    pub time: SystemTime,
    /// The value of `X-Request-Id`.
    #[serde(serialize_with = "text")]
    pub request_id: RequestId,
    /// Who asked.
    pub client: Option<IpAddr>,
    /// With what method.
    #[serde(serialize_with = "text")]
    pub method: Method,
    /// On what host.
    pub host: String,
    /// For what path.
    pub path: String,
    /// What the client was answered; 0 if it was gone before.
    pub status: u16,
    /// The bytes of the answer's body.
    pub bytes: u64,
    /// From the head to the end of the answer, in milliseconds.
    pub duration_ms: f64,
    /// How much of that it was parked; not there if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked_ms: Option<f64>,
    /// The service that the request belongs to.
    pub service: Option<ServiceName>,
    /// The release that it was given to last.
    pub release: Option<ReleaseId>,
    /// The role of that release.
    #[serde(serialize_with = "track")]
    pub track: Option<Track>,
    /// The backend that was tried last.
    #[serde(serialize_with = "backend")]
    pub backend: Option<BackendId>,
    /// How many backends were tried.
    pub attempts: u8,
    /// Why it was taken from the canary and given to stable; not there if it was not.
    #[serde(serialize_with = "cause", skip_serializing_if = "Option::is_none")]
    pub rescued: Option<Cause>,
}

/// The thread that writes. It ends when the last [`AccessLog`] is gone and everything is written.
#[derive(Debug)]
pub struct Writer(JoinHandle<()>);

// === impl AccessLog ===

impl AccessLog {
    /// Keeps nothing.
    #[must_use]
    pub fn off() -> Self {
        Self { queue: None, dropped: Arc::default() }
    }

    /// Starts a writer to this sink.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(sink: impl Write + Send + 'static) -> io::Result<(Self, Writer)> {
        let (queue, entries) = sync_channel(QUEUE_LIMIT);
        let dropped = Arc::<AtomicU64>::default();
        let lost = Arc::clone(&dropped);
        let thread =
            thread::Builder::new().name("access-log".into()).spawn(move || write_all(&entries, sink, &lost))?;
        Ok((Self { queue: Some(queue), dropped }, Writer(thread)))
    }

    /// Whether anyone reads entries; if not, none need be made.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.queue.is_some()
    }

    /// Leaves an entry, or counts it as dropped. Never waits.
    pub fn leave(&self, entry: Entry) {
        if let Some(queue) = &self.queue
            && queue.try_send(entry).is_err()
        {
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Entries that were not written.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}

// === impl Writer ===

impl Writer {
    /// Waits until everything is written. Every [`AccessLog`] must be gone, or this waits for them.
    pub fn finish(self) {
        // A writer that panicked has nothing left to say.
        let _ = self.0.join();
    }
}

fn write_all(entries: &Receiver<Entry>, sink: impl Write, lost: &AtomicU64) {
    let mut sink = BufWriter::with_capacity(64 * 1024, sink);
    while let Ok(first) = entries.recv() {
        // What has queued up meanwhile goes out with one flush.
        for entry in std::iter::once(first).chain(entries.try_iter().take(QUEUE_LIMIT)) {
            if write_line(&mut sink, &entry).is_err() {
                lost.fetch_add(1, Relaxed);
            }
        }
        if sink.flush().is_err() {
            // The sink refuses; what is buffered would only be repeated at the next flush.
            lost.fetch_add(1, Relaxed);
        }
    }
}

fn write_line(sink: &mut impl Write, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *sink, entry)?;
    sink.write_all(b"\n")
}

fn date<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_rfc3339_micros(*time))
}

fn text<S: Serializer>(value: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[expect(clippy::ref_option, reason = "the shape that serde calls")]
fn track<S: Serializer>(track: &Option<Track>, serializer: S) -> Result<S::Ok, S::Error> {
    track.map(Track::label).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "the shape that serde calls")]
fn backend<S: Serializer>(backend: &Option<BackendId>, serializer: S) -> Result<S::Ok, S::Error> {
    backend.as_ref().map(BackendId::as_str).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "the shape that serde calls")]
fn cause<S: Serializer>(cause: &Option<Cause>, serializer: S) -> Result<S::Ok, S::Error> {
    cause.map(Cause::label).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn entry() -> Entry {
        Entry {
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_500),
            request_id: RequestId::from_bits(0xabc),
            client: Some(IpAddr::from([127, 0, 0, 1])),
            method: Method::GET,
            host: "a.example".into(),
            path: "/\"quoted\"".into(),
            status: 200,
            bytes: 5,
            duration_ms: 1.25,
            parked_ms: None,
            service: Some("web".parse().unwrap()),
            release: Some("v1".parse().unwrap()),
            track: Some(Track::Stable),
            backend: Some(BackendId::configured(([127, 0, 0, 1], 9001).into())),
            attempts: 1,
            rescued: None,
        }
    }

    /// Passes on what is written, and blocks its writer until somebody takes it.
    struct Slow(SyncSender<Vec<u8>>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_entry_is_one_line_of_json() {
        let (lines, written) = sync_channel(1);
        let (log, writer) = AccessLog::start(Slow(lines)).unwrap();
        log.leave(entry());
        let line = String::from_utf8(written.recv().unwrap()).unwrap();
        drop(log);
        writer.finish();
        assert_eq!(
            line,
            "{\"time\":\"1970-01-01T00:00:01.500000Z\",\"request_id\":\"00000000000000000000000000000abc\",\
             \"client\":\"127.0.0.1\",\"method\":\"GET\",\"host\":\"a.example\",\"path\":\"/\\\"quoted\\\"\",\
             \"status\":200,\"bytes\":5,\"duration_ms\":1.25,\"service\":\"web\",\"release\":\"v1\",\
             \"track\":\"stable\",\"backend\":\"127.0.0.1:9001\",\"attempts\":1}\n"
        );
    }

    #[test]
    fn a_reader_that_stands_still_costs_entries_and_no_request() {
        let (lines, written) = sync_channel(0);
        let (log, writer) = AccessLog::start(Slow(lines)).unwrap();
        let left = QUEUE_LIMIT * 2;
        for _ in 0..left {
            log.leave(entry());
        }
        let dropped = usize::try_from(log.dropped()).unwrap();
        assert!(dropped > 0, "nothing was dropped");
        drop(log);
        let lines: usize = written.iter().map(|chunk| chunk.iter().filter(|byte| **byte == b'\n').count()).sum();
        writer.finish();
        assert_eq!(lines + dropped, left);
    }
}

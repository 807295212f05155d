//! What changes, as it changes: the audit trail as server-sent events.
//!
//! A stream reads the store in bounded pages, and the next one only when its reader has taken the last: a slow reader
//! costs no memory and misses nothing that the store still has. The number of an entry is the event's id, so a reader
//! that was cut off goes on from where it was.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use utoipa::ToSchema;

use crate::admin::Admin;
use crate::admin::since::Since;
use crate::api::{HistoryEntry, Problem, ProblemKind};
use crate::store::{HistoryQuery, Order};

/// So many streams at once.
const STREAMS_MAX: usize = 32;

/// Entries that are read from the store at once.
const PAGE_LENGTH: usize = 100;

/// How often a stream says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How soon a reader that was cut off should come back.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// The places for streams, and what ends them all.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    places: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

/// One event, as its fields say.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "it describes the stream for the document; the fields are written by the stream itself")]
struct Fields {
    /// The number of the audit entry.
    #[schema(pattern = "^[0-9]+$")]
    id: String,
    /// What it is about.
    event: Kind,
    /// A `HistoryEntry`, as JSON.
    data: String,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(as = EventKind, rename_all = "lowercase")]
enum Kind {
    /// A rollout.
    Transition,
    /// A service that was parked or unparked.
    Park,
    /// Anything else that is told of in the audit trail, such as a freeze.
    Freeze,
}

/// Every change as it comes: `id` is the number of the audit entry, `event` is `transition`, `park` or `freeze`, `data` is a
/// HistoryEntry as JSON. It does not end by itself.
#[utoipa::path(get, path = "/events", tag = "questions", params(Since), responses(
    (status = OK, body = Fields, content_type = "text/event-stream", description = "The stream; it does not end.")))]
pub(super) async fn events(
    State(admin): State<Admin>,
    Extension(streams): Extension<Streams>,
    Since(since): Since,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = Arc::clone(&streams.places).try_acquire_owned().map_err(|_| {
        let message = format!("{STREAMS_MAX} streams of events are read already; end one, or try again later");
        Problem::new(ProblemKind::Overloaded, message)
    })?;
    let mut last = admin.store.last_entry();
    let newest = *last.borrow_and_update();
    // A number beyond the newest comes from a store that was replaced.
    let after = since.map_or(newest, |since| since.min(newest));
    let reader =
        Reader { admin, after, last, stopped: streams.stopped, page: VecDeque::new(), greeted: false, _place: place };
    Ok(Sse::new(unfold(reader, Reader::next)).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// One stream.
struct Reader {
    admin: Admin,
    after: i64,
    last: watch::Receiver<i64>,
    stopped: watch::Receiver<bool>,
    page: VecDeque<HistoryEntry>,
    greeted: bool,
    _place: OwnedSemaphorePermit,
}

// === impl Streams ===

impl Streams {
    pub(super) fn places() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(STREAMS_MAX))
    }

    pub(super) fn new(places: Arc<Semaphore>, stopped: watch::Receiver<bool>) -> Self {
        Self { places, stopped }
    }
}

// === impl Kind ===

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Transition => "transition",
            Self::Park => "park",
            Self::Freeze => "freeze",
        }
    }
}

// === impl Reader ===

impl Reader {
    /// The next event; nothing when the stream ends, because canaryd does or the store cannot be read.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if !self.greeted {
            self.greeted = true;
            return Some((Ok(Event::default().comment("canaryd").retry(COME_BACK_AFTER)), self));
        }
        while self.page.is_empty() {
            if !self.turn_page().await {
                return None;
            }
        }
        let entry = self.page.pop_front()?;
        self.after = entry.id;
        event(&entry).map(|event| (Ok(event), self))
    }

    /// Reads on, or waits until there is more to read. Says whether the stream goes on.
    async fn turn_page(&mut self) -> bool {
        let newest = *self.last.borrow_and_update();
        if newest <= self.after {
            return tokio::select! {
                changed = self.last.changed() => changed.is_ok(),
                _ = self.stopped.wait_for(|stopped| *stopped) => false,
            };
        }
        let query =
            HistoryQuery { service: None, generation: None, order: Order::After(self.after), limit: PAGE_LENGTH };
        match self.admin.history(query).await {
            Ok(entries) if entries.is_empty() => {
                // What is left of the way to the newest cannot be read.
                self.after = newest;
                true
            }
            Ok(entries) => {
                self.page = entries.into();
                true
            }
            Err(_) => false,
        }
    }
}

fn event(entry: &HistoryEntry) -> Option<Event> {
    let is_park = |command: &str| matches!(command.split(' ').next(), Some("park" | "unpark"));
    let kind = match (&entry.transition, entry.command.as_deref()) {
        (Some(_), _) => Kind::Transition,
        (None, Some(command)) if is_park(command) => Kind::Park,
        (None, _) => Kind::Freeze,
    };
    Event::default().id(entry.id.to_string()).event(kind.name()).json_data(entry).ok()
}

//! The requests that people will want to see, on their way from whoever served them to whoever tells of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use canary_proxy::witness::Noted;

/// So many may wait for the next look; what comes beyond them is counted and not shown.
const NOTED_LIMIT: usize = 256;

/// The requests' end.
#[derive(Clone, Debug)]
pub(super) struct Pen {
    sender: SyncSender<Noted>,
    missed: Arc<AtomicU64>,
}

/// The engine's end.
#[derive(Debug)]
pub(super) struct Notes {
    receiver: Receiver<Noted>,
    missed: Arc<AtomicU64>,
}

/// What has come since the last look.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// In the order in which the requests ended.
    pub(crate) noted: Vec<Noted>,
    /// How many found no room.
    pub(crate) missed: u64,
}

/// Both ends.
pub(super) fn notes() -> (Pen, Notes) {
    let (sender, receiver) = sync_channel(NOTED_LIMIT);
    let missed = Arc::<AtomicU64>::default();
    (Pen { sender, missed: Arc::clone(&missed) }, Notes { receiver, missed })
}

// === impl Pen ===

impl Pen {
    /// A request waits for nobody: what finds no room is counted.
    pub(super) fn put(&self, noted: Noted) {
        if self.sender.try_send(noted).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// === impl Notes ===

impl Notes {
    /// Takes what is there.
    pub(super) fn take(&self) -> Heard {
        // What comes meanwhile is for the next look, so that this one ends.
        let noted = self.receiver.try_iter().take(NOTED_LIMIT).collect();
        Heard { noted, missed: self.missed.swap(0, Ordering::Relaxed) }
    }
}

// === impl Heard ===

impl Heard {
    /// Whether nothing has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.noted.is_empty() && self.missed == 0
    }

    pub(super) fn add(&mut self, later: Self) {
        self.noted.extend(later.noted);
        self.missed = self.missed.saturating_add(later.missed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use canary_proxy::outcome::Outcome;
    use canary_proxy::request_id::RequestId;
    use http::Method;

    use super::*;

    fn noted(bits: usize) -> Noted {
        Noted {
            id: RequestId::from_bits(bits as u128),
            at: SystemTime::UNIX_EPOCH,
            method: Method::GET,
            path: "/".into(),
            backend: ([127, 0, 0, 1], 80).into(),
            outcome: Outcome::ServerError,
            status: Some(500),
            waited: Duration::ZERO,
            rescued: None,
        }
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (pen, notes) = notes();
        (0..NOTED_LIMIT + 3).for_each(|request| pen.put(noted(request)));
        let mut heard = notes.take();
        assert_eq!((heard.noted.len(), heard.missed), (NOTED_LIMIT, 3));
        assert!(notes.take().is_empty());
        pen.put(noted(9_999));
        heard.add(notes.take());
        assert_eq!((heard.noted.last(), heard.missed), (Some(&noted(9_999)), 3));
    }
}

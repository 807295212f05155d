//! The stream of events. A task of its own reads it and does nothing else: an Engine drops whoever is slow.

use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use bollard::errors::Error;
use bollard::models::{EventMessage, EventMessageTypeEnum};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock;
use crate::docker::ask::{Asker, words};
use crate::docker::happening::Happening;

/// So many events wait to be taken; when there are more, all containers are looked at anew.
const EVENTS_QUEUE: usize = 4_096;
/// So many are taken at a time.
const EVENTS_AT_ONCE: usize = 256;

/// What is heard begins so long ago if nothing was heard before: a stream is opened before the first list, but who can
/// say when the Engine has opened it.
const OVERLAP: Duration = Duration::from_secs(10);

/// A stream that is being read, until this is dropped.
#[derive(Debug)]
pub(super) struct Hearing {
    happenings: mpsc::Receiver<Result<Happening, Silence>>,
    _reader: JoinSet<()>,
    begun: Instant,
    /// Why nothing more comes, once everything before that has been taken.
    ended: Option<Silence>,
    /// What an earlier stream told of last, by the Engine's clock. It was asked for what happened since.
    told_until_ns: Option<i64>,
}

/// Something that happened.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) happening: Happening,
    /// Whether an earlier stream has told of it too.
    pub(super) is_old: bool,
}

/// Why nothing more is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The stream was closed in good order, as a proxy does that cuts what it thinks idle.
    Closed,
    /// The Engine is lost: why, and what to do.
    Lost(String),
}

// === impl Hearing ===

impl Hearing {
    /// Begins to hear what happened since then, or lately.
    pub(super) fn begin(asker: &Asker, told_until_ns: Option<i64>) -> Self {
        let (sender, happenings) = mpsc::channel(EVENTS_QUEUE);
        let lately = clock::today().duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(OVERLAP);
        let lately_ns = i64::try_from(lately.as_nanos()).unwrap_or_default();
        let stream = asker.events(told_until_ns.unwrap_or(lately_ns));
        let mut reader = JoinSet::new();
        reader.spawn(read(stream, sender));
        Self { happenings, _reader: reader, begun: Instant::now(), ended: None, told_until_ns }
    }

    /// What has happened next; at least one thing.
    ///
    /// # Errors
    /// Why nothing more will be heard.
    pub(super) async fn next(&mut self) -> Result<Vec<Heard>, Silence> {
        if let Some(why) = self.ended.take() {
            return Err(why);
        }
        let mut taken = Vec::new();
        self.happenings.recv_many(&mut taken, EVENTS_AT_ONCE).await;
        let mut heard = Vec::new();
        for taken in taken {
            match taken {
                Ok(happening) => heard.push(Heard { is_old: self.is_old(&happening), happening }),
                Err(why) => self.ended = Some(why),
            }
        }
        if heard.is_empty() {
            let overrun = || Silence::Lost("more happens than can be heard; everything is looked at anew".into());
            return Err(self.ended.take().unwrap_or_else(overrun));
        }
        Ok(heard)
    }

    /// How long it has been heard.
    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    fn is_old(&mut self, happening: &Happening) -> bool {
        // It tells of nothing that is older, unless its clock has gone back.
        if self.told_until_ns.is_some_and(|until_ns| happening.at_ns < until_ns) {
            self.told_until_ns = None;
        }
        self.told_until_ns == Some(happening.at_ns)
    }
}

/// Reads until the stream ends, and says why it did; without that, more came than could be kept.
async fn read(
    stream: impl Stream<Item = Result<EventMessage, Error>>,
    happenings: mpsc::Sender<Result<Happening, Silence>>,
) {
    let mut stream = pin!(stream);
    let silence = loop {
        match stream.next().await {
            Some(Ok(event)) => {
                let Some(happening) = happening(event) else { continue };
                if happenings.try_send(Ok(happening)).is_err() {
                    return;
                }
            }
            Some(Err(error)) => {
                break Silence::Lost(format!("the Engine's stream of events ended: {}", words(&error)));
            }
            None => break Silence::Closed,
        }
    };
    // Whoever does not listen any more needs no reason.
    let _ = happenings.send(Err(silence)).await;
}

/// What an event says of a container.
fn happening(event: EventMessage) -> Option<Happening> {
    let (action, actor) = (event.action?, event.actor?);
    let attributes = actor.attributes.unwrap_or_default();
    let at_ns = event.time_nano.unwrap_or_default();
    match event.typ? {
        EventMessageTypeEnum::CONTAINER => Some(Happening::of_container(&actor.id?, &action, &attributes, at_ns)),
        EventMessageTypeEnum::SERVICE => Some(Happening::of_service(&actor.id?, at_ns)),
        EventMessageTypeEnum::NETWORK => Happening::of_network(&action, &attributes, at_ns),
        _ => None,
    }
}

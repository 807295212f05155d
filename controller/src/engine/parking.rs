//! Services that an operator parks: their requests wait although there are ready backends, as for a switch of a database.
//!
//! A word about it is in force at once, whether or not the store takes the line about it in the audit trail. It ends with
//! the process: whoever parked a service and went away must not find it parked for ever.

use std::time::{Duration, Instant, SystemTime};

use canary_config::name::ServiceName;
use canary_config::service::Parking;
use tokio::sync::oneshot;

use crate::api::{Parked, ParkedStatus, Problem, ProblemKind};
use crate::clock;
use crate::date::to_the_millisecond;
use crate::engine::input::{Author, ParkWord};
use crate::engine::managed::Managed;
use crate::engine::memory::Remembered;
use crate::engine::{Engine, refused};
use crate::idempotency::IdempotencyKey;
use crate::store::{Entry, Record};

/// A word about parking on its way to be carried out.
#[derive(Debug)]
pub(super) struct ParkOrder {
    pub(super) service: ServiceName,
    pub(super) word: ParkWord,
    pub(super) author: Author,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) reply: oneshot::Sender<Result<Parked, Problem>>,
}

/// That a service is parked by an operator's word.
#[derive(Clone, Debug)]
pub(super) struct Standstill {
    author: Author,
    since: SystemTime,
    until: Option<Limit>,
}

/// When it ends by itself.
#[derive(Clone, Copy, Debug)]
struct Limit {
    at: Instant,
    date: SystemTime,
}

// === impl Engine ===

impl Engine {
    /// Takes a word about parking that has just come in.
    pub(super) fn take_park(&mut self, order: ParkOrder) {
        let ParkOrder { service, word, author, key, reply } = order;
        let answer = self.obey_park(&service, word, author, key).and_then(|()| Ok(self.managed(&service)?.parked()));
        // Whoever asked may have gone away.
        let _ = reply.send(answer);
    }

    fn obey_park(
        &mut self,
        service: &ServiceName,
        word: ParkWord,
        author: Author,
        key: Option<IdempotencyKey>,
    ) -> Result<(), Problem> {
        let command = word.text();
        if let Some(key) = &key
            && self.recall(key, Some(service), &command)?.is_some()
        {
            return Ok(());
        }
        self.stopping()?;
        let (before, date) = (self.managed(service)?.standstill.clone(), clock::today());
        let next = match word {
            ParkWord::Park(duration) => {
                let until = duration.map(|duration| Limit::after(duration, date)).transpose()?;
                let since = before.map_or(date, |before| before.since);
                Some(Standstill { author: author.clone(), since, until })
            }
            ParkWord::Unpark if before.is_some() => None,
            ParkWord::Unpark => return Err(refused(format!("{service} is not parked; see `status`"))),
        };
        self.set_standstill(service, next, command.clone(), author, key.clone());
        if let Some(key) = key {
            self.memory.note(key, Remembered { service: Some(service.clone()), command, done: None });
        }
        Ok(())
    }

    /// Parks or unparks a service, and tells of it.
    fn set_standstill(
        &mut self,
        service: &ServiceName,
        next: Option<Standstill>,
        command: String,
        author: Author,
        key: Option<IdempotencyKey>,
    ) {
        if let Some(managed) = self.services.get_mut(service) {
            managed.standstill = next;
        }
        self.publish([service]);
        tracing::info!(%service, command, actor = author.name, "parking");
        let entry = Entry {
            at: clock::today(),
            service: Some(service.clone()),
            actor: author.name,
            command: Some(command),
            note: author.note,
            key,
            transition: None,
            evidence: None,
        };
        self.save(Record { entries: vec![entry], ..Record::default() }, None, Vec::new());
    }

    /// Unparks whoever was parked for a time that is over.
    pub(super) fn end_standstills(&mut self, now: Instant) {
        let is_over = |managed: &Managed| managed.standstill_ends().is_some_and(|end| end <= now);
        let over = self.services.iter().filter(|(_, managed)| is_over(managed));
        for service in over.map(|(service, _)| service.clone()).collect::<Vec<_>>() {
            let author = Author { note: Some("its time is over".into()), ..Author::canaryd() };
            self.set_standstill(&service, None, ParkWord::Unpark.text(), author, None);
        }
    }

    /// What keeps a service from going up while it is parked, as a refusal says it.
    pub(super) fn parked_in_words(&self, service: &ServiceName) -> Option<String> {
        let by = &self.services.get(service)?.standstill.as_ref()?.author.name;
        Some(format!("{service} is parked by {by}: nothing is started or raised; `unpark {service}` ends it"))
    }
}

// === impl Managed ===

impl Managed {
    /// The answer to a word about parking: what is in force now.
    fn parked(&self) -> Parked {
        let (parked, waiting) = (self.parked_status(), self.waiting());
        let Parking { timeout, requests } = self.declared.parking;
        let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Parked { service: self.declared.name.clone(), parked, waiting, timeout_ms, requests }
    }

    /// That it is parked by an operator's word, as operators are shown it.
    pub(super) fn parked_status(&self) -> Option<ParkedStatus> {
        let Standstill { author, since, until } = self.standstill.clone()?;
        let until = until.map(|limit| to_the_millisecond(limit.date));
        Some(ParkedStatus { actor: author.name, note: author.note, since: to_the_millisecond(since), until })
    }

    /// How many of its requests are parked now, for whatever reason.
    pub(super) fn waiting(&self) -> usize {
        self.lot.waiting()
    }

    /// When it is to be unparked.
    pub(super) fn standstill_ends(&self) -> Option<Instant> {
        Some(self.standstill.as_ref()?.until?.at)
    }
}

// === impl Limit ===

impl Limit {
    /// # Errors
    /// When it is no time at all, or too long for a clock.
    fn after(duration: Duration, date: SystemTime) -> Result<Self, Problem> {
        let ends = clock::now().checked_add(duration).zip(date.checked_add(duration));
        let limit = ends.filter(|_| !duration.is_zero()).map(|(at, date)| Self { at, date });
        let message = "a service cannot be parked for so long; name no duration to park it until `unpark`";
        limit.ok_or_else(|| Problem { kind: ProblemKind::BadRequest, message: message.into() })
    }
}

// === impl ParkWord ===

impl ParkWord {
    /// As the audit trail and the log name it.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Park(None) => "park".into(),
            Self::Park(Some(duration)) => format!("park --for {}", humantime::format_duration(duration)),
            Self::Unpark => "unpark".into(),
        }
    }
}

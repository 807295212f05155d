//! Watches an Engine for ever, and says what there is: on each change the whole.
//!
//! It hears the stream of events, lists what there is and asks about each container; lists again every 30 s and after
//! each loss; and comes back by itself, however long an Engine is away. It waits for no answer before it has heard what
//! happened: questions are tasks of their own, and what goes away counts at once. What it makes of all that is in
//! [`book`](crate::docker::book).

mod backoff;
mod session;
mod stream;

use std::collections::BTreeSet;
use std::time::Duration;

use canary_config::docker::DockerHost;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use self::backoff::Backoff;
use self::session::{Answer, Call, Session};
use self::stream::{Heard, Hearing, Silence};
use crate::docker::ask::{Asker, Images, Place};
use crate::docker::book::{Book, Calls};
use crate::docker::own;
use crate::docker::sighting::{ContainerId, Sightings};
use crate::docker::wanted::Wanted;

/// How long the watcher waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// From one list to the next.
    pub list_interval: Duration,
    /// From one question about a Swarm's tasks to the next: while they come and go, and else.
    pub call_intervals: (Duration, Duration),
    /// For an answer.
    pub deadline: Duration,
    /// Before it asks again about a container of which it could not learn anything.
    pub retry_interval: Duration,
    /// Before it comes back to an Engine that it has lost: at first, and at the most.
    pub backoff: (Duration, Duration),
}

/// Watches an Engine.
#[derive(Debug)]
pub struct Watcher {
    host: DockerHost,
    pace: Pace,
    own_candidates: Vec<ContainerId>,
    own: Option<ContainerId>,
    wanted: watch::Receiver<Wanted>,
    seen: watch::Sender<Sightings>,
    book: Book,
    images: Images,
    begun: Instant,
    /// When the last that was heard happened, by the Engine's clock, in nanoseconds of Unix.
    heard_until_ns: Option<i64>,
}

/// Why a session ended.
enum Ended {
    /// The Engine is lost: why, and what to do.
    Lost(String),
    /// Nobody wants to know any more.
    Unwanted,
}

// === impl Pace ===

impl Default for Pace {
    fn default() -> Self {
        Self {
            list_interval: Duration::from_secs(30),
            call_intervals: (Duration::from_secs(1), Duration::from_secs(5)),
            deadline: Duration::from_secs(10),
            retry_interval: Duration::from_secs(1),
            backoff: (Duration::from_millis(100), Duration::from_secs(5)),
        }
    }
}

// === impl Watcher ===

impl Watcher {
    /// One for this Engine and these services, which may change, and where it says what it sees. It goes on while
    /// `wanted` has a sender.
    #[must_use]
    pub fn new(host: DockerHost, wanted: watch::Receiver<Wanted>) -> (Self, watch::Receiver<Sightings>) {
        let book = Book::new(wanted.borrow().clone());
        let (seen, receiver) = watch::channel(book.sightings());
        let watcher = Self {
            host,
            pace: Pace::default(),
            own_candidates: own::candidates(),
            own: None,
            wanted,
            seen,
            book,
            images: Images::default(),
            begun: Instant::now(),
            heard_until_ns: None,
        };
        (watcher, receiver)
    }

    /// The same at another pace.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same with other containers that canaryd may be.
    #[must_use]
    pub fn with_own_candidates(self, own_candidates: Vec<ContainerId>) -> Self {
        Self { own_candidates, ..self }
    }

    /// Watches until nobody wants to know any more.
    pub async fn run(mut self) {
        let mut backoff = Backoff::new(self.pace.backoff);
        loop {
            let why = match self.watch_once().await {
                Ended::Unwanted => return,
                Ended::Lost(why) => why,
            };
            if self.book.is_whole() {
                backoff.reset();
            }
            if self.seen.borrow().trouble.as_ref() != Some(&why) {
                tracing::warn!(why, "the Engine is not seen");
            }
            self.book.lose(why);
            self.publish();
            let pause = tokio::time::sleep(backoff.next());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    changed = self.wanted.changed() => match changed {
                        Ok(()) => self.want(),
                        Err(_) => return,
                    }
                }
            }
        }
    }

    /// Watches until the Engine is lost.
    async fn watch_once(&mut self) -> Ended {
        let asker = match Asker::connect(&self.host, self.pace.deadline, self.images.clone()).await {
            Ok(asker) => asker,
            Err(why) => return Ended::Lost(why),
        };
        match asker.place(&self.own_candidates).await {
            Ok(place) => self.take_place(place),
            Err(why) => return Ended::Lost(why),
        }
        self.book.join(asker.membership().await);
        // First hear, then list: nothing that happens in between is missed.
        let hearing = Hearing::begin(&asker, self.heard_until_ns);
        let mut session = Session::of(asker, hearing);
        session.list(&mut self.book);
        let mut list = ticks(self.pace.list_interval);
        let mut call = ticks(self.pace.call_intervals.0);
        let mut retry = ticks(self.pace.retry_interval);
        loop {
            tokio::select! {
                heard = session.hearing.next() => match heard {
                    Ok(heard) => self.hear(heard, &mut session),
                    Err(silence) => if let Err(why) = self.hear_anew(silence, &mut session) {
                        return Ended::Lost(why);
                    },
                },
                Some(answer) = session.answers.join_next() => {
                    let Ok(answer) = answer else { return Ended::Lost("a question was lost; it is asked again".into()) };
                    if let Err(why) = self.take(answer, &mut session) {
                        return Ended::Lost(why);
                    }
                }
                _ = list.tick() => {
                    session.place(&self.own_candidates);
                    session.join();
                    session.list(&mut self.book);
                }
                _ = call.tick() => self.call_again(&mut session),
                _ = retry.tick() => self.book.ask_again(),
                changed = self.wanted.changed() => match changed {
                    Ok(()) => self.want(),
                    Err(_) => return Ended::Unwanted,
                },
            }
            if self.book.take_call() {
                session.call();
            }
            session.ask(&mut self.book);
            self.publish();
        }
    }

    /// Goes on to hear when a stream was closed in good order, and looks at what it may have missed.
    ///
    /// # Errors
    /// The Engine is lost: why, and what to do.
    fn hear_anew(&mut self, silence: Silence, session: &mut Session) -> Result<(), String> {
        match silence {
            Silence::Lost(why) => Err(why),
            // Whoever closes each at once is not to be asked again and again.
            Silence::Closed if session.hearing.age() < self.pace.backoff.0 => {
                Err("the Engine's stream of events ended: it was closed at once; it is opened again".to_owned())
            }
            Silence::Closed => {
                session.hear_anew(self.heard_until_ns, &mut self.book);
                Ok(())
            }
        }
    }

    /// Takes what has happened.
    fn hear(&mut self, heard: Vec<Heard>, session: &mut Session) {
        self.book.grow(self.begun.elapsed());
        for Heard { happening, is_old } in heard {
            // Not the latest: an Engine's clock can go back.
            if self.heard_until_ns.replace(happening.at_ns) > Some(happening.at_ns) {
                self.book.turn_back();
            }
            if self.own.as_ref() == Some(&happening.container) {
                session.place(&self.own_candidates);
            }
            self.book.hear(&happening, is_old);
        }
    }

    /// Takes what came of a question.
    fn take(&mut self, answer: Answer, session: &mut Session) -> Result<(), String> {
        self.book.grow(self.begun.elapsed());
        match answer {
            Answer::Listed(asked, listed) => {
                self.book.list(asked, &listed?);
                session.note_listed(&mut self.book);
                self.images.keep(&self.book.images().collect::<BTreeSet<_>>());
            }
            Answer::Learnt(id, asked, learnt) => {
                self.book.learn(&id, asked, learnt);
            }
            Answer::Placed(place) => self.take_place(place?),
            Answer::Joined(membership) => self.book.join(membership),
            Answer::Called(at, called) => {
                self.book.call(called);
                session.note_called(at);
            }
        }
        if self.book.take_surprise() {
            // It may be that the event was only slower than the list; then this costs one connection.
            tracing::warn!("something had changed and no event has told of it; hearing anew");
            session.hear_anew(self.heard_until_ns, &mut self.book);
        }
        Ok(())
    }

    /// Asks about a Swarm's tasks, if it is time.
    fn call_again(&self, session: &mut Session) {
        let is_time = match (self.book.calls(), session.call) {
            (Calls::Often, Call::Answered(_)) => true,
            (Calls::NowAndThen, Call::Answered(at)) => at.elapsed() >= self.pace.call_intervals.1,
            (Calls::Never, _) | (_, Call::UnderWay | Call::UnderWayAndDue) => false,
        };
        if is_time {
            session.call();
        }
    }

    fn take_place(&mut self, Place { own, reach }: Place) {
        self.own = own;
        self.book.reach(reach);
    }

    fn want(&mut self) {
        let wanted = self.wanted.borrow_and_update().clone();
        self.book.want(wanted);
        self.publish();
    }

    /// Says what there is, if that has changed.
    fn publish(&self) {
        let sightings = self.book.sightings();
        self.seen.send_if_modified(|said| {
            let is_other = *said != sightings;
            if said.trouble.is_some() && sightings.trouble.is_none() {
                tracing::info!(
                    containers = sightings.containers.len(),
                    faults = sightings.faults.len(),
                    "the Engine is seen"
                );
            }
            if is_other {
                *said = sightings;
            }
            is_other
        });
    }
}

fn ticks(period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

//! One connection to an Engine, and the questions that are under way on it.

use std::collections::BTreeMap;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::stream::Hearing;
use crate::docker::ask::{Asker, Place};
use crate::docker::book::{Book, Learnt, Listed, Turn};
use crate::docker::sighting::ContainerId;
use crate::docker::swarm::roll::Roll;
use crate::docker::swarm::tasks::{Membership, NoRoll};

/// An Engine is asked about so many containers at a time.
const QUESTIONS_AT_ONCE: usize = 8;

/// One connection to an Engine, until it is lost.
pub(super) struct Session {
    asker: Asker,
    pub(super) hearing: Hearing,
    pub(super) answers: JoinSet<Answer>,
    list: Listing,
    pub(super) call: Call,
}

/// The question what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    /// It has been answered.
    Answered,
    /// It is under way.
    UnderWay,
    /// The same, and it is to be asked once more, as what was heard may have a gap since.
    UnderWayAndDue,
}

/// The question about a Swarm's tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// It was asked last at this moment, and has been answered.
    Answered(Instant),
    /// It is under way.
    UnderWay,
    /// The same, and something has happened since.
    UnderWayAndDue,
}

/// What came of a question.
pub(super) enum Answer {
    Listed(Turn, Result<BTreeMap<ContainerId, Listed>, String>),
    Learnt(ContainerId, Turn, Learnt),
    Placed(Result<Place, String>),
    Joined(Result<Membership, String>),
    Called(Instant, Result<Roll, NoRoll>),
}

// === impl Session ===

impl Session {
    /// One that has just begun.
    pub(super) fn of(asker: Asker, hearing: Hearing) -> Self {
        Self { asker, hearing, answers: JoinSet::new(), list: Listing::Answered, call: Call::Answered(Instant::now()) }
    }

    /// Hears by another stream what happened since then, and asks what there is: the one before may have had a gap.
    pub(super) fn hear_anew(&mut self, heard_until_ns: Option<i64>, book: &mut Book) {
        self.hearing = Hearing::begin(&self.asker, heard_until_ns);
        if self.list == Listing::Answered { self.list(book) } else { self.list = Listing::UnderWayAndDue }
    }

    /// Notes that it was answered what there is.
    pub(super) fn note_listed(&mut self, book: &mut Book) {
        if std::mem::replace(&mut self.list, Listing::Answered) == Listing::UnderWayAndDue {
            self.list(book);
        }
    }

    /// Notes that a Swarm's tasks were told of as they were at that moment.
    pub(super) fn note_called(&mut self, at: Instant) {
        if std::mem::replace(&mut self.call, Call::Answered(at)) == Call::UnderWayAndDue {
            self.call();
        }
    }

    /// Asks what there is, unless that has been asked and not answered yet.
    pub(super) fn list(&mut self, book: &mut Book) {
        if self.list != Listing::Answered {
            return;
        }
        self.list = Listing::UnderWay;
        let (asker, turn) = (self.asker.clone(), book.next_turn());
        self.answers.spawn(async move { Answer::Listed(turn, asker.list().await) });
    }

    /// Asks what the Engine is to a Swarm.
    pub(super) fn join(&mut self) {
        let asker = self.asker.clone();
        self.answers.spawn(async move { Answer::Joined(asker.membership().await) });
    }

    /// Asks about a Swarm's tasks; once more, if that is under way.
    pub(super) fn call(&mut self) {
        if !matches!(self.call, Call::Answered(_)) {
            self.call = Call::UnderWayAndDue;
            return;
        }
        self.call = Call::UnderWay;
        let (asker, at) = (self.asker.clone(), Instant::now());
        self.answers.spawn(async move { Answer::Called(at, asker.roll().await) });
    }

    /// Asks what canaryd reaches.
    pub(super) fn place(&mut self, candidates: &[ContainerId]) {
        if candidates.is_empty() {
            return;
        }
        let (asker, candidates) = (self.asker.clone(), candidates.to_vec());
        self.answers.spawn(async move { Answer::Placed(asker.place(&candidates).await) });
    }

    /// Asks about the containers that have to be asked about.
    pub(super) fn ask(&mut self, book: &mut Book) {
        while self.answers.len() < QUESTIONS_AT_ONCE {
            let Some((id, turn)) = book.next_question() else { return };
            let asker = self.asker.clone();
            self.answers.spawn(async move {
                let learnt = asker.learn(&id).await;
                Answer::Learnt(id, turn, learnt)
            });
        }
    }
}

//! One request on its way: where it stands, and the attempts made for it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;

use crate::clock;
use crate::cohort::Ticket;
use crate::drain::InFlightGuard;
use crate::meter::Underway;
use crate::outcome::Outcome;
use crate::pool::BackendId;
use crate::request_id::RequestId;
use crate::service::forwarded::Trust;
use crate::table::{Pick, Route};

/// What is known of a request; pingora hands it from hook to hook.
#[derive(Debug)]
pub struct Flight {
    pub(super) begun: Instant,
    pub(super) date: SystemTime,
    pub(super) peer: Option<IpAddr>,
    pub(super) trust: Trust,
    pub(super) id: RequestId,
    pub(super) route: Option<Arc<Route>>,
    /// The ticket that the client is to be given with its answer.
    pub(super) ticket: Option<Ticket>,
    pub(super) next: Next,
    pub(super) attempt: Option<Attempt>,
    pub(super) attempts: u8,
    /// Attempts on kept connections that turned out to be dead.
    pub(super) stale: u8,
    /// Whether it is a question about canaryd's own health, and so nobody's request.
    pub(super) is_health_question: bool,
    _in_flight: InFlightGuard,
}

/// Where the next attempt goes.
#[derive(Debug)]
pub(super) enum Next {
    /// Wherever the draw says.
    Draw,
    /// To the same backend: the kept connection was dead before it was used.
    Again,
    /// To another backend than the one that failed.
    Elsewhere(BackendId),
}

/// One try at one backend.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) pick: Pick,
    /// Whether the head of this attempt's answer is the one that the client gets.
    pub(super) status: Option<StatusCode>,
    begun: Instant,
    sent: Option<Instant>,
    first_byte: Option<Duration>,
    underway: Option<Underway>,
}

// === impl Flight ===

impl Flight {
    pub(super) fn new(in_flight: InFlightGuard) -> Self {
        Self {
            begun: clock::now(),
            date: clock::today(),
            peer: None,
            trust: Trust::Nobody,
            id: RequestId::from_bits(0),
            route: None,
            ticket: None,
            next: Next::Draw,
            attempt: None,
            attempts: 0,
            stale: 0,
            is_health_question: false,
            _in_flight: in_flight,
        }
    }

    /// Begins an attempt.
    pub(super) fn attempt(&mut self, pick: Pick) {
        self.attempts = self.attempts.saturating_add(1);
        self.attempt = Some(Attempt::new(pick));
    }

    /// Ends the attempt that is under way, if there is one, and books it.
    pub(super) fn end(&mut self, outcome: Outcome) {
        if let Some(attempt) = &mut self.attempt {
            attempt.end(outcome);
        }
    }

    /// Keeps the attempt that is under way out of the comparison.
    pub(super) fn leave_unscored(&mut self) {
        if let Some(attempt) = &mut self.attempt {
            attempt.pick.scoring = None;
        }
    }

    /// Takes back an attempt that never was one: the kept connection was dead before the request was sent on it.
    pub(super) fn again(&mut self) {
        self.stale += 1;
        self.attempts = self.attempts.saturating_sub(1);
        self.next = Next::Again;
    }
}

// === impl Attempt ===

impl Attempt {
    fn new(pick: Pick) -> Self {
        let (underway, begun) = (Some(pick.backend.meter.begin()), clock::now());
        pick.begin(begun);
        Self { pick, status: None, begun, sent: None, first_byte: None, underway }
    }

    /// The request's head goes out now, on a connection that stands: a colder pool must not convict a small arm.
    pub(super) fn sent(&mut self) {
        let now = clock::now();
        self.sent = Some(now);
        if let Some(scoring) = &mut self.pick.scoring {
            scoring.sent(now);
        }
    }

    /// The head of the answer is here.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.first_byte = self.sent.map(|sent| clock::now().saturating_duration_since(sent));
    }

    /// Books the attempt on its backend's meter, and on its ledger: the first time, and no other.
    fn end(&mut self, outcome: Outcome) {
        if self.underway.take().is_none() {
            return;
        }
        let took = clock::now().saturating_duration_since(self.begun);
        self.pick.backend.meter.end(outcome, took);
        let (outcome, waited) = self.evidence(outcome, took);
        self.pick.score(outcome, waited);
    }

    /// What the judge is told. A client that leaves after the answer's head has been answered all the same.
    fn evidence(&self, outcome: Outcome, took: Duration) -> (Outcome, Duration) {
        match (outcome, self.status) {
            (Outcome::ClientGone, Some(status)) => (Outcome::of_status(status), self.first_byte.unwrap_or(took)),
            (outcome, _) => (outcome, self.first_byte.unwrap_or(took)),
        }
    }
}

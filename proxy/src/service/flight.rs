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
use crate::rescue::Cause;
use crate::service::course::{Course, Role, Step};
use crate::service::forwarded::Trust;
use crate::service::parked::Wait;
use crate::service::peer::Connections;
use crate::service::remark::Remark;
use crate::table::{Pick, Route};
use crate::track::Track;

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
    pub(super) course: Course,
    /// What makes up for the attempt that failed, chosen when that was decided.
    pub(super) remedy: Option<Pick>,
    pub(super) attempt: Option<Attempt>,
    /// The backends that it has failed at, and is not sent to again before it has waited.
    pub(super) failed: Vec<BackendId>,
    /// Its wait for a backend, if it has been parked.
    pub(super) wait: Option<Box<Wait>>,
    /// Why it was taken from the canary, if it was.
    pub(super) rescued: Option<Cause>,
    /// What is to be said of the canary's attempt.
    pub(super) remark: Option<Remark>,
    /// Whether it is a question about canaryd's own health, and so nobody's request.
    pub(super) is_health_question: bool,
    _in_flight: InFlightGuard,
}

/// One try at one backend.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) pick: Pick,
    /// Whether the head of this attempt's answer is the one that the client gets.
    pub(super) status: Option<StatusCode>,
    /// What it may be made on.
    pub(super) connections: Connections,
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
            course: Course::new(),
            remedy: None,
            attempt: None,
            failed: Vec::new(),
            wait: None,
            rescued: None,
            remark: None,
            is_health_question: false,
            _in_flight: in_flight,
        }
    }

    /// Begins an attempt.
    pub(super) fn attempt(&mut self, pick: Pick) -> &Attempt {
        let connections = match self.course.next() {
            // One that was kept may be as dead as the attempt that failed.
            Some(Step::Again | Step::Park) => Connections::Fresh,
            _ => Connections::Any,
        };
        self.course.begin(match pick.track {
            Track::Canary if pick.is_preview => Role::Preview,
            Track::Canary => Role::Canary,
            Track::Stable => Role::Stable,
        });
        self.attempt.insert(Attempt::new(pick, connections))
    }

    /// Ends the attempt that is under way, if there is one, and books it.
    pub(super) fn end(&mut self, outcome: Outcome) {
        let remark = self.attempt.as_mut().and_then(|attempt| attempt.end(outcome));
        // Only the first attempt is scored, so that there is one remark at most.
        self.remark = remark.or(self.remark.take());
    }

    /// Keeps the attempt that is under way out of the comparison.
    pub(super) fn leave_unscored(&mut self) {
        if let Some(attempt) = &mut self.attempt {
            attempt.pick.leave_unscored();
        }
    }
}

// === impl Attempt ===

impl Attempt {
    fn new(pick: Pick, connections: Connections) -> Self {
        let (underway, begun) = (Some(pick.backend.meter.begin()), clock::now());
        pick.begin(begun);
        Self { pick, status: None, connections, begun, sent: None, first_byte: None, underway }
    }

    /// The request's head goes out now, on a connection that stands: a colder pool must not convict a small arm.
    pub(super) fn sent(&mut self) {
        let now = clock::now();
        self.sent = Some(now);
        self.pick.sent(now);
    }

    /// The head of the answer is here.
    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
        self.first_byte = self.sent.map(|sent| clock::now().saturating_duration_since(sent));
        self.pick.answered(Outcome::of_status(status));
    }

    /// Since when an answer is waited for: since the head went out, if it has.
    pub(super) fn waits_since(&self) -> Instant {
        self.sent.unwrap_or(self.begun)
    }

    /// Books the attempt on its backend's meter, and on its ledger: the first time, and no other. Returns what people
    /// will want to see of it.
    fn end(&mut self, outcome: Outcome) -> Option<Remark> {
        self.underway.take()?;
        let now = clock::now();
        self.pick.backend.meter.end(outcome, now.saturating_duration_since(self.begun));
        // A client that leaves after the answer's head has been answered all the same.
        let outcome = match (outcome, self.status) {
            (Outcome::ClientGone, Some(status)) => Outcome::of_status(status),
            (outcome, _) => outcome,
        };
        let waited = self.first_byte.unwrap_or_else(|| now.saturating_duration_since(self.waits_since()));
        let remark = Remark::of(&self.pick, outcome, self.status, waited);
        self.pick.score(outcome, waited);
        remark
    }
}

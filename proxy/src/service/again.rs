//! What follows a failed attempt: the same backend once more, stable in the canary's place, another stable, a wait for
//! whoever comes, or the end.

use std::sync::Arc;
use std::time::Instant;

use pingora::proxy::Session;
use pingora::{Error, ErrorType};

use crate::connection::alarm;
use crate::outcome::Outcome;
use crate::rescue::{self, Cause, Reach};
use crate::service::course::Step;
use crate::service::{Edge, Flight, asked, fault};
use crate::table::{Pick, Route};
use crate::track::Track;

/// How pingora says that no byte of the answer had come on the connection that broke.
const NO_BYTE_READ: &str = "bytes already read: 0";

// === impl Edge ===

impl Edge {
    /// Chooses where the next attempt goes; nowhere, if the request has to wait. One after the first looks at a fresh
    /// table, so that a rollback wins over everything.
    pub(super) fn next(&self, session: &Session, flight: &mut Flight) -> Option<Pick> {
        match flight.course.next()? {
            Step::Draw => self.draw(session, flight),
            Step::Again => {
                let failed = flight.attempt.take()?.pick;
                let (backend, route) = (failed.backend.id.clone(), self.fresh_route(session, flight)?);
                let again = route.again(failed);
                if again.is_none() {
                    flight.failed.push(backend);
                    flight.course.make_up(Step::Park);
                }
                flight.route = Some(route);
                again
            }
            Step::Rescue | Step::FailOver => flight.remedy.take(),
            Step::Park => None,
        }
    }

    /// Whether an attempt that ended like this is made up for by another one; if so, chooses that. Only what the backend
    /// is to blame for is.
    ///
    /// It is chosen now and by the table of now, so that an answer which nobody can better goes to the client.
    pub(super) fn makes_up(&self, session: &Session, flight: &mut Flight, outcome: Outcome, reach: Reach) -> bool {
        let Some(attempt) = &flight.attempt else { return false };
        let (Some(step), Some(cause)) = (flight.course.remedy(), Cause::of(outcome)) else { return false };
        // What a tunnel was sent is not sent twice; where nothing was, it is a request like any other.
        let is_tunnel = reach == Reach::MaybeSent && asked::is_upgrade(session.req_header());
        if is_tunnel || !rescue::is_repeatable(session, reach, attempt.pick.route.rescue) {
            return false;
        }
        let Some(route) = self.fresh_route(session, flight) else { return false };
        let failed = attempt.pick.backend.id.clone();
        let remedy = if step == Step::Park { None } else { route.fail_over(&failed) };
        let step = if remedy.is_some() { step } else { Step::Park };
        let can_afford = || reach == Reach::NothingSent || route.budget.take();
        match step {
            // Paid for by its own draw: stable was spared it.
            Step::Rescue => flight.rescue(&route, cause),
            Step::Park if !flight.may_park_for(cause, reach) || !can_afford() || !flight.parks(&route) => return false,
            Step::Park => flight.mark_failed_at_canary(cause),
            _ if can_afford() => {}
            _ => return false,
        }
        flight.failed.push(failed);
        flight.course.make_up(step);
        (flight.route, flight.remedy) = (Some(route), remedy);
        true
    }

    /// Drops an attempt at a backend that was ejected after it had been picked: whoever is connected to may be another one
    /// by now. Nothing was sent, so that this was no attempt: it is booked nowhere, and made up for like a refusal.
    pub(super) fn gone(&self, session: &Session, flight: &mut Flight) -> Box<Error> {
        flight.leave_unscored();
        let is_made_up = self.makes_up(session, flight, Outcome::ConnectFailed, Reach::NothingSent);
        flight.attempt = None;
        let mut error = Error::explain(ErrorType::ConnectError, "the backend has gone");
        error.as_up();
        error.set_retry(is_made_up);
        flight.would_answer(fault::status_of(&error));
        error
    }

    /// Books an attempt that broke off, and says what becomes of it.
    pub(super) fn broke_off(
        &self,
        session: &mut Session,
        flight: &mut Flight,
        mut error: Box<Error>,
        was_reused: bool,
    ) -> Box<Error> {
        if alarm::has_rung(&error) {
            return self.unanswered(session, flight);
        }
        error.retry.decide_reuse(was_reused);
        // A kept connection may have died while it idled, and the small arm's idle the longest: that must not convict it.
        // A fresh one tells a backend that is there from one that drops what it is asked. Where that cannot be tried, the
        // attempt has failed like any other: pingora throws away what has died the moment it sees it, so that a request
        // can be too late by a round trip at most, as rarely in the one arm as in the other.
        let may_be_stale = error.retry() && was_reused && had_no_answer(&error);
        if may_be_stale && flight.course.may_ask_again() && may_repeat_itself(session, flight) {
            flight.course.take_back();
            error.set_retry(true);
            return error;
        }
        // The backend is still being told what is asked of it: the silence is the client's.
        if error.etype() == &ErrorType::ReadTimedout && !session.as_downstream_mut().is_body_done() {
            flight.leave_unscored();
            error = Error::explain(ErrorType::ReadTimedout, "the request's body stopped");
            error.as_down();
        }
        let outcome = fault::outcome_of(&error);
        flight.end(outcome);
        error.set_retry(self.makes_up(session, flight, outcome, Reach::MaybeSent));
        flight.would_answer(fault::status_of(&error));
        error
    }

    /// Drops an attempt at the canary whose answer did not begin in time, and asks stable. Where that has no backend any
    /// more, the canary may have its time after all.
    fn unanswered(&self, session: &Session, flight: &mut Flight) -> Box<Error> {
        flight.end(Outcome::Unanswered);
        let mut error = Error::explain(ErrorType::ReadTimedout, "the answer did not begin in time");
        error.as_up();
        let is_made_up = self.makes_up(session, flight, Outcome::Unanswered, Reach::MaybeSent);
        if !is_made_up && flight.course.may_ask_again() {
            flight.course.ask_again();
        }
        error.set_retry(flight.course.next().is_some());
        error
    }

    pub(super) fn fresh_route(&self, session: &Session, flight: &Flight) -> Option<Arc<Route>> {
        self.route(session.req_header(), flight.peer)
    }
}

/// By when the answer of the attempt under way must have begun: a canary's, to a request that stable can be asked
/// instead. One with a body is not hurried, as its backend may be waiting for the client.
pub(super) fn deadline(session: &mut Session, flight: &Flight) -> Option<Instant> {
    let attempt = flight.attempt.as_ref()?;
    let pick = &attempt.pick;
    let canary = pick.route.canary.as_ref().filter(|_| pick.track == Track::Canary && !pick.is_preview)?;
    let limit = canary.patience().first_byte?;
    let is_first = flight.course.attempts() == 1;
    let head = session.req_header();
    let is_repeatable = rescue::only_reads(&head.method) && !asked::is_upgrade(head);
    let can_be_asked = is_first && is_repeatable && pick.route.stable.other_than(&pick.backend.id).is_some();
    if !can_be_asked || !session.as_downstream_mut().is_body_empty() {
        return None;
    }
    attempt.waits_since().checked_add(limit)
}

/// Whether the same backend may be sent the request once more.
fn may_repeat_itself(session: &Session, flight: &Flight) -> bool {
    let Some(attempt) = &flight.attempt else { return false };
    !asked::is_upgrade(session.req_header())
        && rescue::is_repeatable(session, Reach::MaybeSent, attempt.pick.route.rescue)
}

/// Whether a connection broke before the first byte of an answer. One that breaks within the head was alive.
fn had_no_answer(error: &Error) -> bool {
    error.context.as_ref().is_some_and(|context| context.as_str().ends_with(NO_BYTE_READ))
}

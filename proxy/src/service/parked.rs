//! The wait of a request that nobody can serve: parked, its body unread, until a table is published by which somebody
//! can.
//!
//! One that has not been sent anywhere is then drawn for like any other, by the table of that moment, and counts like any
//! other: the draw by which nobody could be found has left nothing behind, and the new one is free with the same known
//! probability. Its attempt begins when it leaves the lot, so that its wait is nobody's latency. One whose attempt has
//! failed counts where it failed, and is given to whoever serves; to a backend that it has failed at only after a pause,
//! as that may be starting again while no probe has found out yet.
//!
//! A drain lets it wait on: probes go on meanwhile, and what is parked at the drain's limit is cut off by it.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};
use tokio::time::sleep_until;

use crate::clock;
use crate::park::{End, Lot, Place};
use crate::rescue::{Cause, Reach};
use crate::service::course::Step;
use crate::service::{Edge, Flight};
use crate::table::{Pick, Route};
use crate::track::Track;

/// How long a request waits before it is sent to a backend again at which it has failed: so long at first, and twice as
/// long after each failure, up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// All the waiting of one request.
#[derive(Debug)]
pub(super) struct Wait {
    lot: Arc<Lot>,
    /// Where it waits now, if it does.
    place: Option<Place>,
    /// Since when it waits, or waited last.
    since: Instant,
    /// How long it has waited before that.
    before: Duration,
    until: Instant,
    /// When it may be sent again to whom it has failed at, and the pause that ends then.
    again_at: Instant,
    pause: Duration,
    /// What it is answered with if its time is over.
    answer: StatusCode,
    /// Why the canary's attempt failed, as long as stable has not had the request.
    at_canary: Option<Cause>,
    /// How it ended, if it did not leave for a backend.
    end: Option<End>,
}

// === impl Edge ===

impl Edge {
    /// Waits until somebody can serve the request.
    ///
    /// # Errors
    /// Nobody came in time, there is no place to wait, the client has left, or its route is gone.
    pub(super) async fn park(&self, session: &mut Session, flight: &mut Flight) -> Result<Pick> {
        loop {
            let mut changed = pin!(self.routes.changed());
            changed.as_mut().enable();
            let Some(route) = self.fresh_route(session, flight) else {
                return flight.give_up(End::Left, StatusCode::NOT_FOUND);
            };
            if let Some(pick) = self.unparked(session, flight, &route) {
                flight.leave_lot();
                return Ok(pick);
            }
            let now = clock::now();
            // Before it looks for a place: in another lot it would find none, as its time is over.
            if let Some(answer) = flight.wait.as_ref().and_then(|wait| wait.answer_at(now)) {
                return flight.give_up(End::TimedOut, answer);
            }
            let is_in = flight.parks(&route);
            let Some(wait) = flight.wait.as_mut().filter(|_| is_in) else {
                return flight.give_up(End::Refused, StatusCode::SERVICE_UNAVAILABLE);
            };
            let is_paused = !flight.failed.is_empty() && now < wait.again_at;
            let wake_at = if is_paused { wait.until.min(wait.again_at) } else { wait.until };
            tokio::select! {
                () = changed => {}
                () = sleep_until(wake_at.into()) => {}
                () = client_leaves(session) => {
                    flight.end_wait(End::Left);
                    let mut error = Error::explain(ErrorType::ConnectionClosed, "the client left while it was parked");
                    error.as_down();
                    return Err(error);
                }
            }
        }
    }

    /// The backend that a parked request can leave for.
    fn unparked(&self, session: &Session, flight: &mut Flight, route: &Arc<Route>) -> Option<Pick> {
        flight.route = Some(Arc::clone(route));
        if flight.course.next() == Some(Step::Draw) {
            return self.draw_anew(session, flight);
        }
        if flight.wait.as_ref().is_some_and(|wait| clock::now() >= wait.again_at) {
            flight.failed.clear();
        }
        let pick = route.resume(&flight.failed)?;
        if pick.track == Track::Stable
            && let Some(cause) = flight.wait.as_mut().and_then(|wait| wait.at_canary.take())
        {
            flight.rescue(route, cause);
        }
        Some(pick)
    }
}

// === impl Flight ===

impl Flight {
    /// Gives the request a place in the lot of its route, if it has none there yet and there is one.
    pub(super) fn parks(&mut self, route: &Route) -> bool {
        let has_place = |wait: &Wait| wait.place.as_ref().is_some_and(|place| Arc::ptr_eq(place.lot(), &route.lot));
        if self.wait.as_deref().is_some_and(has_place) {
            return true;
        }
        let now = clock::now();
        if self.wait.as_ref().is_some_and(|wait| now >= wait.until) {
            return false;
        }
        let Some(place) = route.lot.enter(route.parking.requests) else { return false };
        let wait = self.wait.get_or_insert_with(|| Box::new(Wait::new(route, now)));
        wait.enter(place, now);
        true
    }

    /// Whether a failure like this one is waited out: one that only another backend or the same one, started anew, can
    /// make up for. What broke off once more after a wait has been sent often enough.
    pub(super) fn may_park_for(&self, cause: Cause, reach: Reach) -> bool {
        match cause {
            Cause::ConnectFailed => true,
            Cause::Reset => reach == Reach::NothingSent || !self.course.was_parked(),
            Cause::TimedOut | Cause::ServerError | Cause::Unanswered => false,
        }
    }

    /// Notes what the client is told if nobody makes up for the attempt that failed.
    pub(super) fn would_answer(&mut self, status: Option<StatusCode>) {
        if let (Some(wait), Some(status)) = (&mut self.wait, status) {
            wait.answer = status;
        }
    }

    /// Notes that stable has the request in the canary's place.
    pub(super) fn rescue(&mut self, route: &Route, cause: Cause) {
        route.rescued.note(cause);
        self.rescued = Some(cause);
    }

    /// Notes why the attempt under way failed, if it is a canary's: it is rescued once stable has it.
    pub(super) fn mark_failed_at_canary(&mut self, cause: Cause) {
        let is_first = self.attempt.as_ref().is_some_and(|attempt| attempt.pick.track == Track::Canary);
        if let Some(wait) = self.wait.as_mut().filter(|_| is_first) {
            wait.at_canary = Some(cause);
        }
    }

    /// How long it has been parked, if it was.
    pub(super) fn parked(&self) -> Option<Duration> {
        self.wait.as_ref().map(|wait| wait.before)
    }

    /// Counts its wait, if it had one, now that the request has ended.
    pub(super) fn note_wait(&mut self) {
        self.leave_lot();
        let is_answered = self.attempt.as_ref().is_some_and(|attempt| attempt.status.is_some());
        if let Some(wait) = &self.wait {
            let end = wait.end.unwrap_or(if is_answered { End::Served } else { End::Failed });
            wait.lot.note(end, wait.before);
        }
    }

    fn give_up<T>(&mut self, end: End, status: StatusCode) -> Result<T> {
        self.end_wait(end);
        if end == End::Left {
            self.route = None;
        }
        Error::e_explain(ErrorType::HTTPStatus(status.as_u16()), "no backend is ready")
    }

    fn end_wait(&mut self, end: End) {
        self.leave_lot();
        if let Some(wait) = &mut self.wait {
            wait.end = Some(end);
        }
    }

    fn leave_lot(&mut self) {
        if let Some(wait) = &mut self.wait {
            wait.leave(clock::now());
        }
    }
}

// === impl Wait ===

impl Wait {
    fn new(route: &Route, now: Instant) -> Self {
        Self {
            lot: Arc::clone(&route.lot),
            place: None,
            since: now,
            before: Duration::ZERO,
            until: now + route.parking.timeout,
            again_at: now,
            pause: Duration::ZERO,
            answer: StatusCode::SERVICE_UNAVAILABLE,
            at_canary: None,
            end: None,
        }
    }

    /// What it is answered with, if its time is over.
    fn answer_at(&self, now: Instant) -> Option<StatusCode> {
        (now >= self.until).then_some(self.answer)
    }

    fn enter(&mut self, place: Place, now: Instant) {
        self.leave(now);
        self.pause = (self.pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        (self.since, self.again_at) = (now, now + self.pause);
        self.lot = Arc::clone(place.lot());
        self.place = Some(place);
    }

    fn leave(&mut self, now: Instant) {
        if self.place.take().is_some() {
            self.before += now.saturating_duration_since(self.since);
        }
    }
}

/// Resolves when the client is gone. That is seen only where its request has no body: a body is not read before there is
/// a backend for it, and what could be read behind it neither.
async fn client_leaves(session: &mut Session) {
    let client = session.as_downstream_mut();
    if !client.is_body_empty() {
        return std::future::pending().await;
    }
    // What it sends ahead of its time is kept by the wire and not seen here.
    let _ = client.read_body_or_idle(true).await;
}

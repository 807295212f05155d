//! The choice made for one request, and what becomes of its attempt.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use crate::ledger::Ledger;
use crate::outcome::{Blame, Outcome};
use crate::pool::{Backend, Pool};
use crate::preview::Preview;
use crate::scoring::Scoring;
use crate::slow_start::Permit;
use crate::table::{Canary, Route};
use crate::track::Track;

/// The choice made for one request.
#[derive(Debug)]
pub struct Pick {
    /// The route it was made on.
    pub route: Arc<Route>,
    /// The role of the pool that got the request.
    pub track: Track,
    /// The backend to try.
    pub backend: Arc<Backend>,
    /// Leave to be sent to the canary.
    pub permit: Option<Permit>,
    /// Whether it came by the preview's secret.
    pub is_preview: bool,
    /// Whether an attempt before it has failed, for which the request was parked.
    is_repeat: bool,
    /// The first attempt's part in the comparison; none, if the draw was not free. It counts in the ledger of the route's
    /// canary, which the route keeps for it: a count of its own would be written by every worker for every request.
    scoring: Option<Scoring>,
}

// === impl Pick ===

impl Pick {
    pub(super) fn new(
        route: Arc<Route>,
        track: Track,
        backend: Arc<Backend>,
        permit: Option<Permit>,
        scoring: Option<Scoring>,
    ) -> Self {
        Self { route, track, backend, permit, is_preview: false, is_repeat: false, scoring }
    }

    pub(super) fn of_preview(route: Arc<Route>, backend: Arc<Backend>) -> Self {
        let mut pick = Self::new(route, Track::Canary, backend, None, None);
        pick.is_preview = true;
        pick
    }

    pub(super) fn of_parked(route: Arc<Route>, track: Track, backend: Arc<Backend>) -> Self {
        let mut pick = Self::new(route, track, backend, None, None);
        pick.is_repeat = true;
        pick
    }

    /// Whether somebody may be compared by its attempt.
    #[must_use]
    pub fn is_scored(&self) -> bool {
        self.scoring.as_ref().is_some_and(Scoring::compares)
    }

    /// Its attempt begins.
    pub fn begin(&self, now: Instant) {
        if let Some(canary) = self.canary() {
            canary.hearing().last_pick.note(now);
        }
    }

    /// The request's head goes out now: from here on its answer is waited for.
    pub fn sent(&mut self, now: Instant) {
        if let Some((scoring, ledger)) = self.scored() {
            scoring.sent(ledger, now);
        }
    }

    /// The head of its answer is here, the body still to come. It is waited for no longer; and a canary that answers well
    /// has shown itself by that, so that a stream which never ends keeps nobody else waiting.
    pub fn answered(&mut self, outcome: Outcome) {
        if outcome == Outcome::Success {
            self.prove();
        }
        if let Some((scoring, ledger)) = self.scored() {
            scoring.answered(ledger);
        }
    }

    /// Books how its attempt ended, once. It is scored where the draw was free; a failure of the canary is counted and
    /// heard in any case, before this returns.
    pub fn score(&mut self, outcome: Outcome, waited: Duration) {
        if outcome == Outcome::Success {
            self.prove();
        }
        self.permit = None;
        if let Some((scoring, canary)) = self.scoring.take().zip(self.route.canary.as_ref()) {
            scoring.end(canary.ledger(), outcome, waited);
        }
        let Some(hearing) = self.canary().map(Canary::hearing).filter(|_| outcome.is_bad() && !self.is_repeat) else {
            return;
        };
        if outcome.blame() == Blame::Backend {
            hearing.failed.fetch_add(1, Relaxed);
        }
        if let Some(witness) = &hearing.witness {
            witness.failed();
        }
    }

    /// Keeps its attempt out of the comparison.
    pub fn leave_unscored(&mut self) {
        if let Some((scoring, canary)) = self.scoring.take().zip(self.route.canary.as_ref()) {
            scoring.withdraw(canary.ledger());
        }
    }

    /// The pool that the backend belongs to.
    ///
    /// # Panics
    /// Never: a route does not change, so a pool that was picked from it is still in it.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        let preview = self.route.preview.as_ref().filter(|_| self.is_preview);
        let pool = preview.map(Preview::pool).or_else(|| self.route.pool(self.track));
        pool.expect("a pick is made from a pool of its own route")
    }

    /// The canary, if it is on trial by this request.
    fn canary(&self) -> Option<&Canary> {
        self.route.canary.as_ref().filter(|_| self.track == Track::Canary && !self.is_preview)
    }

    /// Gives back its permit, for a request that went well.
    fn prove(&mut self) {
        if let Some(permit) = self.permit.take() {
            permit.succeeded();
        }
    }

    fn scored(&mut self) -> Option<(&mut Scoring, &Ledger)> {
        self.scoring
            .as_mut()
            .zip(self.route.canary.as_ref().map(Canary::ledger))
            .map(|(scoring, ledger)| (scoring, &**ledger))
    }
}

impl Drop for Pick {
    fn drop(&mut self) {
        self.leave_unscored();
    }
}

//! A canary's attempt that people will want to see, on its way to the witness.
//!
//! It is told when the request has ended, so that it can say what stable answered in its place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use pingora::http::RequestHeader;

use crate::outcome::{Blame, Outcome};
use crate::service::Flight;
use crate::table::{Canary, Pick};
use crate::track::Track;
use crate::witness::{Noted, Witness};

/// What is kept of the attempt.
#[derive(Debug)]
pub(super) struct Remark {
    witness: Arc<dyn Witness>,
    backend: SocketAddr,
    outcome: Outcome,
    status: Option<StatusCode>,
    waited: Duration,
}

// === impl Remark ===

impl Remark {
    /// The remark on an attempt that is about to be scored, if there is one to make.
    pub(super) fn of(pick: &Pick, outcome: Outcome, status: Option<StatusCode>, waited: Duration) -> Option<Self> {
        let is_scored = pick.track == Track::Canary && pick.is_scored();
        let canary = pick.route.canary.as_ref().filter(|_| is_scored)?;
        if !speaks_against(canary, outcome, waited) {
            return None;
        }
        let witness = canary.hearing().witness.clone()?;
        Some(Self { witness, backend: pick.backend.address, outcome, status, waited })
    }

    /// Tells the witness, now that the request has ended.
    pub(super) fn tell(self, head: &RequestHeader, flight: &Flight) {
        let stable = flight.attempt.as_ref().filter(|attempt| attempt.pick.track == Track::Stable);
        let rescued = stable.filter(|_| flight.rescued.is_some()).and_then(|attempt| attempt.status);
        self.witness.noted(Noted {
            id: flight.id.clone(),
            at: flight.date,
            method: head.method.clone(),
            path: head.uri.path().into(),
            backend: self.backend,
            outcome: self.outcome,
            status: self.status.map(|status| status.as_u16()),
            waited: self.waited,
            rescued: rescued.map(|status| status.as_u16()),
        });
    }
}

fn speaks_against(canary: &Canary, outcome: Outcome, waited: Duration) -> bool {
    match (outcome, outcome.blame()) {
        (Outcome::Unanswered, _) | (_, Blame::Backend) => true,
        (_, Blame::Nobody) => canary.patience().remarkable.is_some_and(|limit| waited > limit),
        (_, Blame::Client | Blame::Us) => false,
    }
}

//! Whether a failed attempt is made up for by another one.

use pingora::proxy::Session;

use crate::rescue::{self, Reach};
use crate::service::flight::{Flight, Next};
use crate::track::Track;

/// Whether a failed attempt is made up for by another stable backend, once; if so, sends the next one there.
pub(super) fn fails_over(session: &Session, flight: &mut Flight, reach: Reach) -> bool {
    let Some(attempt) = &flight.attempt else { return false };
    let (pick, failed) = (&attempt.pick, &attempt.pick.backend.id);
    let is_possible = pick.track == Track::Stable
        && flight.attempts == 1
        && pick.pool().other_than(failed).is_some()
        && rescue::is_repeatable(session, reach)
        && pick.route.budget.take();
    if is_possible {
        flight.next = Next::Elsewhere(failed.clone());
    }
    is_possible
}

//! How fast a bet's log is expected to grow.

use super::super::confidence::bisect;
use super::super::counts::Arms;

/// After so many halvings of its logarithm a count of requests is as exact as anybody needs.
const HALVINGS: usize = 60;

/// Fewer requests than this are none.
const REQUESTS_MIN: f64 = 1e-3;

/// What each of some bets is expected to win by a request of the service, in logs. `ln` has a row each for canary bad,
/// canary good, stable bad, stable good; `bad` is the chance of a bad one in each arm.
pub(super) fn pace<const N: usize>(ln: &[[f64; N]; 4], share: f64, bad: Arms<f64>) -> [f64; N] {
    let [canary_bad, canary_good, stable_bad, stable_good] = ln;
    std::array::from_fn(|j| {
        share * (bad.canary * canary_bad[j] + (1.0 - bad.canary) * canary_good[j])
            + (1.0 - share) * (bad.stable * stable_bad[j] + (1.0 - bad.stable) * stable_good[j])
    })
}

/// The smallest count of requests, up to this one, from which on it holds. A mixture of bets that has once grown past
/// its start goes on growing, as it is convex in the requests.
pub(super) fn least(most: f64, holds: impl Fn(f64) -> bool) -> Option<f64> {
    if holds(0.0) {
        return Some(0.0);
    }
    if most < REQUESTS_MIN || !holds(most) {
        return None;
    }
    Some(bisect(most.ln(), REQUESTS_MIN.ln(), HALVINGS, |ln| holds(ln.exp())).exp())
}

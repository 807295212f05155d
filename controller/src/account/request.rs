//! A request that speaks against a canary, in the words of the API.

use std::time::SystemTime;

use canary_proxy::witness::Noted;

use super::brief::brief;
use crate::api::AccountRequest;
use crate::date;

/// Bytes in JSON.
const ID_MAX: usize = 160;
const METHOD_MAX: usize = 32;
const PATH_MAX: usize = 256;

/// The request, whose canary may have been convicted by then.
pub(super) fn of(noted: Noted, convicted_at: Option<SystemTime>) -> AccountRequest {
    let Noted { id, at, method, path, backend, outcome, status, waited, rescued } = noted;
    // The attempt began a little later than the request, so that none is called late that was not.
    let ended = at.checked_add(waited);
    AccountRequest {
        id: brief(&id.to_string(), ID_MAX),
        at: date::to_the_millisecond(at),
        method: brief(method.as_str(), METHOD_MAX),
        path: brief(&path, PATH_MAX),
        backend,
        outcome: outcome.label().to_owned(),
        status,
        waited_us: u64::try_from(waited.as_micros()).unwrap_or(u64::MAX),
        rescued,
        is_after_verdict: ended.zip(convicted_at).is_some_and(|(ended, convicted)| ended > convicted),
    }
}

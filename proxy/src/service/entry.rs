//! What the access log is told of a request.

use std::time::Duration;

use http::StatusCode;
use pingora::proxy::Session;

use crate::access_log::Entry;
use crate::service::Flight;
use crate::service::asked::host_of;

/// The entry of a request that has ended.
pub(super) fn of(session: &Session, flight: &Flight, status: Option<StatusCode>, took: Duration) -> Entry {
    let head = session.req_header();
    let pick = flight.attempt.as_ref().map(|attempt| &attempt.pick);
    Entry {
        time: flight.date,
        request_id: flight.id.clone(),
        client: flight.peer,
        method: head.method.clone(),
        host: host_of(head).to_owned(),
        path: head.uri.path().to_owned(),
        status: status.map_or(0, |status| status.as_u16()),
        bytes: u64::try_from(session.as_downstream().body_bytes_sent()).unwrap_or(u64::MAX),
        duration_ms: in_ms(took),
        parked_ms: flight.parked().map(in_ms),
        service: flight.route.as_ref().map(|route| route.service.clone()),
        release: pick.map(|pick| pick.pool().release.clone()),
        track: pick.map(|pick| pick.track),
        backend: pick.map(|pick| pick.backend.id.clone()),
        attempts: flight.course.attempts(),
        rescued: flight.rescued,
    }
}

/// Whole microseconds, so that no digit is noise.
fn in_ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

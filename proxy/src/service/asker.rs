//! Who asks, as far as the choice depends on it: what a preview is opened by, and the key that a draw goes by.

use std::net::IpAddr;
use std::time::SystemTime;

use http::header::{CACHE_CONTROL, SET_COOKIE};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use rand::RngExt as _;

use crate::cohort::{CohortKey, Hour, Keyed, Scheme, Source, Ticket};
use crate::dice;
use crate::service::Flight;
use crate::service::forwarded::{self, Trust};
use crate::table::{Asker, Canary, Route};

/// Bytes of an IPv6 address that say whose it is: its holder chooses the others.
const NETWORK_BYTES: usize = 8;

/// Who asks for this on a route, and the ticket that it is to be given if it came without a good one. `client` finds its
/// address.
pub(super) fn of(
    route: &Route,
    head: &RequestHeader,
    date: SystemTime,
    client: impl FnOnce() -> Option<IpAddr>,
) -> (Asker, Option<Ticket>) {
    if route.preview.as_ref().is_some_and(|preview| preview.is_opened_by(&head.headers)) {
        return (Asker { previews: true, ..Asker::default() }, None);
    }
    let canary = route.canary.as_ref().filter(|canary| canary.can_serve());
    let Some(keyed) = canary.map(Canary::hearing).and_then(|hearing| hearing.cohort.keyed()) else {
        return (Asker::default(), None);
    };
    let key = match &keyed.source {
        Source::Cookie => return by_cookie(keyed, head, route, Hour::of(date)),
        Source::Header(name) => {
            let value = name.as_ref().and_then(|name| head.headers.get(name)).filter(|value| !value.is_empty());
            value.map(|value| keyed.key(value.as_bytes()))
        }
        Source::Ip => client().map(|client| by_address(keyed, client)),
    };
    (Asker { key, ..Asker::default() }, None)
}

/// Gives the client its ticket with an answer that is more than an interim one. No cache that others share may keep it,
/// or it would give them all the same.
pub(super) fn issue(asked: &RequestHeader, answer: &mut ResponseHeader, flight: &mut Flight) -> Result<()> {
    if answer.status.is_informational() {
        return Ok(());
    }
    let (Some(ticket), Some(route)) = (flight.ticket.take(), &flight.route) else { return Ok(()) };
    answer.append_header(SET_COOKIE, ticket.set_cookie(route.service.as_str(), scheme_of(asked, flight.trust)))?;
    if !is_private(answer) {
        answer.append_header(CACHE_CONTROL, "private")?;
    }
    Ok(())
}

/// Whether an answer says already that nobody shares it. `private` about single fields says it of those alone.
fn is_private(answer: &ResponseHeader) -> bool {
    let fields = answer.headers.get_all(CACHE_CONTROL).iter();
    let mut directives = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    directives.any(|directive| {
        let directive = directive.trim_ascii();
        [&b"private"[..], b"no-store"].iter().any(|word| directive.eq_ignore_ascii_case(word))
    })
}

/// Whether the client's side of its connection is secure. We speak no TLS yet, so it is where a proxy in front of us,
/// whose word is believed, says so. Of several that have added their word, the first was the client's own.
fn scheme_of(head: &RequestHeader, trust: Trust) -> Scheme {
    let said = head.headers.get(&forwarded::FORWARDED_PROTO).filter(|_| trust == Trust::Proxy);
    let first = said.and_then(|said| said.as_bytes().split(|byte| *byte == b',').next());
    let is_https = first.is_some_and(|first| first.trim_ascii().eq_ignore_ascii_case(b"https"));
    if is_https { Scheme::Https } else { Scheme::Http }
}

/// A client whose ticket is only renewed is not new.
fn by_cookie(keyed: &Keyed, head: &RequestHeader, route: &Route, now: Hour) -> (Asker, Option<Ticket>) {
    if let Some(admitted) = keyed.admitted(&head.headers, route.service.as_str(), now) {
        return (Asker { key: Some(admitted.key), ..Asker::default() }, admitted.renewed);
    }
    let (ticket, key) = keyed.admit(dice::with(|rng| rng.random()), now);
    (Asker { key: Some(key), is_new: true, ..Asker::default() }, Some(ticket))
}

fn by_address(keyed: &Keyed, client: IpAddr) -> CohortKey {
    match client.to_canonical() {
        IpAddr::V4(address) => keyed.key(&address.octets()),
        IpAddr::V6(address) => keyed.key(&address.octets()[..NETWORK_BYTES]),
    }
}

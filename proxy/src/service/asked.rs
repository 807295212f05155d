//! What a request's head asks for.

use std::net::IpAddr;

use http::header::{HOST, HeaderValue, UPGRADE};
use http::{Uri, Version};
use pingora::http::RequestHeader;

use crate::rules::{Asked, bare_host};

/// Whether both sides may speak another protocol after this request. Pingora strips every other offer than a WebSocket,
/// so that whoever makes one, such as `h2c`, is answered in HTTP and in time.
pub(super) fn is_upgrade(head: &RequestHeader) -> bool {
    let is_websocket = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"websocket");
    head.version == Version::HTTP_11 && head.headers.get(UPGRADE).is_some_and(is_websocket)
}

/// A request as rules look at it.
pub(super) fn of(head: &RequestHeader, peer: Option<IpAddr>) -> Asked<'_> {
    Asked::new(host_of(head), head.uri.path(), head.uri.query(), &head.method, &head.headers, peer)
}

/// The host that a request is for, in whichever place it names it.
pub(super) fn host_of(head: &RequestHeader) -> &str {
    let authority = match head.uri.authority() {
        Some(authority) => authority.as_str(),
        None => head.headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default(),
    };
    bare_host(authority)
}

/// Writes a target with a host in it as rules read it and an origin wants it (RFC 9112, 3.2.1): the path and the query
/// alone. Pingora has seen to it by now that it is the host of the `Host` field.
pub(super) fn in_origin_form(head: &mut RequestHeader) {
    let target = head.raw_path();
    if target.starts_with(b"/") || target == b"*" {
        return;
    }
    let Ok(uri) = Uri::try_from(target) else { return };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    // The path of a target without one is `/`.
    if let Ok(origin_form) = format!("{}{query}", uri.path()).parse() {
        head.set_uri(origin_form);
    }
}

//! What a backend is told about the client: `X-Forwarded-For`, `-Proto`, `-Host`, and `X-Request-Id`.
//!
//! They are written after pingora has stripped the request, so that a client cannot name them in `Connection` and have
//! them dropped. What a client sends is believed only if it is a trusted proxy.

use std::net::IpAddr;

use http::header::{HOST, HeaderName};
use ipnet::IpNet;
use pingora::Result;
use pingora::http::RequestHeader;

use crate::request_id::RequestId;

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How far the sender of a request is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// A proxy in front of us: its word about the client is passed on.
    Proxy,
    /// Anybody: what it claims is replaced.
    Nobody,
}

// === impl Trust ===

impl Trust {
    /// Whether a peer is one of the trusted proxies.
    pub(super) fn of(peer: Option<IpAddr>, trusted: &[IpNet]) -> Self {
        let is_trusted = peer.is_some_and(|peer| trusted.iter().any(|net| net.contains(&peer.to_canonical())));
        if is_trusted { Self::Proxy } else { Self::Nobody }
    }
}

/// The id of a request: a trusted proxy's, or a new one.
pub(super) fn request_id(head: &RequestHeader, trust: Trust) -> RequestId {
    let brought = head.headers.get(REQUEST_ID).filter(|_| trust == Trust::Proxy);
    brought.and_then(|value| RequestId::brought(value.as_bytes())).unwrap_or_else(RequestId::draw)
}

/// Tells the backend who asked, how, and for which host.
pub(super) fn introduce(head: &mut RequestHeader, peer: Option<IpAddr>, trust: Trust, id: &RequestId) -> Result<()> {
    for name in claims(head, trust) {
        head.remove_header(&name);
    }
    head.insert_header(REQUEST_ID, id.to_string())?;
    if !head.headers.contains_key(&FORWARDED_PROTO) {
        head.insert_header(FORWARDED_PROTO, "http")?;
    }
    if !head.headers.contains_key(&FORWARDED_HOST)
        && let Some(host) = head.headers.get(HOST).cloned()
    {
        head.insert_header(FORWARDED_HOST, host)?;
    }
    let Some(peer) = peer else {
        head.remove_header(&FORWARDED_FOR);
        return Ok(());
    };
    head.insert_header(FORWARDED_FOR, chain(head, peer.to_canonical(), trust))
}

/// The fields to take away: from anybody whatever speaks of the client's way, and from a trusted proxy too what only
/// looks like it, as `X_Forwarded_For` does to a backend that turns fields into variables.
fn claims(head: &RequestHeader, trust: Trust) -> Vec<HeaderName> {
    let is_claim = |name: &&HeaderName| {
        let is_alias = name.as_str().contains('_');
        speaks_of_the_client(name.as_str()) && (is_alias || (trust == Trust::Nobody && **name != FORWARDED_FOR))
    };
    head.headers.keys().filter(is_claim).cloned().collect()
}

/// Whether a field, read with `_` for `-`, is one of those that proxies introduce their clients with.
fn speaks_of_the_client(name: &str) -> bool {
    let is = |known: &str| {
        let plain = name.bytes().map(|byte| if byte == b'_' { b'-' } else { byte });
        plain.take(known.len()).eq(known.bytes())
    };
    let is_whole = |known: &str| name.len() == known.len() && is(known);
    is("x-forwarded-") || is_whole("forwarded") || is_whole("x-real-ip") || is_whole("x-request-id")
}

/// The way that a request took to us, the client first.
fn chain(head: &RequestHeader, peer: IpAddr, trust: Trust) -> String {
    let mut chain = String::new();
    if trust == Trust::Proxy {
        for value in head.headers.get_all(&FORWARDED_FOR) {
            if let Ok(value) = value.to_str() {
                chain.push_str(value);
                chain.push_str(", ");
            }
        }
    }
    chain + &peer.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

    fn introduced(fields: &[(&'static str, &'static str)], trust: Trust) -> Vec<(String, String)> {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        introduce(&mut head, Some(CLIENT), trust, &RequestId::from_bits(1)).unwrap();
        let pair =
            |(name, value): (&HeaderName, &http::HeaderValue)| (name.to_string(), value.to_str().unwrap().to_owned());
        let mut fields: Vec<_> = head.headers.iter().map(pair).collect();
        fields.sort();
        fields
    }

    fn expect(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const CLAIMS: [(&str, &str); 10] = [
        ("Host", "shop.example"),
        ("Forwarded", "for=10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-For", "10.0.0.2"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "other.example"),
        ("X-Real-Ip", "10.0.0.1"),
        ("X-Forwarded-User", "admin"),
        ("X_Forwarded_For", "10.0.0.1"),
        ("X-Real_Ip", "10.0.0.1"),
    ];

    #[test]
    fn what_a_client_claims_is_replaced() {
        assert_eq!(
            introduced(&CLAIMS, Trust::Nobody),
            expect(&[
                ("host", "shop.example"),
                ("x-forwarded-for", "203.0.113.7"),
                ("x-forwarded-host", "shop.example"),
                ("x-forwarded-proto", "http"),
                ("x-request-id", "00000000000000000000000000000001"),
            ])
        );
    }

    #[test]
    fn what_a_trusted_proxy_says_is_passed_on() {
        assert_eq!(
            introduced(&CLAIMS, Trust::Proxy),
            expect(&[
                ("forwarded", "for=10.0.0.1"),
                ("host", "shop.example"),
                ("x-forwarded-for", "10.0.0.1, 10.0.0.2, 203.0.113.7"),
                ("x-forwarded-host", "other.example"),
                ("x-forwarded-proto", "https"),
                ("x-forwarded-user", "admin"),
                ("x-real-ip", "10.0.0.1"),
                ("x-request-id", "00000000000000000000000000000001"),
            ])
        );
    }

    #[test]
    fn only_a_trusted_proxy_may_name_a_request() {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        head.insert_header(REQUEST_ID, "abc-1").unwrap();
        assert_eq!(request_id(&head, Trust::Proxy).to_string(), "abc-1");
        assert_ne!(request_id(&head, Trust::Nobody).to_string(), "abc-1");
    }

    #[test]
    fn trust_goes_by_network() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(Trust::of(Some("10.9.8.7".parse().unwrap()), &trusted), Trust::Proxy);
        assert_eq!(Trust::of(Some("::ffff:10.9.8.7".parse().unwrap()), &trusted), Trust::Proxy);
        assert_eq!(Trust::of(Some("11.0.0.1".parse().unwrap()), &trusted), Trust::Nobody);
        assert_eq!(Trust::of(None, &trusted), Trust::Nobody);
    }
}

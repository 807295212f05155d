//! What the page of another site makes a browser send. None of it is answered, on any transport, and no answer ever
//! lets such a page read it.

use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Uri};

use crate::admin::peer::Peer;
use crate::api::{Problem, ProblemKind};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request pass that no other site has brought about.
pub(super) async fn only_our_own(
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if is_cross_site(peer, request.headers()) {
        let message = "origin: the request comes from a page of another site; ask from a program, not from a page";
        return Err(Problem::new(ProblemKind::Forbidden, message));
    }
    Ok(next.run(request).await)
}

fn is_cross_site(peer: Peer, headers: &HeaderMap) -> bool {
    let fetched = headers.get_all(SEC_FETCH_SITE).iter().any(|site| site != "same-origin" && site != "none");
    let foreign = headers.get_all(ORIGIN).iter().any(|origin| match peer {
        // No page is served at a socket, so none is our own.
        Peer::Local { .. } => true,
        Peer::Remote { .. } => !origin.to_str().is_ok_and(|origin| is_same(origin, headers)),
    });
    fetched || foreign
}

/// Whether an origin is the host that the request is for. That this is ours has been seen to before.
fn is_same(origin: &str, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.parse::<Uri>() else { return false };
    let is_web = origin.scheme_str().is_some_and(|scheme| scheme == "http" || scheme == "https");
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    is_web && origin.authority().zip(host).is_some_and(|(ours, host)| ours.as_str().eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use http::HeaderValue;

    use super::*;

    const LOCAL: Peer = Peer::Local { uid: Some(0) };
    const REMOTE: Peer =
        Peer::Remote { address: IpAddr::V4(Ipv4Addr::LOCALHOST), found_at: IpAddr::V4(Ipv4Addr::LOCALHOST) };

    fn headers(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("canary.test:9900"))]);
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn programs_and_our_own_origin_may_ask() {
        for fields in [
            &[][..],
            &[(ORIGIN, "http://canary.test:9900")],
            &[(ORIGIN, "https://Canary.test:9900"), (SEC_FETCH_SITE, "same-origin")],
            &[(SEC_FETCH_SITE, "none")],
        ] {
            assert!(!is_cross_site(REMOTE, &headers(fields)), "{fields:?}");
        }
        assert!(!is_cross_site(LOCAL, &headers(&[])));
    }

    #[test]
    fn another_site_may_not() {
        for fields in [
            &[(ORIGIN, "null")][..],
            &[(ORIGIN, "")],
            &[(ORIGIN, "http://canary.test")],
            &[(ORIGIN, "http://canary.test:9901")],
            &[(ORIGIN, "http://evil.test:9900")],
            &[(ORIGIN, "ftp://canary.test:9900")],
            &[(ORIGIN, "canary.test:9900")],
            &[(ORIGIN, "http://canary.test:9900"), (ORIGIN, "http://evil.test")],
            &[(SEC_FETCH_SITE, "cross-site")],
            &[(SEC_FETCH_SITE, "same-site")],
            &[(SEC_FETCH_SITE, "none"), (SEC_FETCH_SITE, "cross-site")],
        ] {
            assert!(is_cross_site(REMOTE, &headers(fields)), "{fields:?}");
            assert!(is_cross_site(LOCAL, &headers(fields)), "{fields:?}");
        }
        assert!(is_cross_site(LOCAL, &headers(&[(ORIGIN, "http://canary.test:9900")])), "a socket has no pages");
    }
}

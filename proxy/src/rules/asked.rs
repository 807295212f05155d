//! A request as rules look at it.

use std::borrow::Cow;
use std::net::IpAddr;

use canary_config::rule::NormalPath;
use http::{HeaderMap, Method};

/// What rules look at of a request. It borrows all of it.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    host: Cow<'a, str>,
    path: NormalPath<'a>,
    /// What stands behind the `?`, as it was sent.
    pub query: Option<&'a str>,
    /// What is to be done.
    pub method: &'a Method,
    /// The fields of the head.
    pub headers: &'a HeaderMap,
    /// Where the connection comes from, if that is known; never what the request says about it.
    pub client: Option<IpAddr>,
}

// === impl Asked ===

impl<'a> Asked<'a> {
    /// A request with this host (see [`bare_host`]) and this path, as it was sent.
    #[must_use]
    pub fn new(
        host: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        method: &'a Method,
        headers: &'a HeaderMap,
        client: Option<IpAddr>,
    ) -> Self {
        let is_lower = !host.bytes().any(|byte| byte.is_ascii_uppercase());
        let host = if is_lower { host.into() } else { host.to_ascii_lowercase().into() };
        // An IPv4 client of a socket for both families is still one of IPv4.
        let client = client.map(|client| client.to_canonical());
        Self { host, path: NormalPath::of(path), query, method, headers, client }
    }

    /// The host in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What is left of the host without its first label.
    #[must_use]
    pub fn parent_domain(&self) -> Option<&str> {
        let (label, parent) = self.host.split_once('.')?;
        (!label.is_empty()).then_some(parent)
    }

    /// The path in the form in which it is compared.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_str()
    }
}

/// The host of a `Host` field or an authority: without its port, and without the dot that ends a full name.
#[must_use]
pub fn bare_host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_bare_without_port_and_final_dot() {
        for (authority, host) in [
            ("example.org", "example.org"),
            ("example.org:8080", "example.org"),
            ("example.org.", "example.org"),
            ("example.org.:443", "example.org"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(bare_host(authority), host);
        }
    }

    #[test]
    fn a_parent_domain_begins_behind_the_first_label() {
        let headers = HeaderMap::new();
        for (host, parent) in [("A.b.C", Some("b.c")), ("a.b", Some("b")), ("a", None), (".a", None), ("", None)] {
            let asked = Asked::new(host, "/", None, &Method::GET, &headers, None);
            assert_eq!(asked.parent_domain(), parent, "{host}");
        }
    }
}

//! What each matcher means, as Traefik documents it: a rule, the requests it matches, and the requests it does not.

use std::net::IpAddr;

use canary_config::rule::Rule;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{Asked, bare_host, matches};

/// `METHOD host[/path][?query] [from address] [name: value]...`, with a GET of `/` for what is left out.
pub(super) struct Request {
    method: Method,
    host: String,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    client: Option<IpAddr>,
}

// === impl Request ===

impl Request {
    pub(super) fn read(text: &str) -> Self {
        let mut parts = text.split(", ");
        let line = parts.next().unwrap();
        let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
        let (target, query) = target.split_once('?').map_or((target, None), |(target, query)| (target, Some(query)));
        let (host, path) = target.split_at(target.find('/').unwrap_or(target.len()));
        let (mut headers, mut client) = (HeaderMap::new(), None);
        for part in parts {
            match part.split_once(": ") {
                Some((name, value)) => {
                    let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                    headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
                }
                None => client = Some(part.strip_prefix("from ").unwrap().parse().unwrap()),
            }
        }
        let path = if path.is_empty() { "/" } else { path };
        let (host, path, query) = (host.to_owned(), path.to_owned(), query.map(ToOwned::to_owned));
        Self { method: method.parse().unwrap(), host, path, query, headers, client }
    }

    pub(super) fn asked(&self) -> Asked<'_> {
        let host = bare_host(&self.host);
        Asked::new(host, &self.path, self.query.as_deref(), &self.method, &self.headers, self.client)
    }
}

type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

const HOSTS: &[Case] = &[
    (
        "Host(`a.example`)",
        &["a.example", "A.EXAMPLE:8080", "a.example.", "a.example./x"],
        &["b.example", "x.a.example", "a.exampl", ""],
    ),
    ("Host(`A.Example`)", &["a.example"], &["a.example.org"]),
    ("Host(`[::1]`)", &["[::1]", "[::1]:80"], &["::1", "[::2]"]),
    (
        "Host(`*.a.example`)",
        &["x.a.example", "X.A.EXAMPLE:1", "xn--x.a.example"],
        &["a.example", "x.y.a.example", ".a.example", "xa.example", ""],
    ),
    ("Host(`*`)", &["a.example", ""], &[]),
    ("!Host(`*`)", &[], &["a.example", ""]),
    ("HostRegexp(`example`)", &["an.example.org", "AN.EXAMPLE"], &["a.exampl"]),
    (
        "HostRegexp(`^[a-z]+\\.a\\.example$`)",
        &["x.a.example:80", "X.a.example"],
        &["1.a.example", "x.a.example.org", "x.a-example"],
    ),
];

const PATHS: &[Case] = &[
    ("Path(`/a`)", &["h/a", "h/a?x", "h/%61", "h//a", "h/./a", "h/b/../a"], &["h/a/", "h/", "h/A", "h/ab", "h/a%2F"]),
    ("Path(`/a/`)", &["h/a/", "h/a/b/..", "h/a/."], &["h/a"]),
    (
        "PathPrefix(`/products`)",
        &["h/products", "h/products/1", "h/products-for-sale", "h/x/..//products"],
        &["h/product", "h/", "h/products/.."],
    ),
    ("PathPrefix(`/`)", &["h", "h/x", "h/%00"], &[]),
    (
        "PathPrefix(`/admin`)",
        &["h/admin", "h/public/../admin", "h/%61dmin", "h/public/%2e%2E/admin"],
        &["h/public/%2F../admin", "h/%2561dmin"],
    ),
    ("PathPrefix(`/a%2Fb`)", &["h/a%2fb", "h/a%2Fb/c"], &["h/a/b"]),
    ("PathPrefix(`/caf%C3%A9`)", &["h/caf%c3%a9s"], &["h/cafe"]),
    ("PathRegexp(`\\.(jpeg|jpg)$`)", &["h/x.jpg", "h/a/b.jpeg", "h/x.%6Apg"], &["h/x.png", "h/x.jpg/"]),
    ("PathRegexp(`^/api/.*$`)", &["h/api/", "h/api/%0A", "h/api/%FF"], &["h/API/"]),
    ("PathRegexp(`(?i)^/api$`)", &["h/API"], &["h/apis"]),
];

const HEADS: &[Case] = &[
    ("Method(`GET`)", &["h", "GET h/x"], &["POST h", "get h"]),
    ("Method(`M-SEARCH`)", &["M-SEARCH h"], &["h"]),
    (
        "Header(`X-Version`, `2`)",
        &["h, x-version: 2", "h, x-version: 1, X-Version: 2"],
        &["h", "h, x-version: 1", "h, x-version: 22", "h, x-version: 1,2"],
    ),
    ("Header(`X`, `a\"b`)", &["h, x: a\"b"], &["h, x: A\"b"]),
    (
        "HeaderRegexp(`X-Version`, `^v[12]$`)",
        &["h, x-version: v1", "h, x-version: no, x-version: v2"],
        &["h", "h, x-version: v3"],
    ),
    ("HeaderRegexp(`X`, `^.+$`)", &["h, x: caf\u{e9}"], &["h, x: "]),
];

const QUERIES: &[Case] = &[
    (
        "Query(`debug`)",
        &["h?debug", "h?debug=", "h?a=1&debug", "h/x?debug=1&debug="],
        &["h", "h?debug=1", "h?Debug", "h?debugs"],
    ),
    ("Query(`q`, `a b`)", &["h?q=a+b", "h?q=a%20b", "h?%71=a+b", "h?q=1&q=a+b"], &["h?q=ab", "h?q=a%2Bb", "h?q"]),
    ("Query(`q`, `a=b`)", &["h?q=a=b", "h?q=a%3Db"], &["h?q=a"]),
    ("QueryRegexp(`q`, `^[0-9]+$`)", &["h?q=1", "h?q=x&q=2", "h?q=%31"], &["h", "h?q=", "h?q=x", "h?p=1"]),
    ("QueryRegexp(`q`, `^a b.$`)", &["h?q=a+b%FF"], &["h?q=a+b"]),
    ("QueryRegexp(`q`)", &["h?q"], &["h?q=1", "h"]),
];

const CLIENTS: &[Case] = &[
    (
        "ClientIP(`10.0.0.0/8`)",
        &["h, from 10.1.2.3", "h, from ::ffff:10.1.2.3"],
        &["h, from 11.0.0.1", "h, from ::1", "h", "h, x-forwarded-for: 10.0.0.1"],
    ),
    ("ClientIP(`10.0.0.1`)", &["h, from 10.0.0.1"], &["h, from 10.0.0.2, x-real-ip: 10.0.0.1"]),
    ("ClientIP(`::ffff:10.0.0.1`)", &["h, from 10.0.0.1"], &["h, from 10.0.0.2"]),
    ("ClientIP(`2001:db8::/32`)", &["h, from 2001:db8::1"], &["h, from 2001:db9::1", "h, from 10.0.0.1"]),
];

const COMBINED: &[Case] = &[
    ("Host(`a`) && PathPrefix(`/x`)", &["a/x"], &["a", "b/x", "b"]),
    ("Host(`a`) || PathPrefix(`/x`)", &["a/x", "a", "b/x"], &["b"]),
    ("Host(`a`) && !PathPrefix(`/x`)", &["a", "a/y"], &["a/x", "b"]),
    ("Host(`a`) || Host(`b`) && Path(`/x`)", &["a", "b/x"], &["b"]),
    ("(Host(`a`) || Host(`b`)) && Path(`/x`)", &["a/x", "b/x"], &["a", "b"]),
    ("!(Host(`a`) || Method(`POST`))", &["b"], &["a", "POST b", "POST a"]),
    ("!!Host(`a`)", &["a"], &["b"]),
    ("Host(`a`, `b`) && !Method(`GET`, `HEAD`)", &["POST a", "PUT b"], &["a", "HEAD b", "POST c"]),
    (
        "Host(`a`) && Header(`X`, `1`) && Query(`q`) && ClientIP(`::1`)",
        &["a?q, x: 1, from ::1"],
        &["a?q, x: 1", "a?q, from ::1"],
    ),
];

#[test]
fn every_matcher_means_what_traefik_documents() {
    let mut different = String::new();
    for (text, yes, no) in [HOSTS, PATHS, HEADS, QUERIES, CLIENTS, COMBINED].concat() {
        let rule = Rule::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let expected = yes.iter().map(|request| (request, true)).chain(no.iter().map(|request| (request, false)));
        for (request, expected) in expected {
            if matches(rule.matcher(), &Request::read(request).asked()) != expected {
                different += &format!("{text} should be {expected} of {request}\n");
            }
        }
    }
    assert!(different.is_empty(), "{different}");
}

use std::time::Duration;

use canary_config::daemon::Limits;
use http::StatusCode;
use pingora::protocols::http::ServerSession;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};

use super::*;

/// Limits as small as the tests want them.
pub(crate) fn limits() -> Limits {
    Limits {
        connections: 100,
        connections_per_ip: 100,
        head_timeout: Duration::from_secs(10),
        keep_alive: Duration::from_secs(180),
        body_idle: Duration::from_secs(60),
        head_bytes: 2048,
        head_fields: 16,
        target_bytes: 256,
    }
}

const BROWSER: &str = "GET /a/b/c?x=1&y=%2F HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n\
    sec-ch-ua: \"Chromium\";v=\"126\", \"Not.A/Brand\";v=\"8\"\r\nUpgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0\r\n\
    Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nReferer: https://www.example.com/page?with=query\r\n\
    Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef; theme=d\u{e4}rk; _ga=GA1.1\r\n\r\n";

fn whole(head: &str) -> Framed {
    match check(head.as_bytes(), 0, &limits()) {
        Head::Whole(framed) => framed,
        other => panic!("{head:?}: {other:?}"),
    }
}

/// A request with one more field, or several lines of them.
fn with(field: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a.test\r\n{field}\r\n\r\n")
}

fn with_line(line: &str) -> String {
    format!("{line}\r\nHost: a.test\r\n\r\n")
}

fn with_host(host: &str) -> String {
    format!("GET / HTTP/1.1\r\n{host}\r\n\r\n")
}

/// Malformed heads, family by family, with the status that each must get.
fn malformed() -> Vec<(u16, String)> {
    let mut all = Vec::new();
    let mut family = |status: u16, make: &dyn Fn(&str) -> String, variants: &[&str]| {
        all.extend(variants.iter().map(|variant| (status, make(variant))));
    };
    family(400, &with_line, REQUEST_LINES);
    family(405, &with_line, &["TRACE / HTTP/1.1", "CONNECT a.test:443 HTTP/1.1", "TRACE * HTTP/1.0"]);
    family(505, &|version| with_line(&format!("GET / {version}")), VERSIONS);
    family(400, &|byte| with_line(&format!("GET /a{byte}b HTTP/1.1")), CONTROLS);
    family(400, &|byte| with(&format!("X-Name{byte}: x")), CONTROLS);
    family(400, &|byte| with(&format!("X-Value: a{byte}b")), &CONTROLS[..CONTROLS.len() - 3]);
    family(400, &|name| with(&format!("{name}: x")), FIELD_NAMES);
    family(400, &with, FIELDS);
    family(400, &with_host, HOSTS);
    family(400, &|length| with(&format!("Content-Length: {length}")), LENGTHS);
    family(400, &|length| with(&format!("{length}Content-Length: 5")), TWICE);
    family(400, &|coding| with(&format!("Transfer-Encoding: {coding}")), CODINGS);
    family(501, &|coding| with(&format!("Transfer-Encoding: {coding}")), CODINGS_UNKNOWN);
    family(417, &|expect| with(&format!("Expect: {expect}")), EXPECTATIONS);
    family(400, &|end| with_line("GET / HTTP/1.1").replacen("\r\n", end, 1), LINE_ENDS);
    family(400, &|end| with("X: y\r\nZ: z").replacen("X: y\r\n", &format!("X: y{end}"), 1), LINE_ENDS);
    family(400, &|start| format!("{start}{}", with("X: y")), &["\n", "\r", "\r\n\r\n", " ", "\0", "\r\n\n", "\r\n "]);
    all.push((414, with_line(&format!("GET /{} HTTP/1.1", "a".repeat(256)))));
    all.push((414, format!("GET /{}", "a".repeat(4096))));
    all.push((431, with(&format!("X: {}", "a".repeat(4096)))));
    all.push((431, with(&"X: y\r\n".repeat(16))));
    all
}

const REQUEST_LINES: &[&str] = &[
    "GET / HTTP/1.1 ",
    "GET /",
    "GET",
    "GET  / HTTP/1.1",
    "GET /  HTTP/1.1",
    "GET\t/ HTTP/1.1",
    "GET /\tHTTP/1.1",
    " GET / HTTP/1.1",
    "G(T / HTTP/1.1",
    "G\u{c4}T / HTTP/1.1",
    "AAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET /a#b HTTP/1.1",
    "GET /\u{e4} HTTP/1.1",
    "GET * HTTP/1.1",
    "GET a HTTP/1.1",
    "GET a.test:80 HTTP/1.1",
    "OPTIONS ** HTTP/1.1",
    "GET ftp://a.test/ HTTP/1.1",
    "GET file:///etc/passwd HTTP/1.1",
    "GET http:/a.test/ HTTP/1.1",
    "GET http:///a HTTP/1.1",
    "GET http://user@a.test/ HTTP/1.1",
    "GET http://a.test:port/ HTTP/1.1",
    "GET http://a.test\\b/ HTTP/1.1",
    "GET //a.test#x HTTP/1.1",
    "GET / http/1.1",
    "GET / HTTP/11",
    "GET / HTTP/1.10",
    "GET / HTTP/1,1",
    "GET / HTTP/x.y",
    "GET / HTP/1.1",
    "GET /HTTP/1.1",
    "/ HTTP/1.1",
    "HTTP/1.1 200 OK",
    ": / HTTP/1.1",
];

const VERSIONS: &[&str] = &["HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0"];

/// The last three may stand in a value, but not in a name or a target.
const CONTROLS: &[&str] = &[
    "\0", "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x07", "\x08", "\x0b", "\x0c", "\r", "\x0e", "\x0f", "\x10",
    "\x11", "\x12", "\x13", "\x14", "\x15", "\x16", "\x17", "\x18", "\x19", "\x1a", "\x1b", "\x1c", "\x1d", "\x1e",
    "\x1f", "\x7f", "\t", " ", "\u{e4}",
];

const FIELD_NAMES: &[&str] = &[
    "", " ", "\t", " X", "\tX", "X ", "X\t", "X Y", "(X)", "X,Y", "X/Y", "X;Y", "X<Y", "X=Y", "X>Y", "X?Y", "X@Y",
    "[X]", "X\\Y", "{X}", "\"X\"",
];

const FIELDS: &[&str] = &[
    "no colon here",
    "X: y\r\n folded",
    "X: y\r\n\tfolded",
    "X: y\r\n : z",
    "content_length: 5",
    "Content_Length: 5",
    "transfer_encoding: chunked",
    "TRANSFER_ENCODING: chunked",
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Transfer-Encoding: chunked\r\nContent-Length: 0",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5",
    "Content-Length: 5\r\nConnection: Upgrade\r\nUpgrade: h2c",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked",
    "Host: a.test",
    "Host: b.test",
    "HOST: a.test",
];

const HOSTS: &[&str] = &[
    "X: no host",
    "Host:",
    "Host: ",
    "Host: :80",
    "Host: a.test:",
    "Host: a.test:x",
    "Host: a.test:123456",
    "Host: a.test:80:80",
    "Host: a.test, b.test",
    "Host: a.test b.test",
    "Host: a.test/path",
    "Host: a.test?q",
    "Host: a.test#f",
    "Host: user@a.test",
    "Host: http://a.test",
    "Host: a%2etest",
    "Host: \u{e4}.test",
    "Host: [::1",
    "Host: ::1",
    "Host: []",
    "Host: [::1]80",
    "Host: [::1]:",
    "Host: [::g]",
    "Host: [::1]x:80",
    "Host: \"a.test\"",
    "Host: a\\test",
    "Host: *",
    "Host : a.test",
    " Host: a.test",
    "Host",
];

const LENGTHS: &[&str] = &[
    "",
    " ",
    "+5",
    "-5",
    "-0",
    "0x5",
    "5,5",
    "5, 5",
    "5,",
    ", 5",
    "5 5",
    "5.0",
    "5e1",
    "five",
    "\"5\"",
    "5;",
    "1_000",
    "\u{665}",
    "1234567890123456789",
    "99999999999999999999999",
    "18446744073709551617",
];

const TWICE: &[&str] = &["Content-Length: 5\r\n", "content-length: 6\r\n", "CONTENT-LENGTH: 05\r\n"];

const CODINGS: &[&str] = &[
    "",
    " ",
    "identity",
    "gzip",
    "chunke",
    "xchunked",
    "chunked, identity",
    "chunked, chunked",
    "chunked,",
    ", chunked",
    "chunked;q=1",
    "\"chunked\"",
    "chunked\u{e4}",
    "'chunked'",
    "gzip;q=1, chunked",
    "chunked gzip",
    "gzip, , chunked",
];

const CODINGS_UNKNOWN: &[&str] = &["gzip, chunked", "identity, chunked", "x,chunked", "deflate , gzip, Chunked"];

const EXPECTATIONS: &[&str] = &[
    "",
    "100",
    "100-continu",
    "100-continue, x",
    "y 100-continue",
    "200-ok",
    "100-continue;",
    "x=100-continue",
    "100-continue\r\nExpect: 100-continue",
];

const LINE_ENDS: &[&str] = &["\n", "\r", "\n\r", "\r\r\n", "\n\n"];

#[test]
fn a_malformed_head_gets_its_status() {
    let malformed = malformed();
    assert!(malformed.len() >= 200, "only {} heads", malformed.len());
    for (status, head) in malformed {
        match check(head.as_bytes(), 0, &limits()) {
            Head::Refused(refusal) => assert_eq!(refusal.status.as_u16(), status, "{head:?}: {}", refusal.why),
            passed => panic!("{head:?}: {passed:?} instead of {status}"),
        }
    }
}

#[test]
fn http_1_0_has_no_transfer_encoding_and_needs_no_host() {
    let head = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(check(head.as_bytes(), 0, &limits()), Head::Refused(Refusal::bad("HTTP/1.0 has no Transfer-Encoding")));
    assert_eq!(whole("GET / HTTP/1.0\r\n\r\n").body, Body::Known(0));
}

/// Heads that must pass, with what follows them.
fn well_formed() -> Vec<(Body, String)> {
    let none = Body::Known(0);
    let mut all = vec![(none, BROWSER.to_owned()), (none, format!("\r\n{BROWSER}"))];
    for line in ["OPTIONS * HTTP/1.1", "GET http://a.test/x?y HTTP/1.1", "GET HTTPS://[::1]:8443?y HTTP/1.1"] {
        all.push((none, with_line(line)));
    }
    for line in ["PROPFIND /a HTTP/1.1", "GET //a/../b%00%2f\\|{} HTTP/1.1", "GET /a:b@c HTTP/1.0", "get / HTTP/1.1"] {
        all.push((none, with_line(line)));
    }
    for host in ["a", "a.test.", "A.Test:65535", "web_1:80", "127.0.0.1", "[::1]", "[2001:db8::1]:443", "\ta \t"] {
        all.push((none, with_host(&format!("hOsT:{host}"))));
    }
    all.push((Body::Known(5), with("Content-Length:5")));
    all.push((Body::Known(5), with("content-length: \t005 ")));
    all.push((Body::Known(999_999_999_999_999_999), with("Content-Length: 999999999999999999")));
    all.push((Body::Known(5), with("Content-Length: 5\r\nExpect: 100-Continue")));
    all.push((Body::Open, with("Transfer-Encoding: Chunked")));
    all.push((Body::Open, with("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0")));
    all.push((none, with("X-Empty:\r\nX_Other: caf\u{e9}\ttab")));
    all.push((none, with("X: y\r\n".repeat(15).trim_end())));
    all
}

#[test]
fn a_well_formed_head_passes_whole_with_its_framing() {
    for (body, head) in well_formed() {
        assert_eq!(whole(&head), Framed { len: head.len(), body }, "{head:?}");
        let more = format!("{head}\nGET \0 bytes of a body");
        assert_eq!(whole(&more), Framed { len: head.len(), body }, "{more:?}");
    }
}

/// What comes out when the bytes arrive in two pieces, cut anywhere; and when they drip in one by one.
#[test]
fn the_verdict_does_not_depend_on_how_the_bytes_arrive() {
    let heads = malformed().into_iter().chain(well_formed().into_iter().map(|(_, head)| (200, head)));
    for (_, head) in heads {
        let bytes = head.as_bytes();
        let at_once = check(bytes, 0, &limits());
        let mut dripped = Head::Partial;
        for cut in 0..=bytes.len() {
            let first = check(&bytes[..cut], 0, &limits());
            let verdict = if first == Head::Partial { check(bytes, cut, &limits()) } else { first };
            assert_eq!(verdict, at_once, "{head:?} cut at {cut}");
            if dripped == Head::Partial {
                dripped = check(&bytes[..cut], cut.saturating_sub(1), &limits());
            }
        }
        assert_eq!(dripped, at_once, "{head:?} byte by byte");
    }
}

#[test]
fn no_bytes_whatever_make_it_panic() {
    const SEED: u64 = 1;
    let mut rng = SmallRng::seed_from_u64(SEED);
    let pieces =
        [&b"GET "[..], b"/", b" HTTP/1.1", b"\r\n", b"\n", b"\r", b"Host", b":", b" ", b"Content-Length", b"5"];
    for round in 0..20_000 {
        let mut bytes = Vec::new();
        for _ in 0..rng.random_range(0..24) {
            if rng.random_bool(0.3) {
                bytes.push(rng.random::<u8>());
            } else {
                bytes.extend_from_slice(pieces.choose(&mut rng).unwrap());
            }
        }
        let seen = rng.random_range(0..64);
        let verdict = std::panic::catch_unwind(|| check(&bytes, seen, &limits()));
        assert!(verdict.is_ok(), "seed {SEED}, round {round}: {:?}", bytes.escape_ascii().to_string());
    }
}

/// A head that a mutation of one byte leaves whole must be one that pingora neither waits for nor ends elsewhere.
#[tokio::test]
async fn what_is_whole_here_is_whole_for_pingora() {
    const SEED: u64 = 2;
    let mut rng = SmallRng::seed_from_u64(SEED);
    let heads = well_formed();
    let mut compared = 0;
    for round in 0..20_000 {
        let (_, head) = heads.choose(&mut rng).unwrap();
        let mut bytes = head.as_bytes().to_vec();
        if round > 0 {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = mutation(&mut rng);
        }
        let Head::Whole(framed) = check(&bytes, 0, &limits()) else { continue };
        let head_bytes = framed.len - bytes.drain(..leading_line(&bytes)).count();
        let mut session = ServerSession::new_http1(Box::new(std::io::Cursor::new(Vec::new())));
        session.set_pipelined_prefix(bytes[..].into());
        let read = session.read_request().await;
        let context = format!("seed {SEED}, round {round}: {:?}", bytes.escape_ascii().to_string());
        match read {
            Ok(true) => assert_eq!(session.as_http1().unwrap().get_headers_raw_bytes().len(), head_bytes, "{context}"),
            Ok(false) => panic!("pingora waits for more: {context}"),
            // It may refuse what is beyond us, such as an absolute target that names another host.
            Err(error) => assert_eq!(error.etype.as_str(), "InvalidHTTPHeader", "{context}"),
        }
        compared += 1;
    }
    assert!(compared > 1_000, "only {compared} heads were whole");
}

fn mutation(rng: &mut impl Rng) -> u8 {
    if rng.random_bool(0.5) { rng.random() } else { *b" \r\n\t:/0aA-_".choose(rng).unwrap() }
}

#[test]
fn a_refusal_is_a_refusal_of_the_client() {
    for (_, head) in malformed() {
        let Head::Refused(refusal) = check(head.as_bytes(), 0, &limits()) else { continue };
        let unimplemented = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
        assert!(refusal.status.is_client_error() || unimplemented.contains(&refusal.status), "{head:?}");
    }
}

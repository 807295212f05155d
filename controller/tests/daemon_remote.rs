//! The control interface over TCP: nothing without the token, nothing by another's name.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use canary_controller::api::Overview;
use http::{Method, Request};
use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{Answer, Canaryd, Client, PATIENCE, SLOW, Site};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// How long a wrong token waits.
const REFUSAL_DELAY: Duration = Duration::from_millis(500);

/// A canaryd that is asked over TCP, too.
async fn start(site: &Site) -> (Canaryd, SocketAddr) {
    write(site, "127.0.0.1:0");
    let canaryd = Canaryd::start(site).await;
    let address = canaryd.address("admin").await;
    (canaryd, address)
}

fn write(site: &Site, address: &str) {
    let token = site.path("admin-token");
    std::fs::write(&token, format!("{TOKEN}\n")).expect("our own folder");
    let keys = format!(
        "[admin]\naddress = \"{address}\"\nbearer_token_file = \"{}\"\nhosts = [\"canary.test\"]",
        token.display()
    );
    site.write(&site.config(SLOW).replace("[admin]", &keys));
}

/// A request with these fields, `Host` and the token among them.
async fn try_send(address: SocketAddr, method: Method, path: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::default()).expect("a plain request");
    Client::tcp(address).await?.send(request).await
}

async fn get(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Answer {
    try_send(address, Method::GET, path, fields).await.expect("an answer")
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn without_the_token_nothing_is_told_but_that_the_process_answers() {
    let site = Site::new(SLOW).await;
    let (canaryd, address) = start(&site).await;
    let host = ("host", "localhost");
    assert_eq!(get(address, "/healthz", &[host]).await.text, "ok\n");
    let mut refused = 0;
    for path in ["/readyz", "/openapi.json", "/v1/services", "/v1/backup", "/v1/events", "/nowhere", "/healthz/"] {
        for wrong in [None, Some(bearer("guess")), Some(format!("Basic {TOKEN}"))] {
            let mut fields = vec![host];
            fields.extend(wrong.as_ref().map(|wrong| ("authorization", wrong.as_str())));
            let answer = get(address, path, &fields).await;
            answer.problem(401);
            assert_eq!((answer.header("www-authenticate"), answer.header("connection")), ("Bearer", "close"));
            refused += 1;
        }
    }
    let post = try_send(address, Method::POST, "/v1/services/web/start", &[host]).await.expect("an answer");
    post.problem(401);
    let right = bearer(TOKEN);
    get(address, "/v1/services", &[host, ("authorization", &right)]).await.good::<Overview>();
    let said = canaryd.until_said("no token, or a wrong one").await;
    let lines = said.matches("no token, or a wrong one").count();
    assert!(lines < refused, "one line a minute: {said}");
    assert!(!said.contains(TOKEN) && !said.contains("guess"), "{said}");
}

#[tokio::test]
async fn a_guess_waits_and_the_token_does_not() {
    let site = Site::new(SLOW).await;
    let (_canaryd, address) = start(&site).await;
    let host = ("host", "localhost");
    let begin = Instant::now();
    let guess = async {
        get(address, "/v1/services", &[host]).await.problem(401);
        begin.elapsed()
    };
    let right = async {
        let answer = get(address, "/v1/services", &[host, ("authorization", &bearer(TOKEN))]).await;
        answer.good::<Overview>();
        begin.elapsed()
    };
    let (guess, right) = tokio::join!(guess, right);
    assert!(guess >= REFUSAL_DELAY && right < guess, "{guess:?} {right:?}");
}

#[tokio::test]
async fn many_guesses_at_once_keep_nobody_out() {
    let site = Site::new(SLOW).await;
    let (_canaryd, address) = start(&site).await;
    let guesses: Vec<_> = (0..100)
        .map(|_| tokio::spawn(async move { get(address, "/v1/services", &[("host", "localhost")]).await }))
        .collect();
    let right = bearer(TOKEN);
    for _ in 0..10 {
        get(address, "/v1/services", &[("host", "localhost"), ("authorization", &right)]).await.good::<Overview>();
    }
    for guess in guesses {
        guess.await.expect("no panic").problem(401);
    }
}

#[tokio::test]
async fn only_our_own_names_are_answered_to() {
    let site = Site::new(SLOW).await;
    let (_canaryd, address) = start(&site).await;
    let (right, own) = (bearer(TOKEN), address.to_string());
    for host in ["localhost", "127.0.0.1", &own, "canary.test", "CANARY.test:80"] {
        let answer = get(address, "/v1/services", &[("host", host), ("authorization", &right)]).await;
        answer.good::<Overview>();
    }
    for host in ["evil.test", "127.0.0.2", "canary.test.evil.test", ""] {
        let answer = get(address, "/v1/services", &[("host", host), ("authorization", &right)]).await;
        assert!(answer.problem(421).message.contains("admin.hosts"), "{host}");
        assert_eq!(get(address, "/healthz", &[("host", host)]).await.status, 200, "{host}");
    }
    get(address, "/v1/services", &[("authorization", &right)]).await.problem(421);
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_even_with_the_token() {
    let site = Site::new(SLOW).await;
    let (_canaryd, address) = start(&site).await;
    let (right, own) = (bearer(TOKEN), address.to_string());
    let fields = [("host", own.as_str()), ("authorization", right.as_str())];
    let send = async |field, method| {
        let fields = [&fields[..], &[field]].concat();
        try_send(address, method, "/v1/services", &fields).await.expect("an answer")
    };
    for field in [("origin", "http://evil.test"), ("origin", "null"), ("sec-fetch-site", "same-site")] {
        let answer = send(field, Method::GET).await;
        answer.problem(403);
        assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{answer:?}");
    }
    let ours = format!("http://{own}");
    assert_eq!(send(("origin", ours.as_str()), Method::GET).await.status, 200);
    // A browser that asks whether it may is not told that it may.
    let preflight = send(("access-control-request-method", "POST"), Method::OPTIONS).await;
    preflight.problem(405);
    assert_eq!(preflight.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn the_audit_trail_names_the_token_and_where_it_came_from() {
    let site = Site::new(SLOW).await;
    let (canaryd, address) = start(&site).await;
    let request = Request::post("/v1/services/web/start")
        .header("host", "localhost")
        .header("authorization", bearer(TOKEN))
        .header("content-type", "application/json")
        .body(Full::from(r#"{"release": "v2"}"#))
        .expect("a plain request");
    Client::tcp(address).await.expect("a connection").send(request).await.expect("an answer").done();
    let history = canaryd.api.history().await;
    assert_eq!(history.first().expect("a start").actor, "token 127.0.0.1");
}

#[tokio::test]
async fn a_second_one_at_the_same_address_is_told_which_key_to_change() {
    let site = Site::new(SLOW).await;
    let holder = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port of loopback");
    let taken = holder.local_addr().expect("it is bound").to_string();
    write(&site, &taken);
    let mut canaryd = Canaryd::spawn(Canaryd::command(&site), &site);
    assert_eq!(canaryd.ended().await.code(), Some(2));
    let said = canaryd.until_said("error: ").await;
    assert!(said.contains(&format!("admin.address: cannot listen on {taken}")), "{said}");
    assert!(!site.socket.exists());
}

#[tokio::test]
async fn idle_connections_give_their_places_back() {
    let site = Site::new(SLOW).await;
    let (canaryd, admin) = start(&site).await;
    let page = canaryd.address("metrics").await;
    // More than either has places for.
    let mut idle = Vec::new();
    for address in [admin, page].into_iter().flat_map(|address| std::iter::repeat_n(address, 140)) {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(b"GET / HT").await.expect("it takes bytes");
        idle.push(stream);
    }
    assert_eq!(canaryd.metrics_with(None).await.status, 200);
    assert_eq!(get(admin, "/healthz", &[]).await.status, 200);
    // The control socket was not waiting for any of them.
    canaryd.api.status().await;
    let mut first = idle.swap_remove(0);
    let end = timeout(PATIENCE, first.read_to_end(&mut Vec::new())).await;
    assert!(end.is_ok(), "a head has a deadline");
}

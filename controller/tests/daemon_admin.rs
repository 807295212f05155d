//! The control socket takes no nonsense: each is answered with what is wrong and where, and nothing is half done.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;

use bytes::Bytes;
use canary_controller::api::Reloaded;
use canary_controller::rollout::PhaseName;
use http::{Method, Request};
use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::support::{Answer, Canaryd, Client, PATIENCE, SLOW, Site, free_address};

const JSON: &str = "application/json";
const START: &str = "/v1/services/web/start";

async fn send(canaryd: &Canaryd, method: Method, path: &str, kind: &str, body: impl Into<Bytes>) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    canaryd.api.try_send(request.body(Full::new(body.into())).expect("a plain request")).await.expect("an answer")
}

/// Nothing has come of all this.
async fn assert_untouched(canaryd: &mut Canaryd) {
    assert!(canaryd.is_running());
    let status = canaryd.api.status().await;
    assert_eq!((status.phase, status.generation, status.weight.bp()), (PhaseName::Idle, 0, 0));
    assert!(canaryd.api.history().await.is_empty());
    Client::sample(canaryd.web().await, 20).await.assert_only("v1");
    assert!(!canaryd.said().contains("panick"), "{}", canaryd.said());
}

#[tokio::test]
async fn a_bad_body_is_answered_with_what_is_wrong_in_it() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let cases: [(&str, &[u8], &str); 16] = [
        (START, b"garbage", "line 1 column 1"),
        (START, b"", "missing field `release`"),
        (START, b"{}", "missing field `release`"),
        (START, b"[]", "line 1 column"),
        (START, b"null", "line 1 column 4"),
        ("/v1/freeze", b"[null, null]", "expected an object at line 1 column 1"),
        ("/v1/reload", b" []", "expected an object at line 1 column 1"),
        (START, br#"{"release": 2}"#, "line 1 column 13"),
        (START, br#"{"release": ""}"#, "line 1 column"),
        (START, br#"{"release": "../v2"}"#, "line 1 column"),
        (START, br#"{"release": "v2", "forced": true}"#, "unknown field `forced`"),
        (START, br#"{"release": "v2"} {}"#, "trailing characters"),
        (START, b"{\"release\": \"v2\xff\"}", "line 1 column"),
        ("/v1/services/web/promote", br#"{"full": "yes"}"#, "line 1 column"),
        ("/v1/services/web/abort", br#"{"reason": 7}"#, "line 1 column"),
        ("/v1/reload", br#"{"config": "/etc/passwd"}"#, "unknown field `config`"),
    ];
    for (path, body, word) in cases {
        let message = send(&canaryd, Method::POST, path, JSON, body.to_vec()).await.problem(400).message;
        assert!(message.starts_with("body: ") && message.contains(word), "{path} {body:?}: {message}");
    }
    let deep = "[".repeat(50_000);
    send(&canaryd, Method::POST, START, JSON, deep).await.problem(400);
    let long = format!(r#"{{"release": "v2", "reason": "{}"}}"#, "x".repeat(2_000));
    let message = send(&canaryd, Method::POST, START, JSON, long).await.problem(400).message;
    assert_eq!(message, "body: reason is longer than 1024 characters; shorten it");
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let message = send(&canaryd, Method::POST, START, JSON, vec![b' '; 1 << 20]).await.problem(413).message;
    assert_eq!(message, "body: it is larger than 64 KiB; send less");
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let message = send(&canaryd, Method::POST, START, kind, r#"{"release": "v2"}"#).await.problem(415).message;
        assert_eq!(message, "content-type: a body is `application/json`");
    }
    assert_untouched(&mut canaryd).await;
    send(&canaryd, Method::POST, START, "application/json; charset=utf-8", r#"{"release": "v2"}"#).await.done();
}

#[tokio::test]
async fn a_wrong_method_and_a_wrong_path_are_told_what_is_right() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let answer = canaryd.api.get(START).await;
    assert_eq!(
        answer.problem(405).message,
        format!("GET {START}: this page takes other methods; the field Allow names them")
    );
    assert_eq!(answer.header("allow"), "POST");
    for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let answer = send(&canaryd, method.clone(), "/v1/services", JSON, "{}").await;
        let message = answer.problem(405).message;
        assert!(message.starts_with(&format!("{method} /v1/services: this page takes")), "{message}");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
    for path in
        ["/", "/v1", "/v1/", "/v2/services", "/v1/services/web/destroy", "/v1/services/web/start/", "/v1//services"]
    {
        let message = send(&canaryd, Method::POST, path, JSON, "{}").await.problem(404).message;
        assert!(message.contains("begin at /v1/services"), "{path}: {message}");
    }
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_before_anybody_looks_for_it() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let long = "x".repeat(5_000);
    for name in
        ["..%2f..%2fetc", "%2e%2e", "..", "a%2fb", "%00", "%ff", "web%20", "WEB%0a", &long, "%F0%9F%90%A4", "'--"]
    {
        for path in [format!("/v1/services/{name}"), format!("/v1/history?service={name}")] {
            let answer = canaryd.api.get(&path).await;
            assert!(answer.status == 400 || answer.status == 404, "{path}: {answer:?}");
            answer.problem(answer.status);
        }
        let answer = send(&canaryd, Method::POST, &format!("/v1/services/{name}/abort"), JSON, "{}").await;
        assert!(answer.status == 400 || answer.status == 404, "{name}: {answer:?}");
        answer.problem(answer.status);
    }
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn a_history_is_asked_for_in_numbers_that_make_sense() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    for query in
        ["limit=0", "limit=-1", "limit=x", "limit=1001", "limit=99999999999999999999", "limits=1", "limit=1&limit=2"]
    {
        let message = canaryd.api.get(&format!("/v1/history?{query}")).await.problem(400).message;
        assert!(message.starts_with("query: ") && message.contains("limit"), "{query}: {message}");
    }
    for query in ["", "?limit=1000", "?limit=1", "?service=web"] {
        assert_eq!(canaryd.api.get(&format!("/v1/history{query}")).await.text, r#"{"entries":[]}"#);
    }
    canaryd.api.get("/v1/history?service=unknown").await.problem(404);
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn bytes_that_are_no_http_harm_nobody() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let pieces: [&[u8]; 4] =
        [b"\x00\xff\xfe\r\n\r\n", b"GET", b"POST /v1/reload HTTP/1.1\r\ncontent-length: -1\r\n\r\n", b""];
    for bytes in pieces {
        let mut stream = UnixStream::connect(&canaryd.api.socket).await.expect("a connection");
        stream.write_all(bytes).await.expect("it takes bytes");
        stream.shutdown().await.expect("it takes an end");
        let mut answer = Vec::new();
        // It may answer or hang up; it must not keep us.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an end");
    }
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn nobody_else_may_use_the_socket_from_its_first_moment() {
    let site = Site::new(SLOW).await;
    let _canaryd = Canaryd::start(&site).await;
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(mode(&site.socket), 0o600);
    // It was made in a folder of its own, of which nothing is left.
    let left: Vec<_> =
        fs::read_dir(site.path("")).expect("our own folder").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn a_mode_and_a_group_are_given_if_asked_for() {
    let site = Site::new(SLOW).await;
    let groups = fs::read_to_string("/etc/group").expect("this is Linux");
    let gid = fs::metadata(site.path("")).expect("our own folder").gid();
    let own =
        groups.lines().find(|line| line.split(':').nth(2) == Some(&gid.to_string())).expect("our group has a name");
    let name = own.split(':').next().expect("a name");
    let keys = format!("[admin]\nsocket_mode = \"0660\"\nsocket_group = \"{name}\"");
    site.write(&site.config(SLOW).replace("[admin]", &keys));
    let _canaryd = Canaryd::start(&site).await;
    let socket = fs::metadata(&site.socket).expect("it is there");
    assert_eq!((socket.permissions().mode() & 0o7777, socket.gid()), (0o660, gid));
}

/// It ends with status 2 and these words, before it serves anybody.
async fn assert_refuses_to_start(site: &Site, words: &[&str]) {
    let mut other = Canaryd::spawn(Canaryd::command(site), site);
    let status = other.ended().await;
    let said = other.until_said("error: ").await;
    assert_eq!(status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    assert!(!said.contains("listener=web"), "{said}");
}

#[tokio::test]
async fn a_second_canaryd_on_the_same_store_ends_and_the_first_goes_on() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    assert_refuses_to_start(&site, &["canaryd.db is in use by another canaryd", "stop it, or give this one"]).await;
    assert_untouched(&mut canaryd).await;
}

#[tokio::test]
async fn a_second_canaryd_on_the_same_socket_ends_and_the_first_goes_on() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    site.write(&site.config(SLOW).replace("canaryd.db", "other.db"));
    assert_refuses_to_start(&site, &["admin.socket", "in use by another canaryd"]).await;
    assert_untouched(&mut canaryd).await;
    site.write(&site.config(SLOW));
    assert_eq!(canaryd.api.reload().await.good::<Reloaded>(), Reloaded::default());
}

#[tokio::test]
async fn what_a_killed_canaryd_leaves_behind_is_no_obstacle() {
    let site = Site::new(SLOW).await;
    for _ in 0..3 {
        let mut canaryd = Canaryd::start(&site).await;
        canaryd.kill9();
        assert!(site.socket.exists());
    }
    drop(UnixListener::bind(site.path("stale")).expect("our own folder"));
    site.write(&site.config(SLOW).replace("/socket", "/stale"));
    let mut canaryd = Canaryd::spawn(Canaryd::command(&site), &site);
    canaryd.api.socket = site.path("stale");
    canaryd.web().await;
    canaryd.api.until_ready().await;
    assert!(canaryd.terminate().await.success());
    assert!(!site.path("stale").exists(), "an orderly end leaves no socket");
}

#[tokio::test]
async fn an_address_in_use_is_told_before_anything_starts() {
    let site = Site::new(SLOW).await;
    let taken = free_address();
    let _holder = std::net::TcpListener::bind(taken).expect("it was free a moment ago");
    let plain = site.config(SLOW);
    site.write(&plain.replacen("127.0.0.1:0", &taken.to_string(), 1));
    assert_refuses_to_start(&site, &["listen.web", &taken.to_string()]).await;
    assert!(!site.socket.exists());
    site.write(&plain.replace("[metrics]\naddress = \"127.0.0.1:0\"", &format!("[metrics]\naddress = \"{taken}\"")));
    assert_refuses_to_start(&site, &["metrics.address", &taken.to_string(), "stop what listens there"]).await;
    assert!(!site.socket.exists());
}

#[tokio::test]
async fn what_is_no_socket_is_not_removed() {
    let site = Site::new(SLOW).await;
    fs::write(&site.socket, "precious").expect("our own folder");
    assert_refuses_to_start(&site, &["exists and is no socket"]).await;
    assert_eq!(fs::read_to_string(&site.socket).expect("it is still there"), "precious");
}

//! What the access log says of each request.

use serde_json::{Value, json};

use crate::stage::{Act, Dead, Origin, Stage, get, named, post, says, stable};

/// An entry without what differs from run to run, which is looked at here.
fn lasting(mut entry: Value) -> Value {
    let fields = entry.as_object_mut().unwrap();
    assert_eq!(fields.remove("request_id").unwrap().as_str().unwrap().len(), 32);
    assert!(fields.remove("duration_ms").unwrap().as_f64().unwrap() > 0.0);
    let time = fields.remove("time").unwrap();
    assert!(time.as_str().is_some_and(|time| time.len() == 27 && time.ends_with('Z')), "{time}");
    entry
}

async fn logged(stage: &Stage, request: &str) -> Value {
    stage.ask(request).await;
    stage.settled().await;
    lasting(stage.entries(1).await.pop().unwrap())
}

#[tokio::test]
async fn a_request_that_was_passed_on_is_logged_with_its_backend() {
    let origin = named("hello").await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    assert_eq!(
        logged(&stage, &post("/a?secret=1", "body")).await,
        json!({
            "client": "127.0.0.1", "method": "POST", "host": "a.test", "path": "/a", "status": 200, "bytes": 5,
            "service": "web", "release": "v1", "track": "stable", "backend": origin.address.to_string(), "attempts": 1,
        })
    );
}

#[tokio::test]
async fn a_request_that_nobody_serves_is_logged_without_a_backend() {
    let stage = Stage::of(&stable(&[]).route());
    let entry = |host: &str, status: u16, bytes: usize, service: Option<&str>| {
        json!({
            "client": "127.0.0.1", "method": "GET", "host": host, "path": "/", "status": status, "bytes": bytes,
            "service": service, "release": null, "track": null, "backend": null, "attempts": 0,
        })
    };
    let id = "request 0123456789abcdef0123456789abcdef\n".len();
    let bytes = "503 Service Unavailable\n".len() + id;
    assert_eq!(logged(&stage, &get("/")).await, entry("a.test", 503, bytes, Some("web")));
    let stage = Stage::of(&stable(&[]).route());
    let bytes = "404 Not Found\n".len() + id;
    assert_eq!(logged(&stage, "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").await, entry("b.test", 404, bytes, None));
}

#[tokio::test]
async fn a_request_that_failed_over_is_logged_with_both_attempts() {
    let (dead, good) = (Dead::new(), named("good").await);
    let route = stable(&[dead.address, good.address]).route();
    let (stage, _busy) = (Stage::of(&route), route.stable.ready[1].meter.begin());
    let entry = logged(&stage, &get("/")).await;
    assert_eq!(entry["attempts"], 2);
    assert_eq!((&entry["status"], &entry["backend"]), (&json!(200), &json!(good.address.to_string())));
}

#[tokio::test]
async fn the_canary_is_logged_as_such() {
    let (idle, canary) = (named("stable").await, Origin::start(|_| Act::Say(says(500, "bad"))).await);
    let stage = Stage::of(&stable(&[idle.address]).canary(&[canary.address], 10_000, &Default::default()).route());
    let entry = logged(&stage, &post("/", "body")).await;
    assert_eq!((&entry["track"], &entry["release"]), (&json!("canary"), &json!("v2")));
    assert_eq!((&entry["status"], &entry["bytes"]), (&json!(500), &json!(3)));
    assert!(entry.get("rescued").is_none(), "{entry}");
}

#[tokio::test]
async fn a_request_that_was_rescued_is_logged_with_the_cause() {
    let (safe, canary) = (named("stable").await, Origin::start(|_| Act::Say(says(500, "bad"))).await);
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], 10_000, &Default::default()).route());
    let entry = logged(&stage, &get("/")).await;
    assert_eq!((&entry["track"], &entry["backend"]), (&json!("stable"), &json!(safe.address.to_string())));
    assert_eq!((&entry["status"], &entry["attempts"]), (&json!(200), &json!(2)));
    assert_eq!(entry["rescued"], json!("server_error"));
}

#[tokio::test]
async fn the_bytes_are_those_of_the_body_without_its_frames() {
    for (method, answer, bytes) in [
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n", 5),
        ("GET", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole", 5),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", 0),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 0),
    ] {
        let origin = Origin::start(move |_| Act::Close(answer.into())).await;
        let stage = Stage::of(&stable(&[origin.address]).route());
        assert_eq!(logged(&stage, &get("/").replace("GET", method)).await["bytes"], bytes, "{answer:?}");
    }
}

#[tokio::test]
async fn a_client_that_left_is_logged_without_a_status() {
    let origin = Origin::start(|_| Act::Silence).await;
    let stage = Stage::of(&stable(&[origin.address]).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    origin.reached(1).await;
    drop(client);
    stage.settled().await;
    let entry = lasting(stage.entries(1).await.pop().unwrap());
    assert_eq!((&entry["status"], &entry["bytes"], &entry["attempts"]), (&json!(0), &json!(0), &json!(1)));
}

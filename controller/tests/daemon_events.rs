//! What changes is told as it changes, in order, once, and across restarts of either end.

use canary_controller::rollout::PhaseName;
use serde_json::json;

use crate::support::{Canaryd, Client, Events, SLOW, Site, until};

/// The largest number of streams at once.
const STREAMS_MAX: usize = 32;

/// A reason as long as one may be, so that little fits between the two ends.
fn long() -> String {
    "x".repeat(1024)
}

/// Begins a rollout and ends it: at least two entries.
async fn turn(canaryd: &Canaryd) {
    let start = json!({ "release": "v2", "force": true, "reason": long() });
    canaryd.api.post("/v1/services/web/start", start).await.done();
    canaryd.api.post("/v1/services/web/abort", json!({ "reason": long() })).await.done();
}

async fn open(canaryd: &Canaryd, query: &str) -> Events {
    Events::open(&canaryd.api.socket, query, None).await
}

#[tokio::test]
async fn what_changes_from_now_on_is_told_as_the_history_tells_it() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    turn(&canaryd).await;
    let before = canaryd.api.history().await.len();
    let mut events = open(&canaryd, "").await;
    canaryd.api.start("v3").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.abort().await.done();
    let history = canaryd.api.history().await.split_off(before);
    let told = events.take(history.len()).await;
    for (event, entry) in told.iter().zip(&history) {
        assert_eq!((event.id, event.kind.as_str(), &event.entry), (entry.id, "transition", entry));
    }
    let last = told.last().and_then(|event| event.entry.transition.as_ref()).expect("an abort");
    assert_eq!(last.to, PhaseName::Aborted);
}

#[tokio::test]
async fn a_reader_that_was_cut_off_goes_on_from_where_it_was() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let mut events = open(&canaryd, "?after=0").await;
    turn(&canaryd).await;
    let first = events.next().await.expect("the stream goes on");
    drop(events);
    turn(&canaryd).await;
    let mut events = Events::open(&canaryd.api.socket, "?after=0", Some(first.id)).await;
    let second = events.next().await.expect("the stream goes on");
    assert!(second.id > first.id, "{second:?}");
    // The other end goes away in its turn.
    assert!(canaryd.terminate().await.success());
    while events.next().await.is_some() {}
    let canaryd = Canaryd::start(&site).await;
    turn(&canaryd).await;
    let history = canaryd.api.history().await;
    let later: Vec<_> = history.iter().map(|entry| entry.id).filter(|id| *id > second.id).collect();
    let mut events = Events::open(&canaryd.api.socket, "", Some(second.id)).await;
    let told: Vec<_> = events.take(later.len()).await.iter().map(|event| event.id).collect();
    assert_eq!(told, later);
}

#[tokio::test]
async fn a_slow_reader_holds_up_nobody_and_misses_nothing() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let mut slow = open(&canaryd, "?after=0").await;
    for _ in 0..150 {
        turn(&canaryd).await;
    }
    let history: Vec<_> = canaryd.api.history().await.iter().map(|entry| entry.id).collect();
    assert!(history.len() >= 300, "{}", history.len());
    let told: Vec<_> = slow.take(history.len()).await.iter().map(|event| event.id).collect();
    assert_eq!(told, history);
    turn(&canaryd).await;
    assert!(slow.next().await.expect("it goes on").id > *history.last().expect("there are many"));
}

#[tokio::test]
async fn an_open_stream_does_not_hold_up_the_end() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    let mut events = open(&canaryd, "").await;
    assert!(canaryd.terminate().await.success());
    assert!(events.next().await.is_none(), "it ends in order");
    assert!(!canaryd.said().contains("not everything"), "{}", canaryd.said());
}

#[tokio::test]
async fn so_many_streams_and_no_more() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS_MAX {
        streams.push(open(&canaryd, "").await);
    }
    let message = canaryd.api.get("/v1/events").await.problem(503).message;
    assert_eq!(message, "32 streams of events are read already; end one, or try again later");
    // All else is answered as ever, and a place that was left is free.
    canaryd.api.status().await;
    streams.pop();
    until("a free place", async || {
        let mut client = Client::unix(&canaryd.api.socket).await?;
        let answer = client.head("/v1/events").await?;
        if answer.status == 200 { Ok(()) } else { Err(answer.text) }
    })
    .await;
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for query in ["after=-1", "after=x", "after=", "after=9007199254740992", "since=1", "after=1&after=2"] {
        let message = canaryd.api.get(&format!("/v1/events?{query}")).await.problem(400).message;
        assert!(message.starts_with("query: "), "{query}: {message}");
    }
}

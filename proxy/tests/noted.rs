//! What a witness hears of the canary's requests.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use canary_proxy::hearing::Hearing;
use canary_proxy::outcome::Outcome;
use canary_proxy::table::{Patience, Route};
use canary_proxy::witness::{Noted, Witness};
use http::Method;

use crate::stage::{Act, Dead, Message, Origin, SHORT, Stage, get, named, ok, post, says, stable};

const FULL: u16 = 10_000;

/// Writes down what it hears.
#[derive(Debug, Default)]
struct Notes {
    failed: AtomicUsize,
    noted: Mutex<Vec<Noted>>,
}

impl Witness for Notes {
    fn failed(&self) {
        self.failed.fetch_add(1, SeqCst);
    }

    fn noted(&self, noted: Noted) {
        self.noted.lock().unwrap().push(noted);
    }
}

fn heard(canary: std::net::SocketAddr, safe: &[std::net::SocketAddr], patience: Patience) -> (Arc<Route>, Arc<Notes>) {
    let notes = Arc::<Notes>::default();
    let hearing = Hearing { witness: Some(Arc::<Notes>::clone(&notes)), ..Hearing::default() };
    let shape = stable(safe).heard(&[canary], FULL, &Arc::default(), &Arc::new(hearing));
    (shape.patience(patience).route(), notes)
}

async fn note_of(act: fn(&Message) -> Act, request: &str, patience: Patience) -> Option<Noted> {
    let (canary, safe) = (Origin::start(act).await, named("stable").await);
    let (route, notes) = heard(canary.address, &[safe.address], patience);
    let stage = Stage::of(&route);
    stage.ask(request).await;
    stage.settled().await;
    let noted = std::mem::take(&mut *notes.noted.lock().unwrap());
    assert!(noted.len() <= 1, "{noted:?}");
    let note = noted.into_iter().next();
    if let Some(note) = &note {
        assert_eq!(stage.entries(1).await[0]["request_id"], note.id.to_string());
        assert_eq!((note.backend, &*note.path), (canary.address, "/a"));
        assert_eq!(notes.failed.load(SeqCst), usize::from(note.outcome != Outcome::Success));
    }
    note
}

#[tokio::test]
async fn a_failure_is_noted_with_what_stable_answered_in_its_place() {
    let fails = |_: &Message| Act::Say(says(503, "sorry"));
    let note = note_of(fails, &get("/a?secret=1"), Patience::default()).await.unwrap();
    assert_eq!((note.method, note.outcome), (Method::GET, Outcome::ServerError));
    assert_eq!((note.status, note.rescued), (Some(503), Some(200)));
    let note = note_of(fails, &post("/a", "body"), Patience::default()).await.unwrap();
    assert_eq!((note.method, note.outcome), (Method::POST, Outcome::ServerError));
    assert_eq!((note.status, note.rescued), (Some(503), None));
    let note = note_of(|_| Act::Reset(Vec::new()), &get("/a"), Patience::default()).await.unwrap();
    assert_eq!((note.outcome, note.status, note.rescued), (Outcome::Reset, None, Some(200)));
}

#[tokio::test]
async fn an_answer_that_did_not_come_in_time_is_noted() {
    let patience = Patience { first_byte: Some(SHORT), remarkable: None };
    let note = note_of(|_| Act::Silence, &get("/a"), patience).await.unwrap();
    assert_eq!((note.outcome, note.status, note.rescued), (Outcome::Unanswered, None, Some(200)));
    assert!(note.waited >= SHORT && note.waited < Duration::from_secs(20), "{:?}", note.waited);
}

#[tokio::test]
async fn a_success_is_noted_where_it_took_what_people_would_call_long() {
    let slow = Patience { first_byte: None, remarkable: Some(Duration::ZERO) };
    let note = note_of(|_| ok("canary"), &get("/a"), slow).await.unwrap();
    assert_eq!((note.outcome, note.status, note.rescued), (Outcome::Success, Some(200), None));
    let fast = Patience { first_byte: None, remarkable: Some(Duration::from_secs(60)) };
    assert_eq!(note_of(|_| ok("canary"), &get("/a"), fast).await, None);
    assert_eq!(note_of(|_| ok("canary"), &get("/a"), Patience::default()).await, None);
    assert_eq!(note_of(|_| Act::Say(says(404, "")), &get("/a"), Patience::default()).await, None);
}

#[tokio::test]
async fn a_rescue_that_nobody_answered_is_noted_as_such() {
    let (canary, safe) = (Dead::new(), Dead::new());
    let (route, notes) = heard(canary.address, &[safe.address], Patience::default());
    let stage = Stage::of(&route);
    assert_eq!(stage.ask(&get("/a")).await.status(), 502);
    stage.settled().await;
    let noted = notes.noted.lock().unwrap();
    assert_eq!((noted.len(), noted[0].outcome, noted[0].rescued), (1, Outcome::ConnectFailed, None));
}

#[tokio::test]
async fn a_failure_that_is_scored_nowhere_is_heard_and_not_noted() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let canary = Origin::start(|_| Act::Say(says(500, ""))).await;
    let (route, notes) = heard(canary.address, &[], Patience::default());
    let stage = Stage::of(&route);
    assert_eq!(stage.ask(UPGRADE).await.status(), 500);
    stage.settled().await;
    assert_eq!((notes.noted.lock().unwrap().len(), notes.failed.load(SeqCst)), (0, 1));
}

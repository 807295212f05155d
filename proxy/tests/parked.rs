//! Requests that nobody can serve: they wait for whoever comes, so many of them, and so long.

use std::sync::Arc;
use std::time::Duration;

use canary_proxy::hearing::Hearing;
use canary_proxy::histogram::EDGES_US;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::park::{End, Lot};
use canary_proxy::track::Track;

use crate::stage::{
    Message, Origin, PATIENCE, Peer, SHORT, Setup, Shape, Stage, get, named, ok, post, scored, stable, until,
};

const SECRET: &str = "open-sesame";

/// A lot, and whoever was sent to it.
struct Waiting {
    lot: Arc<Lot>,
    clients: Vec<Peer>,
}

impl Waiting {
    fn at(shape: Shape) -> (Self, Stage) {
        let lot = Arc::<Lot>::default();
        let stage = Stage::of(&shape.parking(10, PATIENCE, &lot).route());
        (Self { lot, clients: Vec::new() }, stage)
    }

    /// Asks, and sees the request wait.
    async fn ask(&mut self, stage: &Stage, request: &str) {
        let (mut client, before) = (stage.connect().await, self.lot.waiting());
        client.send(request).await;
        until("a request to be parked", || self.lot.waiting() > before).await;
        self.clients.push(client);
    }

    async fn answers(&mut self) -> Vec<Message> {
        let mut answers = Vec::new();
        for client in &mut self.clients {
            answers.push(client.answer_to("GET").await.unwrap());
        }
        answers
    }

    fn ended(&self) -> Vec<(End, u64)> {
        let ended = End::ALL.map(|end| (end, self.lot.ended_by(end)));
        ended.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

#[tokio::test]
async fn a_request_waits_for_a_backend_with_its_body_unread() {
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    let body = "0123456789abcdef".repeat(4096);
    let request = post("/", &body);
    let (head, rest) = request.split_at(request.len() - 40_000);
    waiting.ask(&stage, head).await;
    let origin = Origin::start(|request| ok(request.text())).await;
    stage.publish(&stable(&[origin.address]).route());
    origin.connected(1).await;
    waiting.clients[0].send(rest).await;
    let answer = waiting.clients[0].answer_to("POST").await.unwrap();
    assert_eq!((answer.status(), answer.text() == body), (200, true));
    stage.settled().await;
    assert_eq!((waiting.lot.waiting(), waiting.ended()), (0, vec![(End::Served, 1)]));
    let entry = stage.entries(1).await.pop().unwrap();
    assert!(entry["parked_ms"].as_f64().unwrap() <= entry["duration_ms"].as_f64().unwrap(), "{entry}");
    assert_eq!((&entry["attempts"], &entry["status"]), (&1.into(), &200.into()));
}

#[tokio::test]
async fn whoever_waits_too_long_is_told_when_to_come_back() {
    let lot = Arc::<Lot>::default();
    let stage = Stage::of(&stable(&[]).parking(1, SHORT, &lot).route());
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.field("retry-after")), (503, Some("5")));
    stage.settled().await;
    assert_eq!((lot.waiting(), lot.ended_by(End::TimedOut)), (0, 1));
    let waits = lot.waits().counts();
    let at_least = EDGES_US.partition_point(|edge| *edge < 150_000);
    assert_eq!(waits[at_least..].iter().sum::<u64>(), 1, "it waited as long as it may");
}

#[tokio::test]
async fn whoever_finds_no_place_is_answered_at_once() {
    let lot = Arc::<Lot>::default();
    let mut stage = Stage::of(&stable(&[]).parking(2, PATIENCE * 2, &lot).route());
    let mut waiting = Waiting { lot: Arc::clone(&lot), clients: Vec::new() };
    waiting.ask(&stage, &get("/")).await;
    waiting.ask(&stage, &get("/")).await;
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.field("retry-after")), (503, Some("5")));
    let origin = named("origin").await;
    stage.publish(&stable(&[origin.address]).parking(2, PATIENCE, &lot).route());
    assert!(waiting.answers().await.iter().all(|answer| answer.text() == "origin"));
    stage.settled().await;
    assert_eq!(waiting.ended(), [(End::Served, 2), (End::Refused, 1)]);
}

#[tokio::test]
async fn a_client_that_leaves_leaves_its_place() {
    let (mut waiting, stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    waiting.clients.clear();
    until("the place to be free", || waiting.lot.waiting() == 0).await;
    stage.settled().await;
    assert_eq!(waiting.ended(), [(End::Left, 1)]);
}

#[tokio::test]
async fn what_a_client_sends_ahead_while_it_waits_is_answered_in_its_turn() {
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/first")).await;
    waiting.clients[0].send(get("/second")).await;
    let origin = Origin::start(|request| ok(&request.head[4..11])).await;
    stage.publish(&stable(&[origin.address]).route());
    for expected in ["/first ", "/second"] {
        assert_eq!(waiting.clients[0].answer_to("GET").await.unwrap().text(), expected);
    }
}

#[tokio::test]
async fn a_route_that_goes_away_lets_nobody_wait() {
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    stage.publish(&stable(&[]).rule("Host(`b.test`)").route());
    assert_eq!(waiting.answers().await[0].status(), 404);
    stage.settled().await;
    assert_eq!((waiting.lot.waiting(), waiting.ended()), (0, vec![(End::Left, 1)]));
}

#[tokio::test]
async fn a_request_goes_on_waiting_in_the_lot_of_the_service_that_takes_its_route_over() {
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    let other = Arc::<Lot>::default();
    stage.publish(&stable(&[]).parking(1, PATIENCE, &other).route());
    until("it to wait there", || (waiting.lot.waiting(), other.waiting()) == (0, 1)).await;
    let origin = named("origin").await;
    stage.publish(&stable(&[origin.address]).parking(1, PATIENCE, &other).route());
    assert_eq!(waiting.answers().await[0].text(), "origin");
}

#[tokio::test]
async fn a_service_that_is_parked_serves_nobody_but_previews_and_is_healthy() {
    let (safe, canary) = (named("stable").await, named("canary").await);
    let ledger = Arc::<Ledger>::default();
    let shape = |bp| {
        let shape = stable(&[safe.address]).canary(&[canary.address], bp, &ledger).critical();
        shape.preview(&[canary.address], SECRET, &Arc::default())
    };
    for bp in [5_000, 10_000] {
        let lot = Arc::<Lot>::default();
        let setup = Setup { health_path: Some("/health"), ..Setup::default() };
        let mut stage = setup.of(&shape(bp).parking(10, PATIENCE, &lot).parked().route());
        let mut waiting = Waiting { lot, clients: Vec::new() };
        waiting.ask(&stage, &get("/")).await;
        let reached = safe.count() + canary.count();
        let preview = get("/").replace("\r\n\r\n", &format!("\r\nX-Canaryd-Preview: {SECRET}\r\n\r\n"));
        assert_eq!(stage.ask(&preview).await.text(), "canary");
        assert_eq!(stage.ask(&get("/health")).await.status(), 200);
        assert_eq!(safe.count() + canary.count(), reached + 1);
        stage.publish(&shape(bp).route());
        assert_eq!(waiting.answers().await[0].status(), 200);
    }
}

#[tokio::test]
async fn nobody_waits_for_a_canary_of_weight_zero_or_one_that_is_convicted() {
    let (safe, canary, ledger) = (named("stable").await, named("canary").await, Arc::<Ledger>::default());
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    let convicted = Arc::new(Hearing::default());
    convicted.trip.trip();
    let at = |bp, hearing: &Arc<Hearing>| stable(&[]).heard(&[canary.address], bp, &ledger, hearing);
    for shape in [at(0, &Arc::default()), at(5_000, &convicted), at(10_000, &convicted)] {
        stage.publish(&shape.parking(10, PATIENCE, &waiting.lot).route());
        // Whoever comes now has seen this table, and so have those before it.
        waiting.ask(&stage, &get("/")).await;
    }
    stage.publish(&stable(&[safe.address]).heard(&[canary.address], 10_000, &ledger, &convicted).route());
    assert!(waiting.answers().await.iter().all(|answer| answer.text() == "stable"));
    assert_eq!(canary.count(), 0);
}

#[tokio::test]
async fn a_parked_request_is_scored_without_its_wait() {
    let (safe, canary, ledger) = (named("stable").await, named("canary").await, Arc::<Ledger>::default());
    let at_half = || stable(&[safe.address]).canary(&[canary.address], 5_000, &ledger);
    let (mut waiting, mut stage) = Waiting::at(at_half().parked());
    for _ in 0..10 {
        waiting.ask(&stage, &get("/")).await;
    }
    let wait = Duration::from_secs(2);
    tokio::time::sleep(wait).await;
    let route = at_half().route();
    stage.publish(&route);
    waiting.answers().await;
    stage.settled().await;
    let shorter = EDGES_US.partition_point(|edge| Duration::from_micros(*edge) <= wait);
    let short_of = |counts: [u64; EDGES_US.len() + 1]| counts[..shorter].iter().sum::<u64>();
    let arms = [Track::Stable, Track::Canary].map(|track| short_of(ledger.arm(track).successes().counts()));
    assert_eq!(
        arms,
        [safe.count() as u64, canary.count() as u64],
        "every one counts, in the arm that it was drawn for"
    );
    let answers = route.stable.meter.answers().durations().counts();
    assert_eq!(short_of(answers), safe.count() as u64);
    assert_eq!(short_of(waiting.lot.waits().counts()), 0);
    let failed = [Track::Stable, Track::Canary].map(|track| scored(&ledger, track));
    assert!(failed.iter().flatten().all(|(outcome, _)| *outcome == Outcome::Success), "{failed:?}");
}

#[tokio::test]
async fn a_drain_lets_parked_requests_wait_on() {
    let (mut waiting, mut stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    stage.drain.begin(PATIENCE);
    let origin = named("origin").await;
    stage.publish(&stable(&[origin.address]).route());
    let answer = waiting.answers().await.pop().unwrap();
    assert_eq!((answer.text(), answer.field("connection")), ("origin", Some("close")));
}

#[tokio::test]
async fn the_limit_of_a_drain_cuts_off_who_is_parked() {
    let (mut waiting, stage) = Waiting::at(stable(&[]));
    waiting.ask(&stage, &get("/")).await;
    stage.drain.begin(SHORT);
    waiting.clients[0].assert_closed().await;
    assert_eq!(waiting.lot.waiting(), 0);
}

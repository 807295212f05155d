//! Requests that failed at a backend which went away unnoticed: they wait for it, or for another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::park::{End, Lot};
use canary_proxy::table::Route;
use canary_proxy::track::Track;

use crate::stage::{
    Act, Dead, Origin, PATIENCE, SHORT, Shape, Stage, get, named, ok, post, says, scored, stable, until,
};

/// With places enough.
fn patient(shape: Shape, lot: &Arc<Lot>) -> Arc<Route> {
    shape.parking(10, PATIENCE, lot).route()
}

fn refused(route: &Route) -> u64 {
    route.stable.ready.iter().map(|backend| backend.meter.ended_by(Outcome::ConnectFailed)).sum()
}

#[tokio::test]
async fn a_request_waits_for_a_backend_that_starts_again_whatever_its_method() {
    for request in [get("/"), post("/", "body")] {
        let (dead, lot) = (Dead::new(), Arc::<Lot>::default());
        let route = patient(stable(&[dead.address]), &lot);
        let stage = Stage::of(&route);
        let mut client = stage.connect().await;
        client.send(&request).await;
        until("a second refusal", || refused(&route) >= 2).await;
        let _revived = dead.revive(|request| ok(request.text()));
        let answer = client.answer_to("GET").await.unwrap();
        let sent = request.split_once("\r\n\r\n").unwrap().1;
        assert_eq!((answer.status(), answer.text()), (200, sent));
        stage.settled().await;
        assert_eq!((lot.waiting(), lot.ended_by(End::Served)), (0, 1));
    }
}

#[tokio::test]
async fn a_request_waits_for_another_backend_than_those_that_refused_it() {
    let (dead, lot) = ([Dead::new(), Dead::new()], Arc::<Lot>::default());
    let addresses = dead.each_ref().map(|dead| dead.address);
    let mut stage = Stage::of(&patient(stable(&addresses), &lot));
    let mut client = stage.connect().await;
    client.send(post("/", "body")).await;
    until("it to wait", || lot.waiting() == 1).await;
    let good = named("good").await;
    let route = patient(stable(&[addresses[0], addresses[1], good.address]), &lot);
    stage.publish(&route);
    assert_eq!(client.answer_to("POST").await.unwrap().text(), "good");
}

#[tokio::test]
async fn a_backend_that_stays_away_is_asked_a_few_times_and_answered_for_as_before() {
    let (dead, lot) = ([Dead::new(), Dead::new()], Arc::<Lot>::default());
    let route = stable(&dead.each_ref().map(|dead| dead.address)).parking(10, Duration::from_millis(650), &lot).route();
    let stage = Stage::of(&route);
    assert_eq!(stage.ask(&post("/", "body")).await.status(), 502);
    stage.settled().await;
    // Two at once; after 100 ms one, and the other at once; then after 200 ms; and then the time is over.
    assert!((2..=6).contains(&refused(&route)), "{}", refused(&route));
    assert_eq!((lot.waiting(), lot.ended_by(End::TimedOut)), (0, 1));
    assert!(stage.entries(1).await[0]["parked_ms"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn whoever_finds_no_place_after_a_failure_is_answered_as_before() {
    let (dead, lot) = (Dead::new(), Arc::<Lot>::default());
    let route = stable(&[dead.address]).parking(1, PATIENCE, &lot).route();
    let stage = Stage::of(&route);
    let mut first = stage.connect().await;
    first.send(get("/")).await;
    until("it to wait", || lot.waiting() == 1).await;
    let place = lot.enter(2).unwrap();
    assert_eq!(stage.ask(&get("/")).await.status(), 502);
    drop(place);
    assert_eq!(lot.ended_by(End::Refused), 1);
}

#[tokio::test]
async fn what_only_reads_is_asked_again_after_a_reset_and_not_for_ever() {
    for (resets, status) in [(1, 200), (usize::MAX, 502)] {
        let asked = AtomicUsize::new(0);
        let origin = Origin::start(move |_| match asked.fetch_add(1, SeqCst) < resets {
            true => Act::Reset(Vec::new()),
            false => ok("well"),
        })
        .await;
        let lot = Arc::<Lot>::default();
        let stage = Stage::of(&patient(stable(&[origin.address]), &lot));
        assert_eq!(stage.ask(&get("/")).await.status(), status);
        stage.settled().await;
        assert_eq!((origin.count(), lot.waiting()), (2, 0));
    }
}

#[tokio::test]
async fn what_may_have_acted_and_what_was_answered_or_waited_for_is_not_parked() {
    let lot = Arc::<Lot>::default();
    let reset = Origin::start(|_| Act::Reset(Vec::new())).await;
    let stage = Stage::of(&patient(stable(&[reset.address]), &lot));
    assert_eq!(stage.ask(&post("/", "once")).await.status(), 502);
    let failing = Origin::start(|_| Act::Say(says(503, "its own"))).await;
    let stage = Stage::of(&patient(stable(&[failing.address]), &lot));
    assert_eq!(stage.ask(&get("/")).await.text(), "its own");
    let silent = Origin::start(|_| Act::Silence).await;
    let stage = Stage::of(&patient(stable(&[silent.address]).read(SHORT), &lot));
    assert_eq!(stage.ask(&get("/")).await.status(), 504);
    assert_eq!([reset.count(), failing.count(), silent.count()], [1; 3]);
    assert_eq!(End::ALL.map(|end| lot.ended_by(end)), [0; 5]);
}

#[tokio::test]
async fn a_canary_that_fails_beside_an_absent_stable_is_scored_once_and_stable_makes_up_for_it() {
    let (dead, ledger, lot) = (Dead::new(), Arc::<Ledger>::default(), Arc::<Lot>::default());
    let hearing = Arc::new(Hearing::default());
    let shape = |stable_at: &[_]| stable(stable_at).heard(&[dead.address], 10_000, &ledger, &hearing);
    let mut stage = Stage::of(&patient(shape(&[]), &lot));
    let mut client = stage.connect().await;
    client.send(post("/", "body")).await;
    until("it to wait", || lot.waiting() == 1).await;
    let safe = named("stable").await;
    let route = patient(shape(&[safe.address]), &lot);
    stage.publish(&route);
    assert_eq!(client.answer_to("POST").await.unwrap().text(), "stable");
    stage.settled().await;
    assert_eq!(scored(&ledger, Track::Canary), [(Outcome::ConnectFailed, 1)]);
    assert_eq!((hearing.failed.load(SeqCst), scored(&ledger, Track::Stable)), (1, vec![]));
    assert_eq!(stage.entries(1).await[0]["rescued"], "connect_failed");
}

#[tokio::test]
async fn a_canary_with_all_requests_is_waited_for_and_its_damage_counted_once() {
    let (dead, ledger, lot) = (Dead::new(), Arc::<Ledger>::default(), Arc::<Lot>::default());
    let hearing = Arc::new(Hearing::default());
    let route = patient(stable(&[]).heard(&[dead.address], 10_000, &ledger, &hearing), &lot);
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    let meter = &route.canary.as_ref().unwrap().pool().ready[0].meter;
    until("a second refusal", || meter.ended_by(Outcome::ConnectFailed) >= 2).await;
    let _revived = dead.revive(|_| ok("canary"));
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "canary");
    stage.settled().await;
    assert_eq!(scored(&ledger, Track::Canary), [(Outcome::ConnectFailed, 1)]);
    assert_eq!(hearing.failed.load(SeqCst), 1);
}

//! Backends that go away after they were picked, and whose address is another's by then.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::park::{End, Lot};
use canary_proxy::table::Route;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::stage::{Origin, PATIENCE, Setup, Stage, get, is_untouched, named, ok, post, stable, until};

fn booked(route: &Route) -> u64 {
    let meter = &route.stable.ready[0].meter;
    Outcome::ALL.iter().map(|outcome| meter.ended_by(*outcome)).sum()
}

#[tokio::test]
async fn whoever_has_the_address_of_one_that_has_gone_gets_no_byte() {
    let (next, other) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), Origin::start(|asked| ok(asked.text())).await);
    let route = stable(&[next.local_addr().unwrap(), other.address]).route();
    // So that the first one is tried first.
    let _busy = route.stable.ready[1].meter.begin();
    let stage = Stage::of(&route);
    route.stable.ready[0].eject();
    for request in [get("/"), post("/", "body")] {
        let answer = stage.ask(&request).await;
        assert_eq!((answer.status(), answer.text()), (200, request.split_once("\r\n\r\n").unwrap().1));
        let (mut taken, mut bytes) = (next.accept().await.unwrap().0, Vec::new());
        taken.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"");
    }
    stage.settled().await;
    assert_eq!((other.count(), booked(&route)), (2, 0));
}

#[tokio::test]
async fn a_request_for_the_only_one_that_has_gone_waits_for_another() {
    let (next, lot) = (named("next").await, Arc::<Lot>::default());
    let route = stable(&[next.address]).parking(10, PATIENCE, &lot).route();
    let mut stage = Stage::of(&route);
    route.stable.ready[0].eject();
    let mut client = stage.connect().await;
    client.send(post("/", "body")).await;
    until("it to wait", || lot.waiting() == 1).await;
    let good = Origin::start(|asked| ok(asked.text())).await;
    stage.publish(&stable(&[good.address]).parking(10, PATIENCE, &lot).route());
    assert_eq!(client.answer_to("POST").await.unwrap().text(), "body");
    stage.settled().await;
    assert_eq!((next.count(), lot.ended_by(End::Served), booked(&route)), (0, 1, 0));
}

#[tokio::test]
async fn without_a_place_to_wait_the_client_is_told() {
    let next = named("next").await;
    let route = stable(&[next.address]).route();
    let stage = Stage::of(&route);
    route.stable.ready[0].eject();
    assert_eq!(stage.ask(&get("/")).await.status(), 502);
    stage.settled().await;
    assert_eq!((next.count(), booked(&route)), (0, 0));
}

#[tokio::test]
async fn a_canary_that_has_gone_is_neither_scored_nor_heard() {
    let (next, safe, ledger) = (named("next").await, named("stable").await, Arc::<Ledger>::default());
    let hearing = Arc::new(Hearing::default());
    let route = stable(&[safe.address]).heard(&[next.address], 10_000, &ledger, &hearing).route();
    let stage = Stage::of(&route);
    route.canary.as_ref().unwrap().pool().ready[0].eject();
    assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    stage.settled().await;
    assert!(is_untouched(&ledger));
    assert_eq!((next.count(), hearing.failed.load(SeqCst)), (0, 0));
}

#[tokio::test]
async fn whoever_gets_an_address_gets_no_connection_that_was_kept_there() {
    let (first, lot) = (named("the first").await, Arc::<Lot>::default());
    let address = first.address;
    let of = |id| stable(&[]).container(id, address).parking(10, PATIENCE, &lot).route();
    let (before, after) = (of("a1"), of("b2"));
    let mut stage = Setup { workers: 1, ..Setup::default() }.of(&before);
    assert_eq!(stage.ask(&get("/")).await.text(), "the first");
    stage.settled().await;
    let second = Origin::after(first, |_| ok("the second")).await;
    // The connection that was kept still answers, and by the table of before it is its backend's.
    assert_eq!(stage.ask(&get("/")).await.text(), "the first");
    before.stable.ready[0].eject();
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    until("it to wait", || lot.waiting() == 1).await;
    stage.publish(&after);
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "the second");
    assert_eq!(stage.ask(&get("/")).await.text(), "the second");
    assert_eq!(second.count(), 2);
}

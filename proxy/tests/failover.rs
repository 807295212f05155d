//! What a failing stable backend costs the client: nothing where a second attempt is safe, else an honest answer.

use std::sync::Arc;
use std::time::Duration;

use canary_proxy::meter::Underway;
use canary_proxy::outcome::Outcome;
use canary_proxy::table::Route;

use tokio::net::TcpListener;

use crate::stage::{Act, Dead, Message, Origin, PATIENCE, Peer, SHORT, Stage, get, named, ok, post, says, stable};

/// What a backend does, how that is booked, and what the client gets if nobody makes up for it.
type Failure = (fn(&Message) -> Act, Outcome, u16);

/// The ways in which a backend fails after it has got a request.
fn failures() -> [Failure; 3] {
    [
        (|_| Act::Say(says(500, "the origin's own words")), Outcome::ServerError, 500),
        (|_| Act::Reset(Vec::new()), Outcome::Reset, 502),
        (|_| Act::Silence, Outcome::TimedOut, 504),
    ]
}

/// A backend's silence is short where it is to be noticed, and else does not matter.
fn limit(outcome: Outcome) -> Duration {
    if outcome == Outcome::TimedOut { SHORT } else { PATIENCE }
}

/// Makes the backends after the first one look busy, so that it is tried first.
fn first_is_tried_first(route: &Arc<Route>) -> Vec<Underway> {
    route.stable.ready[1..].iter().map(|backend| backend.meter.begin()).collect()
}

fn assert_says_nothing_internal(answer: &Message) {
    let whole = format!("{}{}", answer.head, answer.text());
    for word in ["127.0.0.1", "v1", "web", "pingora", "refused"] {
        assert!(!whole.to_lowercase().contains(word), "{word} in {whole}");
    }
}

#[tokio::test]
async fn a_backend_that_refuses_is_made_up_for_by_another_whatever_the_method() {
    let (dead, healthy) = (Dead::new(), Origin::start(|request| ok(request.text())).await);
    let route = stable(&[dead.address, healthy.address]).route();
    let (stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
    let body = "0123456789abcdef".repeat(4096);
    for request in [get("/"), post("/", &body), post("/", "").replace("POST", "DELETE")] {
        let answer = stage.ask(&request).await;
        let sent = request.split_once("\r\n\r\n").unwrap().1;
        assert_eq!((answer.status(), answer.text() == sent), (200, true), "{}", answer.head);
    }
    stage.settled().await;
    assert_eq!(healthy.count(), 3);
    assert_eq!(route.stable.ready[0].meter.ended_by(Outcome::ConnectFailed), 3);
    assert_eq!(route.stable.ready[1].meter.ended_by(Outcome::Success), 3);
}

#[tokio::test]
async fn a_request_that_only_reads_fails_over_once() {
    for (fails, outcome, _) in failures() {
        let (bad, good) = (Origin::start(fails).await, named("good").await);
        let route = stable(&[bad.address, good.address]).read(limit(outcome)).route();
        let (mut stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
        for (at, method) in ["GET", "HEAD", "OPTIONS"].into_iter().enumerate() {
            stage.publish(&route);
            let mut client = stage.connect().await;
            client.send(get("/").replace("GET", method)).await;
            bad.reached(at + 1).await;
            // The second attempt may take its time.
            stage.publish(&stable(&[bad.address, good.address]).route());
            assert_eq!(client.answer_to(method).await.unwrap().status(), 200, "{outcome:?} of {method}");
        }
        stage.settled().await;
        assert_eq!([bad.count(), good.count()], [3, 3]);
        assert_eq!(route.stable.ready[0].meter.ended_by(outcome), 3);
    }
}

#[tokio::test]
async fn a_body_that_was_half_sent_arrives_whole_at_the_second_backend() {
    let (listener, good) =
        (TcpListener::bind("127.0.0.1:0").await.unwrap(), Origin::start(|request| ok(request.text())).await);
    let route = stable(&[listener.local_addr().unwrap(), good.address]).route();
    let (stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
    let mut client = stage.connect().await;
    client.send("OPTIONS / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 12\r\n\r\nfirst ").await;
    let mut bad = Peer::accept(&listener).await;
    bad.head().await.unwrap();
    assert_eq!(bad.bytes(6).await, b"first ");
    bad.send(says(500, "")).await;
    crate::stage::until("the second attempt", || good.connections() == 1).await;
    client.send("second").await;
    assert_eq!(client.answer_to("OPTIONS").await.unwrap().text(), "first second");
}

#[tokio::test]
async fn a_body_too_large_to_be_kept_is_not_sent_twice() {
    let (bad, good) = (Origin::start(|_| Act::Say(says(500, "its own"))).await, named("good").await);
    let route = stable(&[bad.address, good.address]).route();
    let (stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
    let answer = stage.ask(&post("/", &"x".repeat(1_000_000)).replace("POST", "OPTIONS")).await;
    assert_eq!((answer.status(), answer.text(), good.count()), (500, "its own", 0));
}

#[tokio::test]
async fn a_request_that_may_have_acted_is_made_once() {
    for (fails, outcome, status) in failures() {
        let (bad, good) = (Origin::start(fails).await, named("good").await);
        let route = stable(&[bad.address, good.address]).read(limit(outcome)).route();
        let (stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
        let answer = stage.ask(&post("/", "once")).await;
        assert_eq!(answer.status(), status, "{outcome:?}: {}", answer.head);
        assert_eq!(answer.text() == "the origin's own words", status == 500);
        stage.settled().await;
        assert_eq!([bad.count(), good.count()], [1, 0]);
        assert_eq!(route.stable.ready[0].meter.ended_by(outcome), 1);
    }
}

#[tokio::test]
async fn a_second_failure_is_the_last_one() {
    for (fails, outcome, status) in failures() {
        let bad = [Origin::start(fails).await, Origin::start(fails).await, Origin::start(fails).await];
        let route = stable(&bad.each_ref().map(|origin| origin.address)).read(limit(outcome)).route();
        let stage = Stage::of(&route);
        let answer = stage.ask(&get("/")).await;
        assert_eq!(answer.status(), status, "{outcome:?}: {}", answer.head);
        stage.settled().await;
        assert_eq!(bad.iter().map(Origin::count).sum::<usize>(), 2);
    }
}

#[tokio::test]
async fn two_dead_backends_are_answered_for_in_our_own_words() {
    let dead = [Dead::new(), Dead::new()];
    let stage = Stage::of(&stable(&dead.each_ref().map(|dead| dead.address)).route());
    for request in [get("/"), post("/", "body")] {
        let answer = stage.ask(&request).await;
        let id = answer.field("x-request-id").unwrap();
        assert_eq!((answer.status(), answer.text()), (502, &*format!("502 Bad Gateway\nrequest {id}\n")));
        assert_says_nothing_internal(&answer);
    }
}

#[tokio::test]
async fn a_service_without_a_backend_says_when_to_come_back() {
    let stage = Stage::of(&stable(&[]).route());
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.field("retry-after")), (503, Some("5")));
    assert_says_nothing_internal(&answer);
}

#[tokio::test]
async fn a_service_that_fails_throughout_is_asked_a_fifth_more_and_a_burst() {
    let bad = [Origin::start(|_| Act::Say(says(500, ""))).await, Origin::start(|_| Act::Say(says(500, ""))).await];
    let stage = Stage::of(&stable(&bad.each_ref().map(|origin| origin.address)).route());
    let (requests, mut client) = (500, stage.connect().await);
    for _ in 0..requests {
        assert_eq!(client.ask(&get("/")).await.status(), 500);
    }
    let asked: usize = bad.iter().map(Origin::count).sum();
    let burst = usize::try_from(canary_proxy::rescue::BURST).unwrap();
    assert!((requests * 6 / 5..=requests * 6 / 5 + burst).contains(&asked), "{asked} for {requests}");
}

#[tokio::test]
async fn a_second_attempt_goes_by_the_table_of_its_own_moment() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = Arc::clone(&gate);
    let bad = Origin::start(move |_| Act::Reset(Vec::new()).after(&held)).await;
    let (old, new) = (named("old").await, named("new").await);
    let route = stable(&[bad.address, old.address]).route();
    let (mut stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    bad.reached(1).await;
    stage.publish(&stable(&[new.address]).route());
    gate.add_permits(1);
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "new");
    assert_eq!(old.count(), 0);
}

#[tokio::test]
async fn what_could_not_be_sent_costs_nobody_a_second_attempt() {
    let (dead, good) = (Dead::new(), named("good").await);
    let route = stable(&[dead.address, good.address]).route();
    let (stage, _busy) = (Stage::of(&route), first_is_tried_first(&route));
    let (requests, mut client) = (10 * canary_proxy::rescue::BURST, stage.connect().await);
    for _ in 0..requests {
        assert_eq!(client.ask(&get("/")).await.status(), 200);
    }
    stage.settled().await;
    assert_eq!(route.stable.ready[0].meter.ended_by(Outcome::ConnectFailed), requests);
}

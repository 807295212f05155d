//! A canary that fails costs its clients nothing where stable can be asked in its place, and no request is made twice
//! that must not be.

use std::collections::BTreeMap;
use std::sync::Arc;

use canary_config::service::Rescue;
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::rescue::Cause;
use canary_proxy::table::Route;
use canary_proxy::track::Track::{Canary, Stable};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::stage::{
    Act, Dead, Message, Origin, PATIENCE, Peer, SHORT, Stage, get, named, ok, post, says, scored, stable, until,
};

const FULL: u16 = 10_000;

/// A service that repeats whatever it may.
const ALL: Rescue = Rescue { idempotent_methods: true, idempotency_key: true };

/// What a canary does with a request, and why it is rescued.
type Failure = (fn(&Message) -> Act, Cause, Outcome);

fn failures() -> [Failure; 8] {
    let reset = (Cause::Reset, Outcome::Reset);
    let error = (Cause::ServerError, Outcome::ServerError);
    [
        (|_| Act::Say(says(500, "the canary's own words")), error.0, error.1),
        (|_| Act::Say(says(503, &"x".repeat(200_000))), error.0, error.1),
        (|_| Act::Close(b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf".to_vec()), error.0, error.1),
        (|_| Act::Reset(Vec::new()), reset.0, reset.1),
        (|_| Act::Close(Vec::new()), reset.0, reset.1),
        (|_| Act::Reset(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()), reset.0, reset.1),
        (|_| Act::Close(b"what is this?\r\n\r\n".to_vec()), reset.0, reset.1),
        (|_| Act::Silence, Cause::TimedOut, Outcome::TimedOut),
    ]
}

/// A service of which the canary gets everything.
fn all_to(canary: &[std::net::SocketAddr], safe: &Origin, ledger: &Arc<Ledger>) -> Arc<Route> {
    stable(&[safe.address]).canary(canary, FULL, ledger).route()
}

/// A stable backend that says back what it was sent.
async fn echo() -> Origin {
    Origin::start(|request| ok(request.text())).await
}

fn keyed(method: &str, body: &str) -> String {
    post("/", body).replacen("POST", method, 1).replacen("\r\n", "\r\nIdempotency-Key: k1\r\n", 1)
}

fn chunked(request: &str) -> String {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.lines().filter(|line| !line.starts_with("Content-Length")).collect::<Vec<_>>().join("\r\n");
    let (first, rest) = body.split_at(body.len() / 3);
    let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
    format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(first), chunk(rest))
}

#[tokio::test]
async fn no_request_that_only_reads_fails_however_the_canary_does() {
    const REQUESTS: usize = 3;
    for (fails, cause, outcome) in failures() {
        let (canary, safe, ledger) = (Origin::start(fails).await, named("stable").await, Arc::<Ledger>::default());
        let read = if cause == Cause::TimedOut { SHORT } else { PATIENCE };
        let route = stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).read(read).route();
        let stage = Stage::of(&route);
        let mut client = stage.connect().await;
        for method in ["GET", "HEAD", "OPTIONS"] {
            let answer = client.ask(&get("/").replace("GET", method)).await;
            assert_eq!((answer.status(), answer.closes()), (200, false), "{cause:?} of {method}: {}", answer.head);
        }
        stage.settled().await;
        assert_eq!((canary.count(), safe.count()), (REQUESTS, REQUESTS));
        assert_eq!((scored(&ledger, Canary), scored(&ledger, Stable)), (vec![(outcome, 3)], Vec::new()), "{cause:?}");
        assert_eq!(route.rescued.count(cause), 3);
        assert_eq!(route.canary.as_ref().unwrap().pool().ready[0].meter.ended_by(outcome), 3);
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_is_rescued_too() {
    let ask = get("/").replace("HTTP/1.1", "HTTP/1.0");
    for (fails, cause, _) in failures() {
        let (canary, safe) = (Origin::start(fails).await, named("stable").await);
        let read = if cause == Cause::TimedOut { SHORT } else { PATIENCE };
        let route = stable(&[safe.address]).canary(&[canary.address], FULL, &Arc::default()).read(read).route();
        for request in [ask.clone(), ask.replace("\r\n\r\n", "\r\nConnection: keep-alive\r\n\r\n")] {
            let answer = Stage::of(&route).ask(&request).await;
            assert_eq!((answer.status(), answer.text()), (200, "stable"), "{cause:?}: {}", answer.head);
        }
        assert_eq!((canary.count(), safe.count()), (2, 2));
    }
    let (dead, safe) = (Dead::new(), named("stable").await);
    let stage = Stage::of(&all_to(&[dead.address], &safe, &Arc::default()));
    assert_eq!(stage.ask(&ask.replace("GET", "POST")).await.status(), 200);
}

#[tokio::test]
async fn a_canary_that_cannot_be_reached_is_made_up_for_whatever_the_method() {
    let (dead, safe, ledger) = (Dead::new(), echo().await, Arc::<Ledger>::default());
    let route = all_to(&[dead.address], &safe, &ledger);
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    let large = "0123456789abcdef".repeat(16 * 1024);
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
        for body in ["", "body", &large] {
            let answer = client.ask(&post("/", body).replacen("POST", method, 1)).await;
            assert_eq!((answer.status(), answer.text() == body), (200, true), "{method}: {}", answer.head);
        }
    }
    stage.settled().await;
    assert_eq!((scored(&ledger, Canary), safe.count()), (vec![(Outcome::ConnectFailed, 15)], 15));
    assert_eq!(route.rescued.count(Cause::ConnectFailed), 15);
}

#[tokio::test]
async fn a_post_that_reached_the_canary_is_its_own_affair() {
    for (fails, cause, _) in failures() {
        let (canary, safe, ledger) = (Origin::start(fails).await, named("stable").await, Arc::<Ledger>::default());
        let read = if cause == Cause::TimedOut { SHORT } else { PATIENCE };
        let route = stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).read(read).route();
        let stage = Stage::of(&route);
        for method in ["POST", "PATCH", "PUT", "DELETE"] {
            let mut client = stage.connect().await;
            client.send(keyed(method, "once")).await;
            let head = client.head().await.unwrap();
            assert!(!head.starts_with("HTTP/1.1 2"), "{cause:?} of {method}: {head}");
        }
        stage.settled().await;
        assert_eq!((canary.count(), safe.count(), ledger.arm(Canary).failures()), (4, 0, 4));
        assert!(Cause::ALL.iter().all(|cause| route.rescued.count(*cause) == 0));
    }
}

#[tokio::test]
async fn the_canarys_own_page_goes_to_the_client_where_nobody_makes_up_for_it() {
    let canary = Origin::start(|_| Act::Say(says(503, &"sorry".repeat(40_000)))).await;
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&all_to(&[canary.address], &safe, &ledger));
    let answer = stage.ask(&post("/", "body")).await;
    assert_eq!((answer.status(), answer.text()), (503, &*"sorry".repeat(40_000)));
    // Neither is there anybody where stable has no backend.
    let alone = stable(&[]).canary(&[canary.address], FULL, &ledger).route();
    let stage = Stage::of(&alone);
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.text()), (503, &*"sorry".repeat(40_000)));
    assert!(Cause::ALL.iter().all(|cause| alone.rescued.count(*cause) == 0));
}

#[tokio::test]
async fn a_service_that_opted_in_has_its_requests_repeated_with_their_bodies() {
    for (fails, cause, _) in failures().into_iter().filter(|(_, cause, _)| *cause != Cause::TimedOut) {
        let (canary, safe, ledger) = (Origin::start(fails).await, echo().await, Arc::<Ledger>::default());
        let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).rescue(ALL).route());
        let mut client = stage.connect().await;
        for length in [10_000, 60_000] {
            let body: String = (0..length).map(|at| char::from(b'a' + u8::try_from(at * 7 % 26).unwrap())).collect();
            for request in [keyed("POST", &body), keyed("PATCH", &body), post("/", &body).replacen("POST", "PUT", 1)] {
                for request in [request.clone(), chunked(&request)] {
                    let answer = client.ask(&request).await;
                    assert_eq!((answer.status(), answer.text() == body), (200, true), "{cause:?} {}", answer.head);
                    client = stage.connect().await;
                }
            }
        }
        assert_eq!((canary.count(), safe.count()), (12, 12));
    }
}

#[tokio::test]
async fn a_body_too_large_to_be_kept_is_answered_by_the_canary() {
    let canary = Origin::start(|_| Act::Say(says(500, "its own"))).await;
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], FULL, &ledger).rescue(ALL).route());
    let answer = stage.ask(&keyed("POST", &"x".repeat(100_000))).await;
    assert_eq!((answer.status(), answer.text(), safe.count()), (500, "its own", 0));
}

#[tokio::test]
async fn a_body_that_is_still_coming_arrives_whole_at_stable() {
    let (listener, safe) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), echo().await);
    let canary = listener.local_addr().unwrap();
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary], FULL, &Arc::default()).rescue(ALL).route());
    let body = "0123456789".repeat(3_000);
    let request = keyed("POST", &body);
    let (first, rest) = request.split_at(request.len() - 20_000);
    let mut client = stage.connect().await;
    client.send(first).await;
    let mut canary = Peer::accept(&listener).await;
    canary.head().await.unwrap();
    assert_eq!(canary.bytes(10_000).await.len(), 10_000);
    canary.send(says(500, "")).await;
    until("the rescue", || safe.connections() == 1).await;
    client.send(&rest[..10_000]).await;
    client.send(&rest[10_000..]).await;
    assert_eq!(client.answer_to("POST").await.unwrap().text(), body);
}

#[tokio::test]
async fn a_post_is_executed_once_at_most() {
    const POSTS: usize = 60;
    let next = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let canary = Origin::start(move |_| {
        let (fails, _, _) = failures()[next.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % 7];
        fails(&Message { head: String::new(), body: Vec::new() })
    })
    .await;
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], FULL / 2, &ledger).route());
    for id in 0..POSTS {
        let mut client = stage.connect().await;
        client.send(post(&format!("/{id}"), "once")).await;
        assert!(client.head().await.is_some(), "{id} got no answer");
    }
    stage.settled().await;
    let mut executed = BTreeMap::new();
    for request in canary.requests().into_iter().chain(safe.requests()) {
        *executed.entry(request.first_line().to_owned()).or_insert(0) += 1;
    }
    assert_eq!((executed.len(), executed.values().max()), (POSTS, Some(&1)));
}

#[tokio::test]
async fn a_canary_that_fails_throughout_costs_no_client_an_answer() {
    const REQUESTS: usize = 400;
    let (canary, safe) = (Origin::start(|_| Act::Say(says(500, ""))).await, named("stable").await);
    let stage = Stage::of(&all_to(&[canary.address], &safe, &Arc::default()));
    let mut client = stage.connect().await;
    for _ in 0..REQUESTS {
        assert_eq!(client.ask(&get("/")).await.text(), "stable");
    }
    assert_eq!((canary.count(), safe.count()), (REQUESTS, REQUESTS));
}

#[tokio::test]
async fn a_service_whose_releases_both_fail_is_asked_a_fifth_more_than_its_rescues_and_a_burst() {
    const REQUESTS: usize = 500;
    let bad = || Origin::start(|_| Act::Say(says(500, "bad")));
    let (canary, safe) = (bad().await, [bad().await, bad().await]);
    let backends = safe.each_ref().map(|origin| origin.address);
    let route = stable(&backends).canary(&[canary.address], FULL / 4, &Arc::default()).route();
    let stage = Stage::of(&route);
    let mut client = stage.connect().await;
    for _ in 0..REQUESTS {
        assert_eq!(client.ask(&get("/")).await.status(), 500);
    }
    stage.settled().await;
    // Each was given to stable once, at first or in the canary's place; what comes on top is what was paid for.
    let asked: usize = safe.iter().map(Origin::count).sum();
    let burst = usize::try_from(canary_proxy::rescue::BURST).unwrap();
    assert!((REQUESTS * 6 / 5..=REQUESTS * 6 / 5 + burst).contains(&asked), "{asked} for {REQUESTS}");
    assert_eq!(route.rescued.count(Cause::ServerError), u64::try_from(canary.count()).unwrap());
    assert!(canary.count() > REQUESTS / 8, "{}", canary.count());
}

#[tokio::test]
async fn a_rescue_that_fails_is_followed_by_one_more_attempt_at_stable() {
    let bad = || Origin::start(|_| Act::Say(says(500, "bad")));
    let (canary, worse, good) = (bad().await, bad().await, named("good").await);
    let route = stable(&[worse.address, good.address]).canary(&[canary.address], FULL, &Arc::default()).route();
    let (stage, _busy) = (Stage::of(&route), route.stable.ready[1].meter.begin());
    assert_eq!(stage.ask(&get("/")).await.text(), "good");
    stage.settled().await;
    assert_eq!((canary.count(), worse.count(), good.count()), (1, 1, 1));
    assert_eq!(stage.entries(1).await[0]["attempts"], 3);
    // And that is the last one.
    let bad = [bad().await, bad().await, bad().await];
    let stage = Stage::of(
        &stable(&bad.each_ref().map(|origin| origin.address)).canary(&[canary.address], FULL, &Arc::default()).route(),
    );
    let answer = stage.ask(&get("/")).await;
    assert_eq!((answer.status(), answer.text()), (500, "bad"));
    assert_eq!((canary.count(), bad.iter().map(Origin::count).sum::<usize>()), (2, 2));
}

#[tokio::test]
async fn what_is_in_flight_when_the_canary_is_convicted_is_rescued_and_nothing_follows_it_there() {
    const IN_FLIGHT: usize = 60;
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let canary = Origin::start(move |_| Act::Reset(Vec::new()).after(&held)).await;
    let (safe, hearing) = (named("stable").await, Arc::<Hearing>::default());
    let shape = stable(&[safe.address]).heard(&[canary.address], FULL, &Arc::default(), &hearing);
    let stage = Stage::of(&shape.route());
    let mut clients = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let mut client = stage.connect().await;
        clients.spawn(async move { client.ask(&get("/")).await.text().to_owned() });
    }
    canary.reached(IN_FLIGHT).await;
    assert!(hearing.trip.trip());
    for _ in 0..IN_FLIGHT {
        assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    }
    gate.add_permits(IN_FLIGHT);
    assert!(clients.join_all().await.iter().all(|text| text == "stable"));
    assert_eq!((canary.count(), safe.count()), (IN_FLIGHT, IN_FLIGHT * 2));
}

#[tokio::test]
async fn a_rescue_after_weight_zero_ends_at_stable_however_that_does() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let canary = Origin::start(move |_| Act::Say(says(500, "canary")).after(&held)).await;
    let bad = Origin::start(|_| Act::Reset(Vec::new())).await;
    let ledger = Arc::default();
    let mut stage = Stage::of(&stable(&[bad.address]).canary(&[canary.address], FULL, &ledger).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    canary.reached(1).await;
    stage.publish(&stable(&[bad.address]).canary(&[canary.address], 0, &ledger).route());
    gate.add_permits(2);
    assert_eq!(client.answer_to("GET").await.unwrap().status(), 502);
    assert_eq!((canary.count(), bad.count()), (1, 1));
}

#[tokio::test]
async fn an_upgrade_is_never_repeated() {
    const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let (canary, safe) = (Origin::start(|_| Act::Say(says(500, "canary"))).await, named("stable").await);
    let stage = Stage::of(&all_to(&[canary.address], &safe, &Arc::default()));
    assert_eq!(stage.ask(UPGRADE).await.text(), "canary");
    // What is offered and not passed on is a request like any other.
    assert_eq!(stage.ask(&UPGRADE.replace("websocket", "h2c")).await.text(), "stable");
}

#[tokio::test]
async fn whoever_previews_sees_the_canarys_own_answer() {
    const SECRET: &str = "a-secret-of-32-bytes-or-more-....";
    let preview = |request: &str| request.replacen("\r\n", &format!("\r\nX-Canaryd-Preview: {SECRET}\r\n"), 1);
    let (canary, dead, safe) =
        (Origin::start(|_| Act::Say(says(500, "canary"))).await, Dead::new(), named("safe").await);
    let ledger = Arc::<Ledger>::default();
    let with = |address| {
        let shape = stable(&[safe.address]).canary(&[address], FULL, &ledger).first_byte(SHORT);
        shape.preview(&[address], SECRET, &Arc::default()).route()
    };
    let mut stage = Stage::of(&with(canary.address));
    let answer = stage.ask(&preview(&get("/"))).await;
    assert_eq!((answer.status(), answer.text()), (500, "canary"));
    stage.publish(&with(dead.address));
    assert_eq!(stage.ask(&preview(&get("/"))).await.status(), 502);
    stage.settled().await;
    assert_eq!((safe.count(), scored(&ledger, Canary)), (0, Vec::new()));
    assert_eq!(stage.ask(&get("/")).await.text(), "safe");
}

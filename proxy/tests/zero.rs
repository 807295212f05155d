//! A canary of weight zero is reached by no path at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use canary_config::cohort::Assignment;
use canary_config::weight::Weight;
use canary_proxy::cohort::{Cohort, Salt};
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::table::Canary;
use tokio::sync::Semaphore;

use crate::stage::{Act, Dead, Message, Origin, Peer, SHORT, Setup, Stage, get, named, ok, post, says, stable, until};

#[tokio::test]
async fn a_canary_of_weight_zero_cannot_be_built() {
    let route = stable(&[]).canary(&[([127, 0, 0, 1], 9).into()], 1, &Arc::default()).route();
    let pool = route.canary.as_ref().unwrap().pool().clone();
    assert!(Canary::new(pool, Weight::ZERO, Arc::default(), Arc::default()).is_none());
}

#[tokio::test]
async fn no_failure_of_stable_leads_to_the_canary() {
    let fails: [fn(&Message) -> Act; 4] = [
        |_| Act::Say(says(500, "")),
        |_| Act::Reset(Vec::new()),
        |_| Act::Close(b"HTTP/1.1 ".to_vec()),
        |_| Act::Silence,
    ];
    for fails in fails {
        let bad = [Origin::start(fails).await, Origin::start(fails).await];
        assert_never_reached(&bad.each_ref().map(|origin| origin.address)).await;
    }
    assert_never_reached(&[Dead::new(), Dead::new()].each_ref().map(|dead| dead.address)).await;
    assert_never_reached(&[]).await;
}

async fn assert_never_reached(backends: &[std::net::SocketAddr]) {
    let (canary, ledger) = (named("canary").await, Arc::<Ledger>::default());
    // The canary had everything, then nothing.
    let mut stage = Stage::of(&stable(backends).canary(&[canary.address], 10_000, &ledger).route());
    assert_eq!(stage.ask(&get("/")).await.text(), "canary");
    stage.publish(&stable(backends).canary(&[canary.address], 0, &ledger).read(SHORT).route());
    for request in [get("/"), get("/").replace("GET", "HEAD"), post("/", "body")] {
        let answer = stage.ask(&request).await;
        assert!((500..=504).contains(&answer.status()), "{}", answer.head);
        assert_eq!(answer.field("retry-after").is_some(), backends.is_empty());
    }
    assert_eq!(canary.count(), 1);
}

const SECRET: &str = "open-sesame";

/// Requests of whoever was at the canary before, by its cookie, or thinks that it knows the secret.
fn all_that_points_at_the_canary(ticket: &str) -> Vec<String> {
    let fields = [
        format!("Cookie: {ticket}"),
        format!("Cookie: a=b; {ticket}; canaryd-preview=open-sesam"),
        "X-Canaryd-Preview: open-sesame1".into(),
        format!("X-Canaryd-Preview: \r\nCookie: canaryd-preview=; {ticket}"),
    ];
    let with = |field: &String| {
        let with_field = |request: String| request.replacen("\r\n\r\n", &format!("\r\n{field}\r\n\r\n"), 1);
        [get("/"), get("/").replace("GET", "HEAD"), post("/", "body")].map(with_field)
    };
    fields.iter().flat_map(with).collect()
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
async fn no_cookie_and_no_wrong_secret_leads_to_the_canary_even_if_stable_fails() {
    let fails = || Origin::start(|_| Act::Reset(Vec::new()));
    let (bad, canary, dead) = ([fails().await, fails().await], named("canary").await, Dead::new());
    let cohort = Cohort::of(&Assignment::Cookie, 1, Salt::derive(&[9; 32], "web", 1), std::time::Instant::now());
    let hearing = Arc::new(Hearing { cohort, ..Hearing::default() });
    let ledger = Arc::<Ledger>::default();
    for safe in [&[bad[0].address, bad[1].address][..], &[dead.address], &[]] {
        let at = |bp| {
            let shape = stable(safe).heard(&[canary.address], bp, &ledger, &hearing);
            shape.preview(&[canary.address], SECRET, &hearing.trip).route()
        };
        let mut stage = Stage::of(&at(10_000));
        let before = canary.count();
        let given = stage.ask(&get("/")).await.field("set-cookie").unwrap().to_owned();
        stage.publish(&at(0));
        for request in all_that_points_at_the_canary(given.split(';').next().unwrap()) {
            assert!((500..=504).contains(&stage.ask(&request).await.status()), "{request}");
        }
        assert_eq!(canary.count(), before + 1);
        // The slot is there all the while, for whoever knows the secret.
        let request = get("/").replace("\r\n\r\n", &format!("\r\nX-Canaryd-Preview: {SECRET}\r\n\r\n"));
        assert_eq!(stage.ask(&request).await.text(), "canary");
    }
}

#[tokio::test]
async fn a_failover_that_began_before_a_rollback_does_not_end_at_the_canary() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let bad = Origin::start(move |_| Act::Reset(Vec::new()).after(&held)).await;
    let (dead, canary, ledger) = (Dead::new(), named("canary").await, Arc::<Ledger>::default());
    let route = stable(&[bad.address, dead.address]).canary(&[canary.address], 1, &ledger).route();
    let (mut stage, _busy) = (Stage::of(&route), route.stable.ready[1].meter.begin());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    until("a first attempt", || bad.count() + canary.count() > 0).await;
    stage.publish(&stable(&[]).canary(&[canary.address], 10_000, &ledger).route());
    stage.publish(&stable(&[]).canary(&[canary.address], 0, &ledger).route());
    gate.add_permits(1);
    let status = client.answer_to("GET").await.unwrap().status();
    assert_eq!(status == 200, canary.count() == 1, "one in ten thousand goes to the canary by itself");
}

#[tokio::test]
async fn a_retry_on_a_dead_kept_connection_sees_the_rollback() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (canary, safe, ledger) = (listener.local_addr().unwrap(), named("stable").await, Arc::<Ledger>::default());
    let mut stage = Setup { workers: 1, ..Setup::default() }
        .of(&stable(&[safe.address]).canary(&[canary], 10_000, &ledger).route());
    let mut client = stage.connect().await;
    client.send(get("/a")).await;
    let mut origin = Peer::accept(&listener).await;
    origin.request().await.unwrap();
    origin.send(says(200, "a")).await;
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "a");
    client.send(get("/b")).await;
    assert!(origin.request().await.unwrap().first_line().contains("/b"));
    stage.publish(&stable(&[safe.address]).canary(&[canary], 0, &ledger).route());
    origin.reset();
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "stable");
}

/// Odd while zero is in force. It is set after `publish(zero)` returned, and taken back before the next raise begins.
type Epoch = Arc<AtomicU64>;

/// Asks until told to stop. A request that began and ended in the same odd epoch counts, and must be stable's.
async fn hammer(mut client: Peer, epoch: Epoch, judged: Arc<AtomicU64>) {
    loop {
        let begun = epoch.load(SeqCst);
        if begun == u64::MAX {
            return;
        }
        let answer = client.ask(&get("/")).await;
        assert_eq!(answer.status(), 200);
        if begun % 2 == 1 && epoch.load(SeqCst) == begun {
            assert_eq!(answer.text(), "stable", "a request that began after zero was published");
            judged.fetch_add(1, SeqCst);
        }
    }
}

#[tokio::test]
async fn what_begins_after_zero_was_published_is_served_by_stable() {
    const SWAPS: u64 = 100;
    const JUDGED_PER_SWAP: u64 = 8;
    let (safe, canary, ledger) = (named("stable").await, named("canary").await, Arc::<Ledger>::default());
    let at = |bp| stable(&[safe.address]).canary(&[canary.address], bp, &ledger).route();
    let mut stage = Setup { workers: 3, ..Setup::default() }.of(&at(0));
    let (epoch, judged) = (Epoch::default(), Arc::new(AtomicU64::new(0)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..6 {
        clients.spawn(hammer(stage.connect().await, Arc::clone(&epoch), Arc::clone(&judged)));
    }
    for swap in 0..SWAPS {
        let before = canary.count();
        stage.publish(&at(5_000));
        until("the canary to be asked", || canary.count() > before).await;
        stage.publish(&at(0));
        epoch.fetch_add(1, SeqCst);
        until("requests at zero", || judged.load(SeqCst) >= (swap + 1) * JUDGED_PER_SWAP).await;
        epoch.fetch_add(1, SeqCst);
    }
    epoch.store(u64::MAX, SeqCst);
    clients.join_all().await;
    assert!(judged.load(SeqCst) >= SWAPS * JUDGED_PER_SWAP);
}

#[tokio::test]
async fn a_request_that_the_canary_has_already_is_left_to_it() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let canary = Origin::start(move |_| ok("canary").after(&held)).await;
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let mut stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], 10_000, &ledger).route());
    let mut client = stage.connect().await;
    client.send(get("/")).await;
    canary.reached(1).await;
    stage.publish(&stable(&[safe.address]).route());
    assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    gate.add_permits(1);
    assert_eq!(client.answer_to("GET").await.unwrap().text(), "canary");
}

//! Changes of weight under load: nothing fails, and no connection is closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::track::Track;

use crate::stage::{Peer, Setup, get, named, scored, stable, until};

#[derive(Default)]
struct Tally {
    done: AtomicU64,
    failed: AtomicU64,
    closed: AtomicU64,
    stop: AtomicBool,
}

async fn ask_on(mut client: Peer, tally: Arc<Tally>) {
    while !tally.stop.load(SeqCst) {
        client.send(get("/")).await;
        let Some(answer) = client.answer_to("GET").await else {
            tally.closed.fetch_add(1, SeqCst);
            return;
        };
        let is_whole = answer.status() == 200 && ["stable", "canary"].contains(&answer.text());
        tally.failed.fetch_add(u64::from(!is_whole), SeqCst);
        tally.closed.fetch_add(u64::from(answer.closes()), SeqCst);
        tally.done.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn a_thousand_changes_of_weight_fail_no_request_and_close_no_connection() {
    let (safe, canary) = (named("stable").await, named("canary").await);
    let (tally, mut ledgers) = (Arc::new(Tally::default()), Vec::new());
    let mut stage = Setup { workers: 3, ..Setup::default() }.of(&stable(&[safe.address]).route());
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..6 {
        clients.spawn(ask_on(stage.connect().await, Arc::clone(&tally)));
    }
    for change in 0..1_000_u16 {
        let ledger = Arc::<Ledger>::default();
        stage.publish(&stable(&[safe.address]).canary(&[canary.address], 1 + change * 9, &ledger).route());
        ledgers.push(ledger);
        let before = tally.done.load(SeqCst);
        until("requests between two changes", || tally.done.load(SeqCst) >= before + 3).await;
    }
    tally.stop.store(true, SeqCst);
    clients.join_all().await;
    stage.settled().await;
    assert_eq!((tally.failed.load(SeqCst), tally.closed.load(SeqCst)), (0, 0));
    assert_scored_once(&ledgers, &tally, canary.count());
}

/// But for those before the first change, when there was no canary to compare with.
fn assert_scored_once(ledgers: &[Arc<Ledger>], tally: &Tally, canary: usize) {
    let of = |track| ledgers.iter().flat_map(|ledger| scored(ledger, track)).collect::<Vec<_>>();
    let (safe, trial) = (of(Track::Stable), of(Track::Canary));
    assert!(safe.iter().chain(&trial).all(|(outcome, _)| *outcome == Outcome::Success));
    let sum = |scores: &[(Outcome, u64)]| scores.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(sum(&trial), u64::try_from(canary).unwrap());
    let (scores, done) = (sum(&safe) + sum(&trial), tally.done.load(SeqCst));
    assert!(scores <= done && done - scores <= 1_000, "{scores} scores for {done} requests");
    assert!(done >= 3_000, "{done}");
}

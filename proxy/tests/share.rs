//! The share is exact: every pick is the one that its draw says.

use std::sync::Arc;

use canary_config::weight::Weight;
use canary_proxy::connection::ConnectionLoop;
use canary_proxy::dice;
use canary_proxy::ledger::Ledger;
use canary_proxy::table::{Asker, Route};
use canary_proxy::track::Track;
use pingora::protocols::l4::stream::Stream;
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::TcpListener;

use crate::stage::{Peer, Stage, get, is_untouched, limits, named, scored, stable};

const SEED: u64 = 0x5eed;
const WEIGHTS: [u16; 3] = [1_000, 2_500, 5_000];

fn drawn(rng: &mut SmallRng, bp: u16) -> Track {
    if rng.random_range(0..Weight::FULL.bp()) < bp { Track::Canary } else { Track::Stable }
}

fn route(safe: &[u16], canary: &[u16], bp: u16, ledger: &Arc<Ledger>) -> Arc<Route> {
    let at = |ports: &[u16]| ports.iter().map(|port| ([127, 0, 0, 1], *port).into()).collect::<Vec<_>>();
    stable(&at(safe)).canary(&at(canary), bp, ledger).route()
}

#[test]
fn every_pick_is_the_one_that_was_drawn() {
    for bp in WEIGHTS {
        let route = route(&[1], &[2], bp, &Arc::default());
        let (mut rng, mut same) = (SmallRng::seed_from_u64(SEED), SmallRng::seed_from_u64(SEED));
        let (requests, mut canary) = (100_000_u64, 0);
        for request in 0..requests {
            let pick = route.pick(&Asker::default(), &mut rng).unwrap();
            assert_eq!(pick.track, drawn(&mut same, bp), "request {request} at {bp} bp, seed {SEED}");
            canary += u64::from(pick.track == Track::Canary);
        }
        assert_eq!(route.canary.as_ref().unwrap().pool().meter.picks(), canary);
        assert_eq!(route.stable.meter.picks(), requests - canary);
        // Five standard deviations at most: the seed decides which side of the line it is, once and for all.
        let expected = requests * u64::from(bp) / 10_000;
        assert!(canary.abs_diff(expected) < 800, "{canary} of {requests} at {bp} bp");
    }
}

#[test]
fn a_share_of_all_and_of_nothing_leaves_nothing_to_chance() {
    let mut rng = SmallRng::seed_from_u64(SEED);
    for (bp, track) in [(0, Track::Stable), (10_000, Track::Canary)] {
        let route = route(&[1], &[2], bp, &Arc::default());
        assert!((0..10_000).all(|_| route.pick(&Asker::default(), &mut rng).unwrap().track == track));
    }
}

#[test]
fn a_draw_that_is_not_free_is_scored_in_neither_arm() {
    let (ledger, mut rng) = (Arc::default(), SmallRng::seed_from_u64(SEED));
    for (safe, canary, track) in [(&[][..], &[2][..], Track::Canary), (&[1], &[], Track::Stable)] {
        let route = route(safe, canary, 5_000, &ledger);
        for _ in 0..1_000 {
            let pick = route.pick(&Asker::default(), &mut rng).unwrap();
            assert_eq!((pick.track, !pick.is_scored()), (track, true));
        }
    }
    assert!(route(&[], &[], 5_000, &ledger).pick(&Asker::default(), &mut rng).is_none());
}

#[tokio::test]
async fn a_share_without_a_ready_canary_scores_nobody() {
    let (safe, ledger) = (named("stable").await, Arc::<Ledger>::default());
    let stage = Stage::of(&stable(&[safe.address]).canary(&[], 5_000, &ledger).route());
    for _ in 0..20 {
        assert_eq!(stage.ask(&get("/")).await.text(), "stable");
    }
    stage.settled().await;
    assert!(is_untouched(&ledger));
}

/// Serves one connection on this very thread, so that its dice can be seeded.
async fn connect_on_this_thread(stage: &Stage) -> Peer {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Peer::connect(listener.local_addr().unwrap()).await;
    let accepted = listener.accept().await.unwrap().0;
    let proxy = http_proxy(&Arc::new(ServerConf::default()), stage.edge.clone());
    let connections = ConnectionLoop::new(proxy, &limits(), stage.drain.draining());
    tokio::spawn(async move { connections.serve(Box::new(Stream::from(accepted))).await });
    client
}

#[tokio::test]
async fn every_request_goes_where_its_draw_says() {
    const REQUESTS: u64 = 1_000;
    let (safe, canary) = (named("stable").await, named("canary").await);
    for bp in WEIGHTS {
        let ledger = Arc::<Ledger>::default();
        let stage = Stage::of(&stable(&[safe.address]).canary(&[canary.address], bp, &ledger).route());
        let mut client = connect_on_this_thread(&stage).await;
        let (mut same, mut to_canary) = (SmallRng::seed_from_u64(SEED), 0);
        dice::seed(SEED);
        for request in 0..REQUESTS {
            // The first draw of a request is its id.
            let _: u128 = same.random();
            let expected = drawn(&mut same, bp);
            assert_eq!(client.ask(&get("/")).await.text(), expected.label(), "request {request}, seed {SEED}");
            to_canary += u64::from(expected == Track::Canary);
        }
        stage.settled().await;
        let sum = |track| scored(&ledger, track).iter().map(|(_, count)| count).sum::<u64>();
        assert_eq!([sum(Track::Canary), sum(Track::Stable)], [to_canary, REQUESTS - to_canary]);
    }
}

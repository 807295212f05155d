//! Random orders to two services at once, alone and together, on a store that hangs now and then: every order is
//! answered, what moves together stays together, and what was acknowledged is there after a crash.

use std::time::Duration;

use canary_config::plan::OnBusy;
use canary_controller::api::{Done, ServiceStatus};
use canary_controller::engine::{FreezeWord, Order, StartOrder};
use canary_controller::rollout::{Again, Stop, Stride};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::support::Stand;

/// So many orders each of four clients gives between two restarts.
const ORDERS: usize = 40;

/// Restarts of one storm.
const RESTARTS: u64 = 4;

fn order(rng: &mut StdRng) -> Order {
    match rng.random_range(0..12) {
        0..=3 => {
            let release = |rng: &mut StdRng| format!("v{}", rng.random_range(1..=3)).parse().unwrap();
            let peers = if rng.random_range(0..2) == 0 { Some(("api".parse().unwrap(), release(rng))) } else { None };
            let again = if rng.random_range(0..2) == 0 { Again::Refuse } else { Again::Force };
            let on_busy = OnBusy::ALL.get(rng.random_range(0..4)).copied();
            Order::Start(StartOrder {
                release: release(rng),
                peers: peers.into_iter().collect(),
                again,
                on_busy,
                strategy: None,
            })
        }
        4 => Order::Retry,
        5..=6 => Order::Promote(Stride::Next),
        7 => Order::Promote(Stride::Full),
        8 => Order::Pause,
        9 => Order::Resume,
        10 => Order::Abort,
        _ => Order::Undo,
    }
}

async fn give_orders(stand: &Stand, seed: u64) -> Vec<Done> {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut done = Vec::new();
    for _ in 0..ORDERS {
        let service = if rng.random_range(0..2) == 0 { "web" } else { "api" };
        done.extend(stand.order(service, order(rng)).await.into_iter().filter(|done| done.durable));
        if rng.random_range(0..20) == 0 {
            // Too many wait now and then, and what is over needs no lifting: both may be refused.
            let _ = stand.freeze(Some(service), FreezeWord::Freeze(Some(Duration::from_millis(5)))).await;
            let _ = stand.freeze(None, FreezeWord::Unfreeze).await;
        }
    }
    done
}

/// Makes trouble for the store now and then, for as long as nobody says that it is enough.
async fn trouble(stand: &Stand, seed: u64) {
    let rng = &mut StdRng::seed_from_u64(seed);
    for _ in 0..10_000 {
        if rng.random_range(0..3) == 0 {
            stand.shelf.hang();
        } else {
            stand.shelf.take();
        }
        // The engine goes on meanwhile: each answer is a turn of it.
        for _ in 0..20 {
            assert_together(&stand.overview().await.services);
        }
    }
}

/// What moves together is at the same place.
fn assert_together(services: &[ServiceStatus]) {
    let [api, web] = services else { panic!("two services") };
    assert_eq!(api.peers.is_empty(), web.peers.is_empty(), "{services:?}");
    if !api.peers.is_empty() {
        assert_eq!((api.phase, api.weight, &api.step), (web.phase, web.weight, &web.step), "{services:?}");
    }
}

async fn storm(seed: u64) {
    let mut stand = Stand::with_plan(|_| {}).await;
    let mut acknowledged = 0;
    for restart in 0..RESTARTS {
        let seed = seed * 1_000 + restart * 10;
        let clients = async {
            let give = |client| give_orders(&stand, seed + client);
            let (one, two, three, four) = tokio::join!(give(1), give(2), give(3), give(4));
            [one, two, three, four].concat()
        };
        let done = tokio::select! {
            done = clients => done,
            () = trouble(&stand, seed + 9) => panic!("the clients take too long"),
        };
        stand.shelf.take();
        let entries: Vec<_> = stand.shelf.records().into_iter().flat_map(|record| record.entries).collect();
        for done in &done {
            let is_kept = entries.iter().any(|entry| {
                entry.service.as_ref() == Some(&done.service) && entry.transition.as_ref() == Some(&done.transition)
            });
            assert!(is_kept, "seed {seed}: {done:?} was acknowledged and is not stored");
        }
        acknowledged += done.len();
        stand = stand.restart(if restart % 2 == 0 { Stop::Unclean } else { Stop::Orderly }).await;
        assert_together(&stand.overview().await.services);
    }
    assert!(acknowledged > 20, "seed {seed} has shown little: {acknowledged}");
}

#[tokio::test]
async fn a_storm_of_orders_loses_none_and_tears_nothing_apart() {
    for seed in 1..=15 {
        storm(seed).await;
    }
}

//! Eight clients give random orders at once, and what canaryd remembers is held against what it has told them.

mod checker;
mod client;
mod order;
mod said;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use canary_controller::api::{History, HistoryEntry};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::client::Clerk;
use self::said::Log;
use crate::support::{Api, Canaryd, Site};

const CLIENTS: u64 = 8;

/// So many orders does each client give.
const ORDERS: usize = 40;

/// The services that they are about.
const SERVICES: [&str; 3] = ["api", "shop", "web"];

/// A plan that goes on by itself only where time alone decides.
const PLAN: &str = r#"
steps = [10, 25, 100]
min_duration = "10m"
max_duration = "15m"
probation = "10m"
drain_timeout = "200ms"
"#;

const ROLLING: &str = r#"
strategy = "rolling"
min_duration = "20ms"
probation = "50ms"
drain_timeout = "200ms"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_orders_loses_nothing_that_was_acknowledged() {
    for seed in 1..=3 {
        let storm = Storm::over(seed, Kills::None).await;
        storm.assert_kept();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_with_kills_in_it_does_not_either() {
    for seed in 11..=13 {
        let storm = Storm::over(seed, Kills::Some).await;
        storm.assert_kept();
    }
}

/// Whether canaryd is killed and started again while the clients go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kills {
    None,
    Some,
}

/// What is left of a storm that is over.
struct Storm {
    seed: u64,
    kills: Kills,
    log: Log,
    history: Vec<HistoryEntry>,
}

// === impl Storm ===

impl Storm {
    async fn over(seed: u64, kills: Kills) -> Self {
        let site = Site::new(PLAN).await;
        let services = [("api", PLAN), ("shop", ROLLING), ("web", PLAN)];
        let services = services.map(|(name, plan)| site.service(name, &format!("PathPrefix(`/{name}`)"), plan));
        site.write(&format!("{}{}", site.daemon(), services.concat()));
        let canaryd = Canaryd::start(&site).await;
        let (log, calm) = (Arc::<Mutex<Log>>::default(), Arc::new(AtomicBool::new(false)));
        let (up, is_up) = watch::channel(true);
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let rng = StdRng::seed_from_u64(seed * CLIENTS + client);
            clients.spawn(Clerk::new(client, canaryd.api.clone(), rng, Arc::clone(&log), is_up.clone()).give(ORDERS));
        }
        let mut rng = StdRng::seed_from_u64(seed);
        let weather = rage(canaryd, &site, &mut rng, kills, (&calm, &up));
        let (canaryd, ()) = tokio::join!(weather, async {
            while let Some(ended) = clients.join_next().await {
                ended.expect("no client panics");
            }
            calm.store(true, Ordering::Relaxed);
        });
        let history = everything(&canaryd.api).await;
        let log = std::mem::take(&mut *log.lock().expect("no client panics"));
        Self { seed, kills, log, history }
    }

    fn assert_kept(&self) {
        let violations = checker::violations(&self.log, &self.history);
        let Self { seed, kills, log, history } = self;
        assert!(
            violations.is_empty(),
            "seed {seed}, kills {kills:?}: {violations:#?}\nsaid: {log:#?}\nkept: {history:#?}"
        );
        let (done, refused) = (log.acknowledged().count(), log.refused().count());
        assert!(done > 40 && refused > 20, "seed {seed} has shown little: {done} done, {refused} refused");
    }
}

/// Kills canaryd now and then, until it is calm.
async fn rage(
    mut canaryd: Canaryd,
    site: &Site,
    rng: &mut StdRng,
    kills: Kills,
    (calm, up): (&AtomicBool, &watch::Sender<bool>),
) -> Canaryd {
    while !calm.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(rng.random_range(50..400))).await;
        if kills == Kills::Some && !calm.load(Ordering::Relaxed) {
            up.send_replace(false);
            canaryd.kill9();
            canaryd = Canaryd::up(site).await;
            up.send_replace(true);
        }
    }
    canaryd
}

/// The whole history, the oldest first.
async fn everything(api: &Api) -> Vec<HistoryEntry> {
    let history: History = api.get("/v1/history?limit=1000").await.good();
    assert!(history.entries.len() < 1000, "the history is longer than one look");
    history.entries.into_iter().rev().collect()
}

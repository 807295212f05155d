//! What the tests of the daemon share: origins, a real canaryd, its control socket, and clients.
//!
//! Nothing here sleeps for luck. Every wait is on a condition, looked at again and again until its deadline; when that
//! passes, the test fails with what was seen last.

#![expect(clippy::panic, reason = "what the tests share fails as they do")]

mod answer;
mod api;
mod authority;
mod canaryd;
mod client;
mod compose;
mod dockerd;
mod door;
mod doorman;
mod events;
mod fake_engine;
mod inside;
mod load;
mod manner;
mod origin;
mod page;
mod registry;
mod relay;
mod shelf;
mod site;
mod stand;
mod steady;
mod tally;

use std::collections::BTreeMap;
use std::time::Duration;

use canary_config::name::ReleaseId;
use canary_config::origin::Release;
use canary_config::service::Service;
use tokio::time::{MissedTickBehavior, interval, timeout};

pub(crate) use self::answer::Answer;
pub(crate) use self::api::Api;
pub(crate) use self::authority::{Authority, Identity};
pub(crate) use self::canaryd::Canaryd;
pub(crate) use self::client::{Broken, Client};
pub(crate) use self::compose::{Compose, Project};
pub(crate) use self::dockerd::{Dockerd, HEALTHCHECK, with_engine, with_own_engine};
pub(crate) use self::door::Door;
pub(crate) use self::doorman::Doorman;
pub(crate) use self::events::Events;
pub(crate) use self::fake_engine::{FakeContainer, FakeEngine};
pub(crate) use self::inside::Inside;
pub(crate) use self::load::Load;
pub(crate) use self::manner::Manner;
pub(crate) use self::origin::Origin;
pub(crate) use self::page::Page;
pub(crate) use self::registry::Registry;
pub(crate) use self::relay::Relay;
pub(crate) use self::shelf::Shelf;
pub(crate) use self::site::{QUICK, SLOW, Site, free_address};
pub(crate) use self::stand::{Stand, forced, start, together};
pub(crate) use self::steady::{End, Ends, Steady};
pub(crate) use self::tally::Tally;

/// After so long a condition will not come true any more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// The releases of a service that the file declares.
pub(crate) fn releases(service: &mut Service) -> &mut BTreeMap<ReleaseId, Release> {
    match &mut service.origin {
        canary_config::origin::Origin::Declared(declared) => &mut declared.releases,
        canary_config::origin::Origin::Discovered(_) => panic!("no release is declared"),
    }
}

/// Looks until there is something to see. What was seen instead is told when patience ends.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let mut seen = String::from("nothing");
    let looking = async {
        let mut pause = interval(LOOK_INTERVAL);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pause.tick().await;
            match look().await {
                Ok(found) => return found,
                Err(instead) => seen = instead,
            }
        }
    };
    let found = timeout(PATIENCE, looking).await;
    found.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}; seen last: {seen}"))
}

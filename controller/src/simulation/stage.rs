//! The real table of a service that nobody serves: one backend for each release, and the canary's share.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use canary_config::rule::Rule;
use canary_config::weight::Weight;
use canary_proxy::hearing::Hearing;
use canary_proxy::histogram::EDGES_US;
use canary_proxy::pool::{Backend, BackendId, Pool};
use canary_proxy::slow_start::SlowStart;
use canary_proxy::table::{Canary, Route};

use crate::analysis::Arms;

static EDGES: LazyLock<Vec<Duration>> =
    LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

/// The bounds of the buckets that the judge is given: the real ones.
pub(super) fn edges() -> &'static [Duration] {
    &EDGES
}

/// The parts of a route that no run changes.
#[derive(Debug)]
pub(super) struct Stage {
    rule: Rule,
    pools: Arms<Pool>,
}

// === impl Stage ===

impl Stage {
    pub(super) fn new() -> Self {
        let rule = Rule::parse("PathPrefix(`/`)").expect("the simplest rule");
        Self { rule, pools: Arms { canary: pool("canary", 2), stable: pool("stable", 1) } }
    }

    /// What a new try is judged by.
    pub(super) fn hearing() -> Arc<Hearing> {
        Arc::new(Hearing { slow_start: Arc::new(SlowStart::new()), ..Hearing::default() })
    }

    /// The route in which the canary has this share; at zero it is not there.
    pub(super) fn route(&self, weight: Weight, hearing: &Arc<Hearing>) -> Arc<Route> {
        let service = "simulated".parse().expect("a good name");
        Arc::new(Route {
            canary: Canary::new(self.pools.canary.clone(), weight, Arc::default(), Arc::clone(hearing)),
            ..Route::new(service, self.rule.clone(), self.pools.stable.clone())
        })
    }
}

fn pool(release: &str, host: u8) -> Pool {
    let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 1));
    let backend = Backend::new(BackendId::configured(address), address);
    Pool { release: super::release(release), ready: vec![Arc::new(backend)], meter: Arc::default() }
}

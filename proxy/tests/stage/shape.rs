//! Routes, in the few words that a test needs for them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use canary_config::rule::{Priority, Rule};
use canary_config::secret::Secret;
use canary_config::service::{Parking, Rescue, Timeouts};
use canary_config::weight::Weight;
use canary_proxy::hearing::Hearing;
use canary_proxy::ledger::Ledger;
use canary_proxy::park::Lot;
use canary_proxy::pool::{Backend, BackendId, Pool};
use canary_proxy::preview::Preview;
use canary_proxy::table::{Canary, Patience, Route};
use canary_proxy::trip::Trip;

use super::PATIENCE;

pub(crate) struct Shape(Route);

/// Requests that find nobody are answered at once.
const NEVER: Parking = Parking { timeout: PATIENCE, requests: 0 };

/// A route of the service `web` on host `a.test`, with release `v1` as stable. It parks no request.
pub(crate) fn stable(backends: &[SocketAddr]) -> Shape {
    Shape(Route {
        priority: Priority::LOWEST,
        parking: NEVER,
        timeouts: Timeouts { connect: PATIENCE * 2, read: PATIENCE * 2, keep_alive: PATIENCE * 2 },
        ..Route::new("web".parse().unwrap(), Rule::parse("Host(`a.test`)").unwrap(), pool("v1", backends))
    })
}

impl Shape {
    /// With a container as its only stable backend.
    pub(crate) fn container(mut self, id: &str, address: SocketAddr) -> Self {
        self.0.stable.ready = vec![Arc::new(Backend::new(BackendId::container(id), address))];
        self
    }

    /// With release `v2` on trial.
    pub(crate) fn canary(self, backends: &[SocketAddr], bp: u16, ledger: &Arc<Ledger>) -> Self {
        self.heard(backends, bp, ledger, &Arc::default())
    }

    /// With release `v2` on trial in this hearing.
    pub(crate) fn heard(
        mut self,
        backends: &[SocketAddr],
        bp: u16,
        ledger: &Arc<Ledger>,
        hearing: &Arc<Hearing>,
    ) -> Self {
        let weight = Weight::from_bp(bp).unwrap();
        self.0.canary = Canary::new(pool("v2", backends), weight, Arc::clone(ledger), Arc::clone(hearing));
        self
    }

    /// With release `v2` for whoever knows the secret.
    pub(crate) fn preview(mut self, backends: &[SocketAddr], secret: &str, trip: &Arc<Trip>) -> Self {
        self.0.preview = Some(Preview::new(pool("v2", backends), Secret::new(secret), Arc::clone(trip)));
        self
    }

    /// With a canary that is waited for so long.
    pub(crate) fn patience(mut self, patience: Patience) -> Self {
        self.0.canary = self.0.canary.map(|canary| canary.with_patience(patience));
        self
    }

    /// With a canary whose answer must begin within this.
    pub(crate) fn first_byte(self, limit: Duration) -> Self {
        self.patience(Patience { first_byte: Some(limit), remarkable: None })
    }

    /// With these requests repeated, too.
    pub(crate) fn rescue(mut self, rescue: Rescue) -> Self {
        self.0.rescue = rescue;
        self
    }

    /// With so many places for requests that find nobody, for so long, in this lot.
    pub(crate) fn parking(mut self, requests: usize, timeout: Duration, lot: &Arc<Lot>) -> Self {
        (self.0.parking, self.0.lot) = (Parking { timeout, requests }, Arc::clone(lot));
        self
    }

    /// With nobody picked, by an operator's word.
    pub(crate) fn parked(mut self) -> Self {
        self.0.is_parked = true;
        self
    }

    /// Without it canaryd is not healthy.
    pub(crate) fn critical(mut self) -> Self {
        self.0.critical = true;
        self
    }

    /// With this rule.
    pub(crate) fn rule(mut self, rule: &str) -> Self {
        self.0.rule = Rule::parse(rule).unwrap();
        self
    }

    /// With this limit on a backend's silence.
    pub(crate) fn read(mut self, limit: Duration) -> Self {
        self.0.timeouts.read = limit;
        self
    }

    pub(crate) fn route(self) -> Arc<Route> {
        Arc::new(self.0)
    }
}

fn pool(release: &str, backends: &[SocketAddr]) -> Pool {
    let backend = |address: &SocketAddr| Backend::new(BackendId::configured(*address), *address);
    Pool {
        release: release.parse().unwrap(),
        ready: backends.iter().map(|address| Arc::new(backend(address))).collect(),
        meter: Arc::default(),
    }
}

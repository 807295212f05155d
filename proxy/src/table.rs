//! The immutable whole that a request chooses from. Pure: chance comes in as `rng`.
//!
//! The controller publishes a new table for every change; see [`crate::routes`]. Zero is zero: a canary of weight zero
//! cannot be built, so no path through a table can reach one.

mod index;
#[cfg(test)]
mod tests;
mod why;

use std::sync::Arc;

use canary_config::name::ServiceName;
use canary_config::rule::{Priority, Rule};
use canary_config::service::Timeouts;
use canary_config::weight::Weight;
use rand::{Rng, RngExt as _};

use crate::ledger::Ledger;
use crate::meter::Answers;
use crate::pool::{Backend, BackendId, Pool};
use crate::rescue::Budget;
use crate::rules::{self, Asked};
use crate::table::index::Index;
use crate::track::Track;

pub use self::why::{Considered, PASSED_OVER_MAX, Why};

/// Every route, the one with the highest priority first.
#[derive(Clone, Debug)]
pub struct RoutingTable {
    routes: Vec<Arc<Route>>,
    index: Arc<Index>,
    is_healthy: bool,
}

/// One service's part of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// Whose route this is.
    pub service: ServiceName,
    /// Which requests take it.
    pub rule: Rule,
    /// Which route a request takes that matches several rules.
    pub priority: Priority,
    /// How long each part of a request may take.
    pub timeouts: Timeouts,
    /// What serves unless the draw says otherwise.
    pub stable: Pool,
    /// The release on trial, while it has a share.
    pub canary: Option<Canary>,
    /// What canaryd answered itself, on this route.
    pub own_answers: Arc<Answers>,
    /// How many second attempts this service can afford.
    pub budget: Arc<Budget>,
    /// Whether canaryd is healthy only while this service has a ready backend.
    pub critical: bool,
}

/// A release with a share above zero.
#[derive(Clone, Debug)]
pub struct Canary {
    pool: Pool,
    weight: Weight,
    ledger: Arc<Ledger>,
}

/// The choice made for one request.
#[derive(Clone, Debug)]
pub struct Pick {
    /// The route it was made on.
    pub route: Arc<Route>,
    /// The role of the pool that got the request.
    pub track: Track,
    /// The backend to try.
    pub backend: Arc<Backend>,
    /// Where the first attempt is scored; nowhere, if the draw was not free.
    pub ledger: Option<Arc<Ledger>>,
}

// === impl RoutingTable ===

impl Default for RoutingTable {
    /// No service at all: nothing that is critical is missing.
    fn default() -> Self {
        Self { routes: Vec::new(), index: Arc::default(), is_healthy: true }
    }
}

impl RoutingTable {
    /// A table of these routes. Of two routes of equal priority the one of the service that comes first by name wins.
    #[must_use]
    pub fn new(routes: Vec<Arc<Route>>) -> Self {
        Self::default().replaced_by(routes)
    }

    /// A table of these routes in place of this one. Where the rules are the same, what was made of them stays.
    #[must_use]
    pub fn replaced_by(&self, mut routes: Vec<Arc<Route>>) -> Self {
        routes.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.service.cmp(&b.service)));
        let is_same = rules_of(&routes).map(Rule::text).eq(rules_of(&self.routes).map(Rule::text));
        let index =
            if is_same { Arc::clone(&self.index) } else { Arc::new(Index::of(rules_of(&routes).map(Rule::matcher))) };
        let is_healthy = routes.iter().all(|route| !route.critical || route.has_backend());
        Self { routes, index, is_healthy }
    }

    /// Whether every critical service has a ready backend.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.is_healthy
    }

    /// The route of a request: of those whose rule matches, the one of the highest priority.
    #[must_use]
    pub fn route(&self, asked: &Asked<'_>) -> Option<&Arc<Route>> {
        self.rank(asked).map(|rank| &self.routes[rank])
    }

    fn rank(&self, asked: &Asked<'_>) -> Option<usize> {
        self.index.first(asked, |rank| rules::matches(self.routes[rank].rule.matcher(), asked))
    }
}

// === impl Route ===

impl Route {
    /// Chooses for one request, or finds that nobody can serve it.
    ///
    /// Whether the canary may take the request at all is decided before the draw. If it may not, the request is
    /// scored in neither arm, whichever way it would have fallen: anything else biases the comparison.
    #[must_use]
    pub fn pick(self: &Arc<Self>, rng: &mut impl Rng) -> Option<Pick> {
        let free = self.canary.as_ref().filter(|canary| !canary.pool.ready.is_empty());
        match free {
            None => self.choose(Track::Stable, None, rng),
            // With every request there is nothing to compare, so nothing to bias.
            Some(canary) if canary.weight == Weight::FULL => self.choose(Track::Canary, Some(&canary.ledger), rng),
            Some(_) if self.stable.ready.is_empty() => self.choose(Track::Canary, None, rng),
            Some(canary) => {
                let drawn = rng.random_range(0..Weight::FULL.bp()) < canary.weight.bp();
                let track = if drawn { Track::Canary } else { Track::Stable };
                self.choose(track, Some(&canary.ledger), rng)
            }
        }
    }

    /// Another stable backend for a request that failed at this one. It is scored nowhere: the first attempt was.
    #[must_use]
    pub fn fail_over(self: &Arc<Self>, failed: &BackendId) -> Option<Pick> {
        let backend = Arc::clone(self.stable.other_than(failed)?);
        Some(Pick { route: Arc::clone(self), track: Track::Stable, backend, ledger: None })
    }

    /// The same backend once more, where this table still has it in that role; else a stable one, scored nowhere.
    #[must_use]
    pub fn again(self: &Arc<Self>, pick: Pick) -> Option<Pick> {
        let is_same = |backend: &Arc<Backend>| backend.id == pick.backend.id;
        if self.pool(pick.track).is_some_and(|pool| pool.ready.iter().any(is_same)) {
            return Some(pick);
        }
        self.fail_over(&pick.backend.id)
    }

    fn has_backend(&self) -> bool {
        let canary = self.canary.as_ref().map(Canary::pool);
        [Some(&self.stable), canary].into_iter().flatten().any(|pool| !pool.ready.is_empty())
    }

    fn choose(self: &Arc<Self>, track: Track, ledger: Option<&Arc<Ledger>>, rng: &mut impl Rng) -> Option<Pick> {
        let pool = self.pool(track)?;
        let backend = Arc::clone(pool.choose(rng)?);
        pool.meter.picked();
        Some(Pick { route: Arc::clone(self), track, backend, ledger: ledger.map(Arc::clone) })
    }

    /// The pool that plays this role, if there is one.
    #[must_use]
    pub fn pool(&self, track: Track) -> Option<&Pool> {
        match track {
            Track::Stable => Some(&self.stable),
            Track::Canary => self.canary.as_ref().map(Canary::pool),
        }
    }
}

// === impl Canary ===

impl Canary {
    /// A canary with a share; none, if the weight is zero.
    #[must_use]
    pub fn new(pool: Pool, weight: Weight, ledger: Arc<Ledger>) -> Option<Self> {
        (weight > Weight::ZERO).then_some(Self { pool, weight, ledger })
    }

    /// The release on trial.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Its share, above zero.
    #[must_use]
    pub fn weight(&self) -> Weight {
        self.weight
    }

    /// Where both arms are scored.
    #[must_use]
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }
}

// === impl Pick ===

impl Pick {
    /// The pool that the backend belongs to.
    ///
    /// # Panics
    /// Never: a route does not change, so a pool that was picked from it is still in it.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        self.route.pool(self.track).expect("a pick is made from a pool of its own route")
    }
}

/// The rules of these routes, by rank.
fn rules_of(routes: &[Arc<Route>]) -> impl Iterator<Item = &Rule> {
    routes.iter().map(|route| &route.rule)
}

//! The immutable whole that a request chooses from. Pure: chance comes in as `rng`.
//!
//! The controller publishes a new table for every change; see [`crate::routes`]. Zero is zero: a canary of weight zero
//! cannot be built, so no path through a table can reach one.

mod again;
mod index;
mod pick;
#[cfg(test)]
mod tests;
mod why;

use std::sync::Arc;
use std::time::Duration;

use canary_config::name::ServiceName;
use canary_config::rule::{Priority, Rule};
use canary_config::service::{Parking, Rescue, Timeouts};
use canary_config::weight::Weight;
use rand::Rng;

use crate::cohort::{self, Cohort, CohortKey};
use crate::hearing::Hearing;
use crate::ledger::Ledger;
use crate::meter::Answers;
use crate::park::Lot;
use crate::pool::{Backend, Pool};
use crate::preview::Preview;
use crate::rescue::{Budget, Rescued};
use crate::rules::{self, Asked};
use crate::scoring::{Part, Scoring};
use crate::table::index::Index;
use crate::track::Track;

pub use self::pick::Pick;
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
    /// The release on trial for whoever knows the secret, whatever its share.
    pub preview: Option<Preview>,
    /// What canaryd answered itself, on this route.
    pub own_answers: Arc<Answers>,
    /// How many second attempts this service can afford.
    pub budget: Arc<Budget>,
    /// Which requests may be sent twice.
    pub rescue: Rescue,
    /// What was made up for.
    pub rescued: Arc<Rescued>,
    /// How requests wait while nobody can serve them.
    pub parking: Parking,
    /// Where they wait.
    pub lot: Arc<Lot>,
    /// Whether they wait though there are ready backends, by an operator's word. Previews pass.
    pub is_parked: bool,
    /// Whether canaryd is healthy only while this service has a ready backend.
    pub critical: bool,
}

/// A release with a share above zero.
#[derive(Clone, Debug)]
pub struct Canary {
    pool: Pool,
    weight: Weight,
    ledger: Arc<Ledger>,
    hearing: Arc<Hearing>,
    patience: Patience,
}

/// How long a canary is waited for. Both follow what is known of stable when the table is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Patience {
    /// After so long without a first byte, a request that can be repeated is taken from the canary. Never, if nothing
    /// is said.
    pub first_byte: Option<Duration>,
    /// A success that took longer is one that people will want to see.
    pub remarkable: Option<Duration>,
}

/// Who asks, as far as the choice depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asker {
    /// What the draw goes by, where it does not go by chance. A request that should have a key and has none stays with
    /// stable.
    pub key: Option<CohortKey>,
    /// Whether that key is only given to it with this answer. Who never keeps it would be a new client each time, so that
    /// it is compared from the next request on.
    pub is_new: bool,
    /// Whether it knows the preview's secret.
    pub previews: bool,
    /// Whether its connection may become a tunnel. One lives as long as its ends like and says nothing about how
    /// requests are answered: it is scored nowhere, and takes no place that a canary has to show itself.
    pub upgrades: bool,
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
    /// A route to a stable release, with what holds for a service that declares nothing else.
    #[must_use]
    pub fn new(service: ServiceName, rule: Rule, stable: Pool) -> Self {
        Self {
            service,
            priority: Priority::of(&rule),
            rule,
            timeouts: Timeouts::default(),
            stable,
            canary: None,
            preview: None,
            own_answers: Arc::default(),
            budget: Arc::default(),
            rescue: Rescue::default(),
            rescued: Arc::default(),
            parking: Parking::default(),
            lot: Arc::default(),
            is_parked: false,
            critical: false,
        }
    }

    /// Chooses for one request, or finds that nobody can serve it.
    ///
    /// Whether the canary may take the request at all is decided before the draw. If it may not, the request is
    /// scored in neither arm, whichever way it would have fallen: anything else biases the comparison.
    #[must_use]
    pub fn pick(self: &Arc<Self>, asker: &Asker, rng: &mut impl Rng) -> Option<Pick> {
        if asker.previews
            && let Some(preview) = self.preview.as_ref().filter(|preview| preview.can_serve())
        {
            let backend = Arc::clone(preview.pool().choose(rng)?);
            return Some(Pick::of_preview(Arc::clone(self), backend));
        }
        if self.is_parked {
            return None;
        }
        let Some(canary) = self.canary.as_ref().filter(|canary| canary.can_serve()) else {
            return self.choose(Track::Stable, &self.stable, rng);
        };
        if canary.weight < Weight::FULL && self.stable.ready.is_empty() {
            return self.choose(Track::Canary, &canary.pool, rng);
        }
        if asker.upgrades {
            return match canary.draw(asker.key, rng).unwrap_or(canary.undrawn()) {
                Track::Stable => self.choose(Track::Stable, &self.stable, rng),
                Track::Canary => self.choose(Track::Canary, &canary.pool, rng),
            };
        }
        let Some(permit) = canary.hearing.slow_start.enter() else {
            return self
                .choose(Track::Stable, &self.stable, rng)
                .or_else(|| self.choose(Track::Canary, &canary.pool, rng));
        };
        let Some(track) = canary.draw(asker.key, rng) else {
            return match canary.undrawn() {
                Track::Stable => self.choose(Track::Stable, &self.stable, rng),
                Track::Canary => {
                    let backend = chosen(&canary.pool, rng)?;
                    let scoring = Some(canary.scoring(Track::Canary, asker));
                    Some(Pick::new(Arc::clone(self), Track::Canary, backend, Some(permit), scoring))
                }
            };
        };
        let (pool, permit) = match track {
            Track::Stable => (&self.stable, None),
            Track::Canary => (&canary.pool, Some(permit)),
        };
        let backend = chosen(pool, rng)?;
        Some(Pick::new(Arc::clone(self), track, backend, permit, Some(canary.scoring(track, asker))))
    }

    fn has_backend(&self) -> bool {
        let canary = self.canary.as_ref().map(Canary::pool);
        [Some(&self.stable), canary].into_iter().flatten().any(|pool| !pool.ready.is_empty())
    }

    fn choose(self: &Arc<Self>, track: Track, pool: &Pool, rng: &mut impl Rng) -> Option<Pick> {
        Some(Pick::new(Arc::clone(self), track, chosen(pool, rng)?, None, None))
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
    pub fn new(pool: Pool, weight: Weight, ledger: Arc<Ledger>, hearing: Arc<Hearing>) -> Option<Self> {
        let patience = Patience::default();
        (weight > Weight::ZERO).then_some(Self { pool, weight, ledger, hearing, patience })
    }

    /// The same, waited for so long.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Whether it may be sent requests at all.
    pub(crate) fn can_serve(&self) -> bool {
        !self.pool.ready.is_empty() && !self.hearing.trip.is_tripped()
    }

    /// Where a request falls; nowhere, if the draw goes by a key and it has none.
    fn draw(&self, key: Option<CohortKey>, rng: &mut impl Rng) -> Option<Track> {
        match self.hearing.cohort {
            // With every request there is nothing to draw.
            Cohort::Chance if self.weight == Weight::FULL => Some(Track::Canary),
            Cohort::Chance => Some(cohort::draw(self.weight, rng)),
            Cohort::Keyed(_) => key.map(|key| key.track(self.weight)),
        }
    }

    /// Where a request goes that cannot be drawn for. With every request there is nobody else to send it to.
    fn undrawn(&self) -> Track {
        if self.weight == Weight::FULL { Track::Canary } else { Track::Stable }
    }

    /// Where a request that was drawn for this arm counts. A stranger's, if its client is new or no place is left for its
    /// key.
    fn scoring(&self, track: Track, asker: &Asker) -> Scoring {
        let part = match &self.hearing.cohort {
            Cohort::Chance => Part::Request,
            Cohort::Keyed(keyed) => {
                let observation =
                    asker.key.filter(|_| !asker.is_new).and_then(|key| keyed.observe(key, track, &self.ledger));
                observation.map_or(Part::Stranger, Part::Key)
            }
        };
        Scoring::new(track, part)
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

    /// All that it is judged by.
    #[must_use]
    pub fn hearing(&self) -> &Arc<Hearing> {
        &self.hearing
    }

    /// How long it is waited for.
    #[must_use]
    pub fn patience(&self) -> Patience {
        self.patience
    }
}

/// The backend of a pool that gets a request which fell to it.
fn chosen(pool: &Pool, rng: &mut impl Rng) -> Option<Arc<Backend>> {
    let backend = Arc::clone(pool.choose(rng)?);
    pool.meter.picked();
    Some(backend)
}

/// The rules of these routes, by rank.
fn rules_of(routes: &[Arc<Route>]) -> impl Iterator<Item = &Rule> {
    routes.iter().map(|route| &route.rule)
}

//! The way of a request through the table: the parts of it that are counted and timed.
//!
//! Each part is a function of its own that is never inlined, so that a profiler finds it by name.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_config::name::{NameError, ReleaseId};
use canary_config::rule::{Rule, RuleError};
use canary_config::weight::Weight;
use canary_proxy::outcome::Outcome;
use canary_proxy::pool::{Backend, BackendId, Pool};
use canary_proxy::routes::{RouteReader, RouteWriter, cell};
use canary_proxy::rules::Asked;
use canary_proxy::table::{Asker, Canary, Pick, Route};
use http::{HeaderMap, Method};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use crate::clock;

/// Services in the table.
const SERVICES: u16 = 50;
/// Backends of each release.
const BACKENDS: u16 = 3;
/// The canary's share, in basis points.
const WEIGHT_BP: u16 = 2_500;
const SEED: u64 = 7;
/// How long the answer took whose score is measured.
const WAITED: Duration = Duration::from_millis(12);

/// A part of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From what a head gives to the route of its service.
    Match,
    /// From the route of a service with a canary to a backend.
    Pick,
    /// The same in a service without a rollout.
    PickAlone,
    /// A success of a request whose draw was free: from the moment it is sent to the moment it is booked and let go.
    Score,
    /// The same in a service without a rollout.
    ScoreAlone,
}

/// A published table, and what a request brings along.
#[derive(Debug)]
pub struct Way {
    _writer: RouteWriter,
    reader: RouteReader,
    hosts: Vec<String>,
    headers: HeaderMap,
    rolling_out: Arc<Route>,
    alone: Arc<Route>,
    rng: SmallRng,
    now: Instant,
}

/// A name or a rule of this module that is none.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// The rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
}

// === impl Part ===

impl Part {
    /// Every part, in the order of a request's way.
    pub const ALL: [Self; 5] = [Self::Match, Self::Pick, Self::PickAlone, Self::Score, Self::ScoreAlone];

    /// Its name in figures and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Pick => "pick",
            Self::PickAlone => "pick-alone",
            Self::Score => "score",
            Self::ScoreAlone => "score-alone",
        }
    }

    /// The name of the function that is the part.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Match => "measured_match",
            Self::Pick | Self::PickAlone => "measured_pick",
            Self::Score | Self::ScoreAlone => "measured_score",
        }
    }
}

// === impl Way ===

impl Way {
    /// A table of services with a canary each, and everything done once that a thread does only the first time.
    ///
    /// # Errors
    /// When a name or a rule of this module is none.
    pub fn new() -> Result<Self, WayError> {
        let (mut writer, reader) = cell();
        let routes: Result<Vec<_>, WayError> = (0..SERVICES).map(|number| Ok(Arc::new(route(number)?))).collect();
        let routes = routes?;
        let rolling_out = Arc::clone(&routes[0]);
        let alone = Arc::new(Route { canary: None, ..(*rolling_out).clone() });
        writer.publish(routes);
        let (rng, now) = (SmallRng::seed_from_u64(SEED), clock::now());
        let hosts = (0..SERVICES).map(|number| format!("Shop-{number}.example.com")).collect();
        let mut way = Self { _writer: writer, reader, hosts, headers: HeaderMap::new(), rolling_out, alone, rng, now };
        let asked = way.asked(0);
        black_box(matched(&way.reader, &asked));
        for route in [Arc::clone(&way.rolling_out), Arc::clone(&way.alone)] {
            if let Some(pick) = picked(&route, &mut way.rng) {
                scored(pick, way.now);
            }
        }
        Ok(way)
    }

    /// Goes this part of the way so often.
    pub fn go(&mut self, part: Part, count: usize) {
        match part {
            Part::Match => {
                for number in 0..count {
                    let asked = self.asked(number);
                    black_box(measured_match(&self.reader, black_box(&asked)));
                }
            }
            Part::Pick => self.pick(&Arc::clone(&self.rolling_out), count),
            Part::PickAlone => self.pick(&Arc::clone(&self.alone), count),
            Part::Score => self.score(&Arc::clone(&self.rolling_out), count),
            Part::ScoreAlone => self.score(&Arc::clone(&self.alone), count),
        }
    }

    fn pick(&mut self, route: &Arc<Route>, count: usize) {
        for _ in 0..count {
            black_box(measured_pick(black_box(route), &mut self.rng));
        }
    }

    fn score(&mut self, route: &Arc<Route>, count: usize) {
        for _ in 0..count {
            if let Some(pick) = picked(route, &mut self.rng) {
                measured_score(black_box(pick), self.now);
            }
        }
    }

    fn asked(&self, number: usize) -> Asked<'_> {
        let host = &self.hosts[number % self.hosts.len()];
        Asked::new(host, "/cart/items/17", None, &Method::GET, &self.headers, None)
    }
}

fn route(number: u16) -> Result<Route, WayError> {
    let rule = Rule::parse(&format!("Host(`shop-{number}.example.com`) && PathPrefix(`/cart`)"))?;
    let weight = Weight::from_bp(WEIGHT_BP).unwrap_or(Weight::FULL);
    Ok(Route {
        canary: Canary::new(pool("v2", 2_000)?, weight, Arc::default(), Arc::default()),
        ..Route::new(format!("shop-{number}").parse()?, rule, pool("v1", 1_000)?)
    })
}

fn pool(release: &str, first_port: u16) -> Result<Pool, WayError> {
    let backend = |port| {
        let address = ([127, 0, 0, 1], port).into();
        Arc::new(Backend::new(BackendId::configured(address), address))
    };
    let ready = (first_port..first_port + BACKENDS).map(backend).collect();
    Ok(Pool { release: release.parse::<ReleaseId>()?, ready, meter: Arc::default() })
}

#[inline(always)]
fn matched(reader: &RouteReader, asked: &Asked<'_>) -> Option<Arc<Route>> {
    reader.load().route(asked).cloned()
}

#[inline(always)]
fn picked(route: &Arc<Route>, rng: &mut SmallRng) -> Option<Pick> {
    route.pick(&Asker::default(), rng)
}

#[inline(always)]
fn scored(mut pick: Pick, now: Instant) {
    pick.begin(now);
    pick.sent(now);
    pick.answered(Outcome::Success);
    pick.score(Outcome::Success, WAITED);
}

#[inline(never)]
fn measured_match(reader: &RouteReader, asked: &Asked<'_>) -> Option<Arc<Route>> {
    matched(reader, asked)
}

#[inline(never)]
fn measured_pick(route: &Arc<Route>, rng: &mut SmallRng) -> Option<Pick> {
    picked(route, rng)
}

#[inline(never)]
fn measured_score(pick: Pick, now: Instant) {
    scored(pick, now);
}

#[cfg(test)]
mod tests {
    use canary_proxy::track::Track;

    use super::*;

    #[test]
    fn what_is_measured_is_what_a_request_does() {
        let mut way = Way::new().expect("good rules");
        for number in 0..usize::from(SERVICES) {
            let route = matched(&way.reader, &way.asked(number)).expect("a route");
            assert_eq!(route.service.as_str(), format!("shop-{number}"));
        }
        let counted = |route: &Route, track| {
            let canary = route.canary.as_ref().expect("a canary");
            canary.ledger().arm(track).successes().counts().iter().sum::<u64>()
        };
        way.go(Part::Score, 1_000);
        way.go(Part::ScoreAlone, 1_000);
        let arms = [Track::Stable, Track::Canary].map(|track| counted(&way.rolling_out, track));
        assert_eq!(arms.iter().sum::<u64>(), 1_001, "one of them when the table was made");
        assert!(arms.iter().all(|arm| *arm > 100), "{arms:?}");
        assert_eq!(way.alone.stable.meter.picks(), way.rolling_out.stable.meter.picks(), "they share their pool");
    }
}

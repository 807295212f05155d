//! What comes to each service, read off its counters once a minute, and what a forecast is made from.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::plan::Plan;
use canary_proxy::histogram::{BUCKETS, Counts};
use canary_proxy::meter::Answers;
use canary_proxy::track::Track;

use crate::analysis::Tally;
use crate::api::Problem;
use crate::clock;
use crate::engine::Engine;
use crate::engine::judging::tally_of;
use crate::engine::managed::Managed;
use crate::traffic::{Answered, Look, Traffic};
use crate::witness::EDGES;

/// How often the counters are read.
const INTERVAL: Duration = Duration::from_secs(60);

/// The last hours of every service.
#[derive(Debug)]
pub(super) struct Traffics {
    services: BTreeMap<ServiceName, Heard>,
    read_at: Instant,
}

/// The last hours of one service, and how far its counters have been read.
#[derive(Debug)]
struct Heard {
    traffic: Traffic,
    /// By the release and its role; by nothing what canaryd answered itself.
    seen: BTreeMap<Option<(ReleaseId, Track)>, Seen>,
}

/// What counters showed when they were read last.
#[derive(Clone, Debug)]
struct Seen {
    tally: Tally,
    latencies: Counts,
}

/// What the forecast of a service is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Prospect {
    /// The plan of its next rollout, for a release with as many instances as stable has.
    pub plan: Plan,
    /// Its traffic.
    pub look: Look,
    /// What stable answered since canaryd started, which sets the limit of probation.
    pub known: Tally,
    /// The bounds of the latencies' buckets.
    pub edges: &'static [Duration],
}

// === impl Engine ===

impl Engine {
    /// Reads the counters, if it is time to.
    pub(super) fn listen(&mut self, now: Instant) {
        if now >= self.traffics.due() {
            self.traffics.read(&self.services, now);
        }
    }

    /// What the forecast of a service is made from.
    pub(super) fn prospect(&mut self, service: &ServiceName) -> Result<Prospect, Problem> {
        let now = clock::now();
        self.traffics.read(&self.services, now);
        let managed = self.services.get_mut(service);
        let (Some(managed), Some(heard)) = (managed, self.traffics.services.get(service)) else {
            return Err(self.unknown_service(service));
        };
        let stable = managed.rollout.stable().clone();
        let instances = managed.roster.members(&stable).len();
        let instances = NonZeroUsize::new(instances).unwrap_or(NonZeroUsize::MIN);
        Ok(Prospect {
            plan: managed.declared.plan.for_instances(instances),
            look: heard.traffic.look(now),
            known: tally_of(managed.pools.meter(&stable, Track::Stable).answers()),
            edges: &EDGES,
        })
    }
}

// === impl Traffics ===

impl Traffics {
    pub(super) const fn new(now: Instant) -> Self {
        Self { services: BTreeMap::new(), read_at: now }
    }

    /// When the counters are to be read next.
    pub(super) fn due(&self) -> Instant {
        self.read_at + INTERVAL
    }

    /// Reads the counters. Of a service that is new here, what it has counted so far came before.
    fn read(&mut self, services: &BTreeMap<ServiceName, Managed>, now: Instant) {
        self.services.retain(|service, _| services.contains_key(service));
        for (service, managed) in services {
            let began = self.read_at;
            self.services.entry(service.clone()).or_insert_with(|| Heard::new(began)).read(managed, now);
        }
        self.read_at = now;
    }
}

// === impl Heard ===

impl Heard {
    fn new(began: Instant) -> Self {
        Self { traffic: Traffic::new(began), seen: BTreeMap::new() }
    }

    fn read(&mut self, managed: &Managed, now: Instant) {
        let pools =
            managed.pools.meters().map(|(release, track, meter)| (Some((release.clone(), track)), meter.answers()));
        let shown: BTreeMap<_, _> = pools.chain([(None, &*managed.own_answers)]).collect();
        self.seen.retain(|source, _| shown.contains_key(source));
        for (source, answers) in shown {
            let now_seen = Seen::of(answers);
            let before = self.seen.insert(source, now_seen.clone()).unwrap_or_default();
            now_seen.since(&before, |answered| self.traffic.note(answered, now));
        }
    }
}

// === impl Seen ===

impl Seen {
    fn of(answers: &Answers) -> Self {
        Self { tally: tally_of(answers), latencies: answers.durations().counts() }
    }

    fn since(&self, before: &Self, note: impl FnOnce(&Answered<'_>)) {
        let latencies: Counts =
            std::array::from_fn(|bucket| self.latencies[bucket].saturating_sub(before.latencies[bucket]));
        note(&Answered {
            requests: self.tally.requests().saturating_sub(before.tally.requests()),
            failures: self.tally.bad.saturating_sub(before.tally.bad),
            latencies: &latencies,
        });
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self { tally: Tally::default(), latencies: [0; BUCKETS] }
    }
}

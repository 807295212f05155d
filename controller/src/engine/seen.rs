//! What canaryd sees by itself: what the probes find, what the ledgers say, and that time passes.

use std::collections::BTreeSet;
use std::time::Instant;

use canary_config::name::ServiceName;

use crate::clock;
use crate::engine::cause::Cause;
use crate::engine::managed::Managed;
use crate::engine::pools::News;
use crate::engine::{Engine, TICK};
use crate::probe::Finding;
use crate::rollout::{Event, Inclination, Judgement};

// === impl Engine ===

impl Engine {
    pub(super) fn note_finding(&mut self, finding: Finding) {
        let (key, condition) = (finding.key.clone(), finding.condition);
        let Some(managed) = self.services.get_mut(&key.service) else { return };
        if managed.pools.note(finding) != News::Condition {
            return;
        }
        tracing::info!(
            service = %key.service,
            release = %key.release,
            backend = %key.backend,
            condition = condition.label(),
            "backend"
        );
        self.publish([&key.service]);
        self.show(self.probed(&key.service));
        self.tend_gates();
        self.replace_the_gone();
        self.tend_shelves();
    }

    /// Sends back at once whoever was convicted beside the engine, and is out of the data path already.
    pub(super) fn note_convictions(&mut self) {
        let now = clock::now();
        let convicted = self.services.iter().filter(|(_, managed)| managed.is_convicted());
        for service in convicted.map(|(service, _)| service.clone()).collect::<Vec<_>>() {
            let judged = self.judged(&self.group_of(&service), now);
            self.show(judged);
        }
    }

    /// Looks at whatever time or late requests may have changed.
    pub(super) fn tick(&mut self) {
        let now = clock::now();
        self.last_tick = now;
        self.listen(now);
        let restless = self.services.iter().filter(|(_, managed)| managed.is_restless());
        let mut left: BTreeSet<_> = restless.map(|(service, _)| service.clone()).collect();
        while let Some(service) = left.pop_first() {
            let group = self.group_of(&service);
            left.retain(|other| !group.contains(other));
            let judged = self.judged(&group, now);
            self.show(judged);
            self.show(self.drained(&service, now));
            self.show(self.probed(&service));
            self.show(self.of_all(self.group_of(&service), |_| Some(Event::Ticked)));
        }
        self.replace_the_gone();
        self.tend_gates();
        self.tend_shelves();
        self.measure(now);
        self.follow_stable(now);
        self.end_standstills(now);
        self.save_again();
        self.refresh_accounts(now);
    }

    /// Makes a new table where canaries are waited for by what is not true of stable any more.
    fn follow_stable(&mut self, now: Instant) {
        let stale = self.services.iter().filter(|(_, managed)| managed.is_patience_stale(now));
        let stale: Vec<_> = stale.map(|(service, _)| service.clone()).collect();
        if !stale.is_empty() {
            self.publish(&stale);
        }
    }

    /// When to look again if nothing happens before.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let is_restless = self.outbox.has_unsaved() || self.services.values().any(Managed::is_restless);
        let tick = is_restless.then(|| self.last_tick + TICK);
        let of_rollouts = self.services.values().filter_map(|managed| managed.rollout.next_deadline());
        let deadlines = of_rollouts.chain(self.services.values().filter_map(Managed::standstill_ends));
        // What was due at the last look and could not be done comes up at the next one, not at once.
        deadlines.filter(|deadline| *deadline > self.last_tick).chain(tick).chain([self.traffics.due()]).min()
    }

    /// The services that nobody could answer for now.
    pub(super) fn unready(&self) -> Vec<ServiceName> {
        let unready = self.services.iter().filter(|(_, managed)| !managed.is_answering());
        unready.map(|(service, _)| service.clone()).collect()
    }

    /// What the probes say of a service and of those that move with it.
    pub(super) fn probed(&self, service: &ServiceName) -> Option<Seen> {
        self.of_all(self.group_of(service), |managed| Some(managed.probed()))
    }

    /// That the release that leaves has answered its last request, in every service of the group.
    fn drained(&self, service: &ServiceName, now: Instant) -> Option<Seen> {
        self.of_all(self.group_of(service), |managed| managed.is_drained(now).then_some(Event::Drained))
    }

    /// What the judges say. Who has no opinion is no hindrance to the breach of another.
    fn judged(&mut self, group: &[ServiceName], now: Instant) -> Option<Seen> {
        let judge = |service: &ServiceName| self.services.get_mut(service).and_then(|managed| managed.judge(now));
        let judgements: Vec<_> = group.iter().map(judge).collect();
        judgements.iter().any(Option::is_some).then_some(())?;
        let open = Event::Judged(Judgement::Thin(Inclination::Open));
        let events = judgements.into_iter().map(|judgement| judgement.unwrap_or_else(|| open.clone()));
        Some(Seen { events: events.collect(), group: group.to_vec() })
    }

    /// What is seen of every service of a group, if something is seen of all of them.
    fn of_all(&self, group: Vec<ServiceName>, see: impl Fn(&Managed) -> Option<Event>) -> Option<Seen> {
        let events = group.iter().map(|service| self.services.get(service).and_then(&see));
        Some(Seen { events: events.collect::<Option<_>>()?, group })
    }

    pub(super) fn show(&mut self, seen: Option<Seen>) {
        if let Some(Seen { group, events }) = seen {
            self.turn(group, &events, Cause::canaryd());
        }
    }
}

/// What was seen of the services of a group, of each in its place.
pub(super) struct Seen {
    pub(super) group: Vec<ServiceName>,
    pub(super) events: Vec<Event>,
}

//! One service as the engine holds it: what is declared, what is decided, and what the table shows of it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::service::Service;
use canary_config::weight::Weight;
use canary_proxy::meter::Answers;
use canary_proxy::park::Lot;
use canary_proxy::pool::Pool;
use canary_proxy::rescue::{Budget, Rescued};
use canary_proxy::table::{Canary, Route};
use canary_proxy::track::Track;
use tokio::sync::Notify;

use crate::account::Account;
use crate::analysis::Arms;
use crate::clock;
use crate::docker::owner::Owner;
use crate::docker::shelf::Shelf;
use crate::docker::sighting::{ContainerId, Sighting, State};
use crate::engine::accounts::Accounts;
use crate::engine::containers::{Deployment, Doings, Gates, Roster, Twins, Usages};
use crate::engine::parking::Standstill;
use crate::engine::pools::{Needs, Pools};
use crate::probe::Watchers;
use crate::rollout::{Event, Generation, Leaving, Phase, Readiness, Reason, Rollout};
use crate::store::Seed;
use crate::witness::Hearings;

/// A release that leaves is not looked at before it has been out of the table for so long: a request that was picked for
/// it is in flight only a moment later.
pub(super) const DRAIN_MIN: Duration = Duration::from_millis(100);

/// One service as the engine holds it.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) declared: Service,
    /// Who belongs to which of its releases.
    pub(super) roster: Roster,
    /// Its containers, if it is discovered, whatever their state.
    pub(super) containers: Vec<Sighting>,
    /// By what canaryd knows those that it has made.
    pub(super) owner: Owner,
    /// The names of those that may be its, and that could not be looked at.
    pub(super) unseen: Vec<Box<str>>,
    /// Why the last change that canaryd wanted of it was not made, as long as none was.
    pub(super) refused: Option<String>,
    /// Which of them are canaryd's to start and stop.
    pub(super) shelf: Shelf,
    /// The stable release of which the shelf knows that it is.
    pub(super) shelved_stable: Option<ReleaseId>,
    /// The making of a new release's containers.
    pub(super) deployment: Option<Deployment>,
    /// What is being done with them.
    pub(super) doings: Doings<ContainerId>,
    /// The services of Swarm that are its, and what is being done with them.
    pub(super) twins: Twins,
    /// The hooks and smoke tests of the present try.
    pub(super) gates: Gates,
    /// What its containers use, while they are compared.
    pub(super) usages: Usages,
    pub(super) rollout: Rollout,
    pub(super) reason: Option<Reason>,
    pub(super) pools: Pools,
    pub(super) hearings: Hearings,
    pub(super) accounts: Accounts,
    /// What the salt of each try is derived from.
    pub(super) seed: Seed,
    pub(super) picks_before: PicksBefore,
    pub(super) own_answers: Arc<Answers>,
    budget: Arc<Budget>,
    pub(super) rescued: Arc<Rescued>,
    /// Where its requests wait.
    pub(super) lot: Arc<Lot>,
    /// That they wait by an operator's word, though there are ready backends.
    pub(super) standstill: Option<Standstill>,
    route: Option<Arc<Route>>,
    /// When the route was made last.
    pub(super) routed: Option<Instant>,
}

/// The picks that were made before the present weight was set, and when that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PicksBefore {
    weight: Weight,
    generation: Generation,
    picks: Arms<u64>,
    pub(super) since: Option<Instant>,
}

// === impl Managed ===

impl Managed {
    /// What its canaries are convicted of is rung here.
    pub(super) fn new(declared: Service, rollout: Rollout, convicted: &Arc<Notify>, seed: &Seed) -> Self {
        let pools = Pools::new(declared.name.clone());
        // When a try began that is under way already, only its account says.
        let accounts = Accounts::of(Account::begin(&declared, &rollout, None, clock::now()));
        let roster = Roster::of(&declared.origin);
        let mut managed = Self {
            declared,
            roster,
            containers: Vec::new(),
            owner: Owner::of(seed),
            unseen: Vec::new(),
            refused: None,
            shelf: Shelf::default(),
            shelved_stable: None,
            deployment: None,
            doings: Doings::default(),
            twins: Twins::default(),
            gates: Gates::of(rollout.generation()),
            usages: Usages::default(),
            rollout,
            reason: None,
            pools,
            hearings: Hearings::new(Arc::clone(convicted)),
            accounts,
            seed: seed.clone(),
            picks_before: PicksBefore::default(),
            own_answers: Arc::default(),
            budget: Arc::default(),
            rescued: Arc::default(),
            lot: Arc::default(),
            standstill: None,
            route: None,
            routed: None,
        };
        managed.open_case();
        managed
    }

    /// Puts a decided rollout in the place of the present one. A new try gets a new hearing; a canary that is sent back
    /// is out of the data path before any table says so.
    pub(super) fn take(&mut self, next: Rollout, reason: Reason, now: Instant) {
        if self.is_sent_back_by(&next) {
            self.send_back(now);
        }
        let is_new = next.generation() != self.rollout.generation();
        let before = std::mem::replace(&mut self.rollout, next).phase().name();
        self.follow_gates(before);
        if is_new {
            self.open_case();
            self.usages = Usages::default();
        }
        // What is said of another release is no reason of this one.
        if !matches!(reason, Reason::Queued | Reason::Obsolete) {
            self.reason = Some(reason);
        }
    }

    /// Watches the backends that are needed now, and makes the route that shows what is decided.
    pub(super) fn settle(&mut self, watchers: &mut Watchers, now: Instant) {
        let needs = self.needs();
        self.pools.tend(&self.declared, &self.roster, &needs, watchers);
        self.hearings.retain(|release| needs.watched.contains(release) || needs.remembered.contains(release));
        self.put_question();
        self.route = Some(Arc::new(self.make_route(now)));
        self.routed = Some(now);
    }

    /// The route that was made last.
    pub(super) fn route(&self) -> Option<&Arc<Route>> {
        self.route.as_ref()
    }

    /// Whether the route leads to anybody.
    pub(super) fn is_answering(&self) -> bool {
        let pools = [Track::Stable, Track::Canary].map(|track| self.route.as_ref()?.pool(track));
        pools.into_iter().flatten().any(|pool| !pool.ready.is_empty())
    }

    /// What the probes say now.
    pub(super) fn probed(&self) -> Event {
        let first = self.taking_part();
        let canary = self.rollout.canary().map(|canary| self.readiness_of(canary, first));
        // It rests for the canary's sake, and comes back when that is sent back.
        let stable = match self.pools.readiness(self.rollout.stable()) {
            Readiness::None if self.is_stable_resting() => Readiness::Some,
            found => found,
        };
        Event::Probed { stable, canary: canary.unwrap_or(Readiness::None) }
    }

    /// Whether canaryd has frozen or stopped stable's containers.
    fn is_stable_resting(&self) -> bool {
        let Some(shelved) = self.shelf.get(self.rollout.stable()) else { return false };
        self.containers.iter().filter(|one| shelved.owns(one)).any(|one| match one.state {
            State::Paused => true,
            State::Stopped { .. } => shelved.rests(&one.container),
            _ => false,
        })
    }

    /// What the probes say of the canary's instances that take part. One whose container has yet to come is not ready.
    fn readiness_of(&self, canary: &ReleaseId, first: Option<NonZeroUsize>) -> Readiness {
        let found = match self.pools.readiness_of(&self.roster, canary, first) {
            // It gets no request any more. What it is to be charged with, the Engine says in a moment.
            Readiness::None if self.has_container_adrift(canary) => Readiness::Some,
            found => found,
        };
        let wanted = self.instances_of(canary).min(first.map_or(usize::MAX, NonZeroUsize::get));
        if found == Readiness::All && self.roster.members(canary).len() < wanted { Readiness::Some } else { found }
    }

    fn has_container_adrift(&self, release: &ReleaseId) -> bool {
        self.containers.iter().any(|container| container.release == *release && container.state == State::Adrift)
    }

    /// Whether time alone or a late request may still change something. The release that is to take stable's place may
    /// have to wait for the store.
    pub(super) fn is_restless(&self) -> bool {
        let is_waited_for = !self.rollout.queue().is_empty();
        let is_heard_of = !self.hearings.is_quiet() || self.accounts.is_restless() || self.is_doing();
        self.rollout.phase().trial().is_some() || is_waited_for || is_heard_of || self.successor().is_some()
    }

    /// The release that has to go before the canary's turn comes.
    pub(super) fn leaving(&self) -> Option<&ReleaseId> {
        match self.rollout.phase() {
            Phase::Draining { leaving: Leaving::Canary(canary), .. } => Some(canary),
            Phase::Draining { leaving: Leaving::Stable, .. } => Some(self.rollout.stable()),
            _ => None,
        }
    }

    /// Whether the release that has to go has answered its last request.
    pub(super) fn is_drained(&self, now: Instant) -> bool {
        let (Some(leaving), Some(since)) = (self.leaving(), self.rollout.phase().since()) else { return false };
        now.saturating_duration_since(since) >= DRAIN_MIN && self.pools.in_flight(leaving) == 0
    }

    /// How many of the canary's instances take part at this step, if not all do: the first ones that are declared.
    pub(super) fn taking_part(&self) -> Option<NonZeroUsize> {
        let phase = self.rollout.phase();
        phase.trial()?.step(phase.step()?)?.instances
    }

    /// The canary's share of the requests that were picked at the present weight, in basis points.
    pub(super) fn measured_bp(&mut self) -> Option<u16> {
        let now = self.picks();
        let canary = now.canary.saturating_sub(self.picks_before.picks.canary);
        let stable = now.stable.saturating_sub(self.picks_before.picks.stable);
        let share = (canary * u64::from(Weight::FULL.bp())).checked_div(canary + stable)?;
        u16::try_from(share).ok()
    }

    fn needs(&self) -> Needs {
        let mut watched = vec![self.rollout.stable().clone()];
        watched.extend(self.rollout.canary().cloned());
        watched.extend(self.candidates());
        let last = match self.rollout.phase() {
            Phase::Aborted { canary, .. } => Some(canary),
            _ => self.leaving(),
        };
        let shelved = self.shelf.newest_first().map(|shelved| &shelved.release);
        let remembered = last.into_iter().chain(shelved).cloned().collect();
        Needs { watched, remembered }
    }

    fn make_route(&mut self, now: Instant) -> Route {
        let (stable, canary) = (self.rollout.stable().clone(), self.rollout.canary().cloned());
        let canary = canary.and_then(|canary| self.make_canary(&stable, &canary, now));
        self.mark_picks(now);
        Route {
            service: self.declared.name.clone(),
            rule: self.declared.rule.clone(),
            priority: self.declared.priority,
            timeouts: self.declared.timeouts.clone(),
            stable: self.make_stable(&stable),
            canary,
            preview: self.make_preview(),
            own_answers: Arc::clone(&self.own_answers),
            budget: Arc::clone(&self.budget),
            rescue: self.declared.rescue,
            rescued: Arc::clone(&self.rescued),
            parking: self.declared.parking,
            lot: Arc::clone(&self.lot),
            is_parked: self.standstill.is_some(),
            critical: self.declared.critical,
        }
    }

    /// What serves unless the draw says otherwise: nobody, while a release takes its place that cannot run beside it.
    fn make_stable(&mut self, stable: &ReleaseId) -> Pool {
        let pool = self.pools.pool(&self.roster, stable, Track::Stable, None);
        if self.rollout.is_stable_serving() { pool } else { Pool { ready: Vec::new(), ..pool } }
    }

    fn make_canary(&mut self, stable: &ReleaseId, canary: &ReleaseId, now: Instant) -> Option<Canary> {
        let weight = self.rollout.weight();
        if weight == Weight::ZERO {
            return None;
        }
        if self.picks_before.weight == Weight::ZERO {
            self.tell_of_stable(stable);
        }
        let pool = self.pools.pool(&self.roster, canary, Track::Canary, self.taking_part());
        let case = self.hearings.present()?;
        let (ledger, patience) = case.ask(|inquiry| (inquiry.open(weight, now), inquiry.patience()));
        let canary = Canary::new(pool, weight, ledger, Arc::clone(case.hearing()))?;
        Some(canary.with_patience(patience))
    }

    /// Begins to measure the share anew if the weight or the rollout is another one.
    fn mark_picks(&mut self, now: Instant) {
        let weight = self.rollout.weight();
        let generation = self.rollout.generation();
        if (weight, generation) != (self.picks_before.weight, self.picks_before.generation) {
            self.picks_before = PicksBefore { weight, generation, picks: self.picks(), since: Some(now) };
        }
    }

    fn picks(&mut self) -> Arms<u64> {
        let (stable, canary) = (self.rollout.stable().clone(), self.rollout.canary().cloned());
        Arms {
            stable: self.pools.meter(&stable, Track::Stable).picks(),
            canary: canary.map_or(0, |canary| self.pools.meter(&canary, Track::Canary).picks()),
        }
    }
}

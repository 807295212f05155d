//! One service as the engine holds it: what is declared, what is decided, and what the table shows of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::service::Service;
use canary_config::weight::Weight;
use canary_proxy::meter::Answers;
use canary_proxy::rescue::Budget;
use canary_proxy::table::{Canary, Route};
use canary_proxy::track::Track;

use crate::analysis::{Arms, Judge, Sample, Verdict};
use crate::engine::ledgers::{EDGES, Ledgers, Purpose};
use crate::engine::pending::{Cause, Pending, Unsaved};
use crate::engine::pools::{Needs, Pools};
use crate::probe::Watchers;
use crate::rollout::{Event, Inclination, Judgement, Phase, PhaseName, Readiness, Reason, Rollout};

/// One service as the engine holds it.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) declared: Service,
    pub(super) rollout: Rollout,
    pub(super) reason: Option<Reason>,
    pub(super) pools: Pools,
    pub(super) ledgers: Ledgers,
    pub(super) judge: Option<Judge>,
    pub(super) verdict: Option<Verdict>,
    pub(super) picks_before: PicksBefore,
    pub(super) own_answers: Arc<Answers>,
    /// A change that waits for the store.
    pub(super) pending: Option<Pending>,
    /// Orders that wait for that change.
    pub(super) deferred: VecDeque<(Event, Cause)>,
    /// A change that is in force and not stored yet.
    pub(super) unsaved: Option<Unsaved>,
    budget: Arc<Budget>,
    route: Option<Arc<Route>>,
}

/// The picks that were made before the present weight was set, and when that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PicksBefore {
    weight: Weight,
    picks: Arms<u64>,
    pub(super) since: Option<Instant>,
}

// === impl Managed ===

impl Managed {
    pub(super) fn new(declared: Service, rollout: Rollout) -> Self {
        let pools = Pools::new(declared.name.clone());
        let judge = rollout.phase().trial().map(|trial| Judge::new(&trial.plan, &EDGES));
        Self {
            declared,
            rollout,
            reason: None,
            pools,
            ledgers: Ledgers::default(),
            judge,
            verdict: None,
            picks_before: PicksBefore::default(),
            own_answers: Arc::default(),
            pending: None,
            deferred: VecDeque::new(),
            unsaved: None,
            budget: Arc::default(),
            route: None,
        }
    }

    /// Puts a decided rollout in the place of the present one. A new try gets a new judge.
    pub(super) fn take(&mut self, next: Rollout, reason: Reason) {
        if next.generation() != self.rollout.generation() {
            self.judge = next.phase().trial().map(|trial| Judge::new(&trial.plan, &EDGES));
        }
        self.verdict = None;
        self.rollout = next;
        self.reason = Some(reason);
    }

    /// Watches the backends that are needed now, and makes the route that shows what is decided.
    pub(super) fn settle(&mut self, watchers: &mut Watchers, now: Instant) {
        let needs = self.needs();
        self.pools.tend(&self.declared, &needs, watchers);
        self.ledgers.retain(|release| needs.watched.contains(release) || needs.remembered.as_ref() == Some(release));
        self.route = Some(Arc::new(self.make_route(now)));
    }

    /// The route that was made last.
    pub(super) fn route(&self) -> Option<&Arc<Route>> {
        self.route.as_ref()
    }

    /// What the probes say now.
    pub(super) fn probed(&self) -> Event {
        let canary = self.rollout.canary().map(|canary| self.pools.readiness(canary));
        Event::Probed { stable: self.pools.readiness(self.rollout.stable()), canary: canary.unwrap_or(Readiness::None) }
    }

    /// Reads the ledgers and asks the judge. Nothing is judged before the canary has a share.
    pub(super) fn judge(&mut self, now: Instant) -> Option<Event> {
        if let Some(judge) = &mut self.judge {
            judge.tick(now);
        }
        self.read_ledgers();
        let judge = self.judge.as_ref()?;
        let phase = self.rollout.phase();
        let verdict = phase.step().map(|step| judge.verdict(step));
        // Late requests may still convict a canary that was promoted over their heads.
        let is_in_probation = phase.name() == PhaseName::Probation;
        let late = || Some(judge.verdict(0)).filter(|verdict| is_in_probation && matches!(verdict, Verdict::Fail(_)));
        let judgement = verdict.clone().or_else(late).map(|verdict| judgement_of(judge, &verdict));
        self.verdict = verdict;
        judgement.map(Event::Judged)
    }

    /// Gives the judge what was scored since the last look.
    fn read_ledgers(&mut self) {
        let generation = self.rollout.generation();
        let judge = &mut self.judge;
        self.ledgers.read_and_close(|purpose: &Purpose, sample: &Sample<'_>| {
            if let Some(judge) = judge.as_mut().filter(|_| purpose.generation == generation) {
                judge.observe(purpose.weight, sample);
            }
        });
    }

    /// Whether time alone, a late request or the store may still change something.
    pub(super) fn is_restless(&self) -> bool {
        self.rollout.phase().trial().is_some() || self.unsaved.is_some() || !self.ledgers.is_quiet()
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
        let remembered = match self.rollout.phase() {
            Phase::Aborted { canary, .. } => Some(canary.clone()),
            _ => None,
        };
        Needs { watched, remembered }
    }

    fn make_route(&mut self, now: Instant) -> Route {
        let (stable, canary) = (self.rollout.stable().clone(), self.rollout.canary().cloned());
        let canary = canary.and_then(|canary| self.make_canary(&stable, canary, now));
        self.mark_picks(now);
        Route {
            service: self.declared.name.clone(),
            rule: self.declared.rule.clone(),
            priority: self.declared.priority,
            timeouts: self.declared.timeouts.clone(),
            stable: self.pools.pool(&stable, Track::Stable),
            canary,
            own_answers: Arc::clone(&self.own_answers),
            budget: Arc::clone(&self.budget),
            critical: self.declared.critical,
        }
    }

    fn make_canary(&mut self, stable: &ReleaseId, canary: ReleaseId, now: Instant) -> Option<Canary> {
        let weight = self.rollout.weight();
        if weight == Weight::ZERO {
            return None;
        }
        if let Some(judge) = &mut self.judge {
            judge.set_weight(weight, now);
        }
        let pool = self.pools.pool(&canary, Track::Canary);
        let purpose = Purpose { generation: self.rollout.generation(), weight, stable: stable.clone(), canary };
        Canary::new(pool, weight, self.ledgers.open(purpose))
    }

    /// Begins to measure the share anew if the weight is another one.
    fn mark_picks(&mut self, now: Instant) {
        let weight = self.rollout.weight();
        if weight != self.picks_before.weight {
            self.picks_before = PicksBefore { weight, picks: self.picks(), since: Some(now) };
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

fn judgement_of(judge: &Judge, verdict: &Verdict) -> Judgement {
    match verdict {
        Verdict::Pass => Judgement::Pass,
        Verdict::Fail(breach) => Judgement::Breach(breach.metric),
        Verdict::NotEnough(_) if judge.may_promote_uncertified() => Judgement::Thin(Inclination::Favourable),
        Verdict::NotEnough(_) => Judgement::Thin(Inclination::Open),
    }
}

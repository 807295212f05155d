//! What operators order: understood against what is declared, put off while a change before it is being stored, and
//! then carried out.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use canary_config::hooks::Hooks;
use canary_config::name::{ReleaseId, ServiceName};
use canary_config::origin::Origin;
use canary_config::plan::{OnBusy, Plan, Strategy};

use crate::api::{Problem, ProblemKind};
use crate::engine::cause::{Cause, Reply};
use crate::engine::input::{Accepted, Author, Order, RollbackOrder, StartOrder};
use crate::engine::managed::Managed;
use crate::engine::status::state_in_words;
use crate::engine::{Engine, joined, refused};
use crate::idempotency::IdempotencyKey;
use crate::rollout::{Command, Event, Generation, Phase, Start, Trial};

/// Orders for one service that may wait for a change to be stored.
const DEFERRED_LIMIT: usize = 16;

/// An order on its way to be carried out.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) service: ServiceName,
    pub(super) order: Order,
    pub(super) generation: Option<Generation>,
    pub(super) author: Author,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) reply: Reply,
}

/// An order that waits for a change before it to be stored.
#[derive(Debug)]
pub(super) struct Deferred {
    /// The services that it moves.
    members: Vec<ServiceName>,
    pub(super) ordered: Ordered,
}

// === impl Engine ===

impl Engine {
    /// Takes an order that has just come in.
    pub(super) fn take_order(&mut self, ordered: Ordered) {
        let recalled = match &ordered.key {
            Some(key) => self.recall(key, Some(&ordered.service), &ordered.text()),
            None => Ok(None),
        };
        match recalled {
            Ok(None) => self.obey(ordered),
            Ok(Some(remembered)) => ordered.answer(remembered.accepted()),
            Err(problem) => ordered.answer(Err(problem)),
        }
    }

    /// Takes up the orders that waited for the store, in their order.
    pub(super) fn catch_up(&mut self) {
        for deferred in std::mem::take(&mut self.deferred) {
            self.obey(deferred.ordered);
        }
    }

    fn obey(&mut self, ordered: Ordered) {
        let Some(ordered) = self.cancel_deployment(ordered) else { return };
        match self.stopping().and_then(|()| self.members(&ordered)) {
            Err(problem) => ordered.answer(Err(problem)),
            Ok(members) if self.must_wait(&members) && !self.is_retreat(&ordered) => self.defer(members, ordered),
            Ok(members) => match self.commands(&members, &ordered) {
                Ok(events) => self.turn(members, &events, ordered.into()),
                Err(problem) => ordered.answer(Err(problem)),
            },
        }
    }

    /// Whether a change of one of these services is being stored, or an earlier order about one of them waits for that.
    fn must_wait(&self, members: &[ServiceName]) -> bool {
        let waits = |service: &ServiceName| {
            let mut before = self.deferred.iter();
            self.outbox.waits_for(service) || before.any(|deferred| deferred.members.contains(service))
        };
        members.iter().any(waits)
    }

    /// Whether it takes a canary's share away. An abort waits only for a start that is being stored: there is nothing
    /// yet that it could send back.
    fn is_retreat(&self, ordered: &Ordered) -> bool {
        let phase = self.services.get(&ordered.service).map(|managed| managed.rollout.phase());
        matches!(ordered.order, Order::Abort | Order::Undo) && phase.is_some_and(|phase| phase.trial().is_some())
    }

    fn defer(&mut self, members: Vec<ServiceName>, ordered: Ordered) {
        let waiting = self.deferred.iter().filter(|deferred| deferred.ordered.service == ordered.service).count();
        if waiting < DEFERRED_LIMIT {
            self.deferred.push_back(Deferred { members, ordered });
        } else {
            ordered.answer(Err(refused(format!("{waiting} orders wait for the store already; try again"))));
        }
    }

    /// The services that an order moves, the one that it was given for first.
    fn members(&self, Ordered { service, order, .. }: &Ordered) -> Result<Vec<ServiceName>, Problem> {
        self.managed(service)?;
        match order {
            Order::Start(StartOrder { peers, .. }) => {
                if peers.contains_key(service) {
                    let message = format!("{service} is named twice; name each service once");
                    return Err(Problem { kind: ProblemKind::BadRequest, message });
                }
                Ok(std::iter::once(service).chain(peers.keys()).cloned().collect())
            }
            Order::Retry => Ok(self.sent_back_with(service)),
            Order::Adopt(_) | Order::Rollback(_) => Ok(vec![service.clone()]),
            Order::Promote(_) | Order::Pause | Order::Resume | Order::Abort | Order::Undo => Ok(self.group_of(service)),
        }
    }

    /// What each of the services is told.
    fn commands(&self, members: &[ServiceName], ordered: &Ordered) -> Result<Vec<Event>, Problem> {
        let Ordered { service, order, generation, .. } = ordered;
        let commands = match order {
            Order::Start(start) => self.starts(service, members, start, self.are_reversible(members))?,
            // Nothing is migrated for a release that was there before.
            Order::Rollback(rollback) => self.starts(service, members, &self.start_of(service, rollback)?, true)?,
            Order::Retry => {
                let (plan, is_reversible) = (self.retry_plan(service, members)?, self.are_reversible(members));
                vec![Command::Retry { plan, is_reversible }; members.len()]
            }
            Order::Promote(stride) => vec![Command::Promote(*stride); members.len()],
            Order::Pause => vec![Command::Pause; members.len()],
            Order::Resume => vec![Command::Resume; members.len()],
            Order::Abort => vec![Command::Abort; members.len()],
            Order::Undo => vec![Command::Undo; members.len()],
            Order::Adopt(release) => {
                self.managed(service)?.instances(release)?;
                vec![Command::Adopt(release.clone())]
            }
        };
        // The generation that was named is that of the service that was named.
        let generations = std::iter::once(*generation).chain(std::iter::repeat(None));
        let events = commands.into_iter().zip(generations);
        Ok(events.map(|(command, generation)| Event::Commanded { command, generation }).collect())
    }

    /// How each of the services begins. All follow the plan of the one that was named.
    fn starts(
        &self,
        service: &ServiceName,
        members: &[ServiceName],
        order: &StartOrder,
        is_reversible: bool,
    ) -> Result<Vec<Command>, Problem> {
        let plan = self.plan(service, &order.release, order.strategy)?;
        // What stands in the way of several services is refused, whatever the plan of the one says.
        let by_itself = if order.peers.is_empty() { plan.on_busy } else { OnBusy::Reject };
        let on_busy = order.on_busy.unwrap_or(by_itself);
        let start = |member: &ServiceName| {
            let canary = order.peers.get(member).unwrap_or(&order.release);
            let managed = self.managed(member)?;
            managed.instances(canary)?;
            if managed.is_called_off(canary) {
                return Err(refused(format!("{member}: the deployment of {canary} has been called off")));
            }
            let peers = members.iter().filter(|peer| *peer != member).cloned().collect();
            let trial = Trial { peers, is_reversible, ..Trial::new(canary.clone(), plan.clone()) };
            Ok(Command::Start(Start { trial, again: order.again, on_busy }))
        };
        members.iter().map(start).collect()
    }

    /// Whether all of these services may be sent back without a human's word.
    fn are_reversible(&self, members: &[ServiceName]) -> bool {
        let hooks = members.iter().filter_map(|member| Some(&self.services.get(member)?.declared.hooks));
        hooks.into_iter().all(Hooks::are_reversible)
    }

    /// The plan by which what was sent back is tried again, together with what was sent back with it.
    fn retry_plan(&self, service: &ServiceName, members: &[ServiceName]) -> Result<Plan, Problem> {
        for member in members {
            let managed = self.managed(member)?;
            let Phase::Aborted { canary, peers, .. } = managed.rollout.phase() else { continue };
            managed.instances(canary)?;
            if member != service && !peers.contains(service) {
                let message = format!(
                    "{member} has had a rollout of its own since it was sent back with {service}; \
                     start the services together again"
                );
                return Err(refused(message));
            }
        }
        let managed = self.managed(service)?;
        match managed.rollout.phase() {
            Phase::Aborted { canary, .. } => self.plan(service, canary, None),
            _ => Ok(managed.declared.plan.clone()),
        }
    }

    /// The plan of a service for a release of its own, in the shape that is wanted.
    fn plan(&self, service: &ServiceName, release: &ReleaseId, by: Option<Strategy>) -> Result<Plan, Problem> {
        let managed = self.managed(service)?;
        let declared = &managed.declared.plan;
        let instances = managed.instances(release)?;
        Ok(declared.by(by.unwrap_or(declared.strategy)).for_instances(instances))
    }

    /// What brings a release back whose containers are kept.
    fn start_of(&self, service: &ServiceName, rollback: &RollbackOrder) -> Result<StartOrder, Problem> {
        let RollbackOrder { to, again, on_busy, strategy } = rollback.clone();
        let release = self.managed(service)?.kept_release(to.as_ref())?;
        Ok(StartOrder { release, peers: BTreeMap::new(), again, on_busy, strategy })
    }

    pub(super) fn managed(&self, service: &ServiceName) -> Result<&Managed, Problem> {
        self.services.get(service).ok_or_else(|| self.unknown_service(service))
    }
}

// === impl Managed ===

impl Managed {
    /// How many instances a release has that may be brought in.
    fn instances(&self, release: &ReleaseId) -> Result<NonZeroUsize, Problem> {
        NonZeroUsize::new(self.instances_of(release)).ok_or_else(|| {
            let (service, known) = (&self.declared.name, joined(self.roster.releases()));
            if let Some(container) = self.containers.iter().find(|container| container.release == *release) {
                let (state, why) = state_in_words(&container.state);
                let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
                let name = &container.name;
                return refused(format!("{service}: {name} of {release} cannot serve, it is {state}{why}; wait until it runs and is healthy, see `status`"));
            }
            let message = match self.declared.origin {
                Origin::Declared(_) => {
                    format!("services.{service}.releases has no `{release}`; declared are {known}")
                }
                Origin::Discovered(_) if known.is_empty() => {
                    format!("no container of {service} runs; start one with the label canary.service={service}")
                }
                Origin::Discovered(_) => {
                    format!("no container of {service} runs `{release}`; running are {known}, see `status`")
                }
            };
            Problem { kind: ProblemKind::NotFound, message }
        })
    }
}

// === impl Ordered ===

impl Ordered {
    /// The whole command, as the audit trail and the log name it.
    fn text(&self) -> String {
        let mut text = self.order.text(&self.service);
        if let Some(generation) = self.generation {
            text += &format!(" --generation {generation}");
        }
        text
    }

    fn answer(self, answer: Result<Accepted, Problem>) {
        // Whoever asked may have gone away.
        let _ = self.reply.send(answer);
    }
}

// === impl Cause ===

impl From<Ordered> for Cause {
    fn from(ordered: Ordered) -> Self {
        let command = Some(ordered.text());
        let Ordered { author, key, reply, .. } = ordered;
        Self { author, command, key, reply: Some(reply) }
    }
}

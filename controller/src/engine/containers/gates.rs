//! The hooks and smoke tests of a rollout: which is under way, which has passed, and what a rollout must not do before
//! it has. How they are done is in [`crate::hooks`].
//!
//! What has passed is known of the present try, and kept nowhere: after a restart it is done again, but for what leads to
//! all requests when the canary had them already.

mod due;
mod job;
mod shown;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use canary_config::hooks::OnFailure;
use canary_config::name::ServiceName;
use canary_config::plan::Strategy;
use canary_config::weight::Weight;

use self::due::Place;
use crate::api::{Problem, ProblemKind};
use crate::clock;
use crate::engine::Engine;
use crate::engine::managed::Managed;
use crate::hooks::{Check, Ran, Report};
use crate::rollout::group::Move;
use crate::rollout::{Command, Event, Generation, Hold, Phase, PhaseName, Position, Raises, Readiness, Reason};

/// The checks of the present try of a service.
#[derive(Debug, Default)]
pub(in crate::engine) struct Gates {
    generation: Generation,
    passed: BTreeSet<Check>,
    /// Those that were begun, in their order, and what became of them.
    begun: Vec<Begun>,
    /// Whether it would have had all requests but for the hook before them.
    is_wanted_full: bool,
    /// Whether it was sent back while this process looked after it.
    is_sent_back: bool,
    /// When one ended last while the canary was to get ready: it has its time for that from here on.
    cleared: Option<Instant>,
    /// How many have ended, by check and by how.
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

/// A check that was begun.
#[derive(Debug)]
struct Begun {
    check: Check,
    since: Instant,
    end: Option<Ended>,
}

/// How a check ended.
#[derive(Debug)]
struct Ended {
    at: Instant,
    report: Report,
    on_failure: OnFailure,
}

// === impl Engine ===

impl Engine {
    /// Begins whatever check is due.
    pub(in crate::engine) fn tend_gates(&mut self) {
        if self.stopping().is_err() {
            return;
        }
        let docker = self.config.docker.as_ref().map(|docker| docker.host.clone());
        let is_blind = self.sightings.trouble.is_some();
        for managed in self.services.values_mut() {
            // Who does not see containers knows neither what is in the way nor where a command would be run.
            if is_blind && managed.declared.origin.discovered().is_some() {
                continue;
            }
            let Some(check) = managed.due_check() else { continue };
            let room = |managed: &Managed| managed.room(docker.clone());
            if let Some(job) = managed.job(check, room) {
                tracing::info!(service = %managed.declared.name, hook = check.label(), "begun");
                managed.gates.begun.push(Begun { check, since: clock::now(), end: None });
                self.runner.begin(job);
            }
        }
    }

    /// A check has ended. One of a try that is over says nothing any more.
    pub(in crate::engine) fn note_ran(&mut self, Ran { service, generation, check, report }: Ran) {
        let Some(managed) = self.services.get_mut(&service) else { return };
        let is_bad = managed.note_ran(generation, check, report);
        if is_bad {
            self.show(self.charged(&service, check.charge()));
        }
        self.show(self.probed(&service));
        self.tend_gates();
        self.tend_shelves();
    }

    /// Whether these services may go up, as far as their checks allow it and an event asks for it. Who waits for a check
    /// is not freed of it by a freeze; but whether something new may begin, only a freeze says.
    pub(in crate::engine) fn rules(&self, members: &[ServiceName], events: &[Event]) -> Raises {
        let begins = |event: &Event| {
            let Event::Commanded { command, .. } = event else { return false };
            matches!(command, Command::Start(_) | Command::Retry { .. } | Command::Adopt(_))
        };
        let now = clock::now();
        let is_commanded = events.iter().any(|event| matches!(event, Event::Commanded { .. }));
        let is_gated = |service| {
            let is_blind = !is_commanded && self.blindness_of(service).is_some();
            let managed = self.services.get(service);
            managed.is_some_and(|managed: &Managed| managed.is_gated(now) || is_blind && managed.is_awaited())
        };
        match self.raises(members) {
            Raises::Frozen if events.iter().any(begins) => Raises::Frozen,
            _ if members.iter().any(is_gated) => Raises::Gated,
            raises => raises,
        }
    }

    /// Whether something stands in the way of what was decided: a hook before all requests, or a check after them. What
    /// is missing is begun.
    pub(in crate::engine) fn hold_back(&mut self, members: &[ServiceName], moves: &[Move]) -> Option<Problem> {
        let mut held_back = None;
        for (service, next) in members.iter().zip(moves) {
            let Some(managed) = self.services.get_mut(service) else { continue };
            if let Some(check) = managed.hindrance_of(next) {
                held_back.get_or_insert_with(|| (service.clone(), check));
            }
        }
        let (service, check) = held_back?;
        self.tend_gates();
        let failed = || format!("the {} of {service} has to pass first, see `status`", check.in_words());
        let message = self.gated_in_words(&service).unwrap_or_else(failed);
        Some(Problem { kind: ProblemKind::Refused, message })
    }

    /// Which check a service waits for, as a refusal says it.
    pub(in crate::engine) fn gated_in_words(&self, service: &ServiceName) -> Option<String> {
        let check = self.services.get(service)?.gates.running()?;
        Some(format!("the {} of {service} is running; wait until it has passed, see `status`", check.in_words()))
    }
}

// === impl Managed ===

impl Managed {
    /// Takes what became of a check. Whether the try has to be sent back for it.
    fn note_ran(&mut self, generation: Generation, check: Check, report: Report) -> bool {
        let service = &self.declared.name;
        let on_failure = self.on_failure(check);
        let outcome = outcome(&report, on_failure);
        match &report.result {
            Ok(()) => tracing::info!(%service, hook = check.label(), "passed"),
            Err(why) => tracing::warn!(%service, hook = check.label(), why, outcome, "failed"),
        }
        *self.gates.counts.entry((check.label(), outcome)).or_default() += 1;
        if generation != self.gates.generation {
            return false;
        }
        let now = clock::now();
        let is_bad = report.result.is_err() && on_failure == OnFailure::Abort;
        if let Some(begun) = self.gates.begun.iter_mut().rfind(|begun| begun.check == check) {
            begun.end = Some(Ended { at: now, report, on_failure });
        }
        if !is_bad {
            self.gates.passed.insert(check);
        }
        if self.rollout.phase().name() == PhaseName::Preparing {
            self.gates.cleared = Some(now);
        }
        is_bad
    }

    fn on_failure(&self, check: Check) -> OnFailure {
        match check.hook() {
            None => OnFailure::Abort,
            Some(name) => self.declared.hooks.get(name).map_or(OnFailure::Ignore, |hook| hook.on_failure),
        }
    }

    /// Follows the rollout: a new try has passed nothing yet.
    pub(in crate::engine) fn follow_gates(&mut self, before: PhaseName) {
        let generation = self.rollout.generation();
        if generation != self.gates.generation {
            let counts = std::mem::take(&mut self.gates.counts);
            self.gates = Gates { generation, counts, ..Gates::default() };
        }
        let is_sent_back = self.rollout.phase().name() == PhaseName::Aborted && before != PhaseName::Aborted;
        self.gates.is_sent_back |= is_sent_back;
    }

    /// The check that is due and not under way. One that has failed is not due again: its try is sent back.
    fn due_check(&self) -> Option<Check> {
        let check = self.place().due(&self.wanted_checks(), &self.gates.passed)?;
        let is_begun = self.gates.begun.iter().any(|begun| begun.check == check);
        (self.gates.generation == self.rollout.generation() && !is_begun).then_some(check)
    }

    /// The checks that the present try has to pass.
    fn wanted_checks(&self) -> BTreeSet<Check> {
        let is_wanted = |check: &Check| match check.hook() {
            None => self.declared.smoke.is_some(),
            Some(name) => self.declared.hooks.get(name).is_some() && (*check != Check::PreDeploy || self.deploys()),
        };
        Check::ALL.into_iter().filter(is_wanted).collect()
    }

    /// Whether the hook before a deployment is the engine's to do, as no deployment has made the release, or stable has
    /// to stop first. One that has been stable is brought back and not deployed: its migration would undo the newer one.
    fn deploys(&self) -> bool {
        let Some(trial) = self.rollout.phase().trial() else { return false };
        let shelved = self.shelf.get(&trial.canary);
        let is_deployed = shelved.is_some_and(|shelved| shelved.deployment.is_some());
        let is_back = shelved.is_some_and(|shelved| shelved.was_stable);
        !is_back && (trial.plan.strategy == Strategy::Recreate || !is_deployed)
    }

    fn place(&self) -> Place {
        let is_wanted_full = self.gates.is_wanted_full;
        match self.rollout.phase() {
            Phase::Idle | Phase::Draining { .. } => Place::Elsewhere,
            Phase::Aborted { .. } if self.gates.is_sent_back => Place::SentBack,
            Phase::Aborted { .. } => Place::Elsewhere,
            Phase::Preparing { then, regains, .. } => Place::Preparing {
                is_free: self.is_free_of_stable(),
                is_ready: self.is_canary_ready(),
                is_last: *then == Position::Full && *regains < Weight::FULL,
            },
            Phase::Held { hold: Hold::Approval, trial, step, .. } => {
                Place::Standing { is_last: is_wanted_full || *step + 1 == trial.plan.steps.len() }
            }
            Phase::Progressing { .. } | Phase::Held { .. } | Phase::Paused { .. } => {
                Place::Standing { is_last: is_wanted_full }
            }
            Phase::Probation { .. } => Place::Full,
        }
    }

    /// Whether nothing of stable runs that has to stop before the canary starts.
    fn is_free_of_stable(&self) -> bool {
        let stable = self.rollout.stable();
        let shelved = self.shelf.get(stable);
        let mut own = self.containers.iter().filter(|one| shelved.is_some_and(|shelved| shelved.owns(one)));
        self.rollout.is_stable_serving() || !own.any(|one| one.state.is_up())
    }

    fn is_canary_ready(&self) -> bool {
        matches!(self.probed(), Event::Probed { canary: Readiness::All, .. })
    }

    /// Whether the canary may not be started yet, as a hook has to pass before it.
    pub(in crate::engine) fn awaits_pre_deploy(&self) -> bool {
        let is_recreated = self.rollout.phase().trial().is_some_and(|trial| trial.plan.strategy == Strategy::Recreate);
        let is_preparing = self.rollout.phase().name() == PhaseName::Preparing;
        let missing = self.place().missing(&self.wanted_checks(), &self.gates.passed);
        is_recreated && is_preparing && missing == Some(Check::PreDeploy)
    }

    /// Whether a check keeps the canary from its first share, or from being given up as never ready: one that is under
    /// way, or due; or one has ended a moment ago, and the canary has its time to be ready from then on.
    fn is_gated(&self, now: Instant) -> bool {
        let Phase::Preparing { trial, .. } = self.rollout.phase() else { return false };
        let is_missing = self.place().missing(&self.wanted_checks(), &self.gates.passed).is_some();
        let is_under_way = self.gates.running().is_some() || self.due_check().is_some();
        let cleared = self.gates.cleared.and_then(|cleared| cleared.checked_add(trial.plan.ready_timeout));
        let is_ready = self.is_canary_ready();
        is_under_way || is_missing && is_ready || !is_ready && cleared.is_some_and(|end| now < end)
    }

    /// Whether the canary is waited for to be ready. Who does not see its containers does not give it up for that.
    fn is_awaited(&self) -> bool {
        self.rollout.phase().name() == PhaseName::Preparing && !self.is_canary_ready()
    }

    /// Its containers are seen again: a canary that is waited for has its time to be ready from here on.
    pub(in crate::engine) fn begin_to_see(&mut self, now: Instant) {
        if self.declared.origin.discovered().is_some() && self.is_awaited() {
            self.gates.cleared = Some(now);
        }
    }

    /// The check that stands in the way of what was decided.
    fn hindrance_of(&mut self, (next, transition): &Move) -> Option<Check> {
        let phase = self.rollout.phase();
        let wanted = self.wanted_checks();
        let is_raised_to_all = next.weight() == Weight::FULL && self.rollout.weight() < Weight::FULL;
        if is_raised_to_all && phase.name() != PhaseName::Preparing {
            let missing = (Place::Standing { is_last: true }).missing(&wanted, &self.gates.passed);
            self.gates.is_wanted_full |= missing.is_some();
            return missing;
        }
        let is_over = phase.name() == PhaseName::Probation && transition.reason == Reason::ProbationOver;
        if is_over { Place::Full.missing(&wanted, &self.gates.passed) } else { None }
    }
}

// === impl Gates ===

impl Gates {
    /// The checks of a try that is under way already, of which nothing is known.
    pub(in crate::engine) fn of(generation: Generation) -> Self {
        Self { generation, ..Self::default() }
    }

    /// The check that is under way.
    fn running(&self) -> Option<Check> {
        self.begun.iter().find(|begun| begun.end.is_none()).map(|begun| begun.check)
    }

    /// How many have ended, by check and by how.
    pub(in crate::engine) fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        self.counts.iter().map(|((check, outcome), count)| (*check, *outcome, *count))
    }
}

/// The value of the label `outcome`.
fn outcome(report: &Report, on_failure: OnFailure) -> &'static str {
    match (&report.result, on_failure) {
        (Ok(()), _) => "passed",
        (Err(_), OnFailure::Abort) => "failed",
        (Err(_), OnFailure::Ignore) => "ignored",
    }
}

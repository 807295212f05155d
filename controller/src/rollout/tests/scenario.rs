//! `given(plan).at(10).when(judged(BREACH)).then(aborted(BREACH))`: a rollout told as a sentence.

use std::time::{Duration, Instant};

use canary_config::plan::{OnBusy, Plan};
use canary_config::weight::Weight;

use super::{percent, release, start};
use crate::analysis::{Ground, Metric};
use crate::rollout::{
    Again, Command, Event, Inclination, Judgement, PhaseName, Raises, Readiness, Reason, Refusal, Rollout, Start, Stop,
    Stride, Transition, Trial,
};

pub(super) const PASS: Judgement = Judgement::Pass;
pub(super) const BREACH: Judgement = Judgement::Breach(Ground::Evidence(Metric::ErrorRate));
pub(super) const SHARED: Judgement = Judgement::Shared;
pub(super) const FAVOURABLE: Judgement = Judgement::Thin(Inclination::Favourable);
pub(super) const OPEN: Judgement = Judgement::Thin(Inclination::Open);
pub(super) const ERROR_RATE: Reason = Reason::Breach(Metric::ErrorRate);

/// A rollout of v2 over the stable v1, and how it answered last.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) rollout: Rollout,
    pub(super) answer: Result<Option<Transition>, Refusal>,
    plan: Plan,
    now: Instant,
    raises: Raises,
}

/// Where a transition led, with which weight, and why; nothing if nothing changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outcome(Option<(PhaseName, Weight, Reason)>);

/// A service that is to be rolled out by this plan.
pub(super) fn given(plan: Plan) -> Scenario {
    Scenario { rollout: Rollout::new(release("v1")), answer: Ok(None), plan, now: start(), raises: Raises::Allowed }
}

// === impl Scenario ===

impl Scenario {
    /// v2 is started and not ready.
    pub(super) fn preparing(self) -> Self {
        let plan = self.plan.clone();
        self.when(starts(start_of("v2", plan)))
    }

    /// v2 is started and all its backends are ready.
    pub(super) fn ready(self) -> Self {
        self.preparing().when(probed(Readiness::All, Readiness::All))
    }

    /// v2 has come to this share, by promotions.
    pub(super) fn at(self, share: u16) -> Self {
        let mut scenario = self.ready();
        for _ in 0..=scenario.plan.steps.len() {
            if scenario.rollout.weight() < percent(share) {
                scenario = scenario.when(commanded(Command::Promote(Stride::Next)));
            }
        }
        assert_eq!(scenario.rollout.weight(), percent(share), "the plan has such a step");
        scenario
    }

    /// Stable is lost.
    pub(super) fn paused(self) -> Self {
        self.when(probed(Readiness::None, Readiness::All))
    }

    /// This release is started in the way that is given, by the plan.
    pub(super) fn started(self, name: &str, on_busy: OnBusy) -> Self {
        let start = Start { on_busy, ..start_of(name, self.plan.clone()) };
        self.when(starts(start))
    }

    /// A freeze begins.
    pub(super) fn frozen(self) -> Self {
        Self { raises: Raises::Frozen, ..self }
    }

    /// The freeze ends.
    pub(super) fn thawed(self) -> Self {
        Self { raises: Raises::Allowed, ..self }
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// Time passes, and nobody looks.
    pub(super) fn later(mut self, duration: Duration) -> Self {
        self.now += duration;
        self
    }

    /// Time passes, and it is looked at.
    pub(super) fn ticked(self, duration: Duration) -> Self {
        self.later(duration).when(Event::Ticked)
    }

    pub(super) fn when(mut self, event: Event) -> Self {
        self.answer = self.rollout.handle(event, self.now, self.raises);
        self
    }

    /// An operator says so.
    pub(super) fn told_to(self, command: Command) -> Self {
        self.when(commanded(command))
    }

    /// The process ends and begins again; what is kept goes through its text.
    pub(super) fn restarted(mut self, stop: Stop) -> Self {
        let text = serde_json::to_string(&self.rollout.save()).expect("every state can be written");
        let saved = serde_json::from_str(&text).expect("what was written can be read");
        self.rollout = Rollout::restore(saved, stop, self.now);
        self
    }

    #[track_caller]
    pub(super) fn then(self, expected: Outcome) -> Self {
        let changed = self.answer.clone().expect("the command is allowed");
        assert_eq!(Outcome(changed.map(|change| (change.to, change.weight, change.reason))), expected);
        self
    }

    #[track_caller]
    pub(super) fn refused(self, expected: &Refusal) -> Self {
        assert_eq!(self.answer.as_ref(), Err(expected));
        self
    }

    /// What is stable, what is on trial, and what waits for its turn.
    pub(super) fn releases(&self) -> (&str, Option<&str>, Vec<&str>) {
        let rollout = &self.rollout;
        let queue = rollout.queue().iter().map(|start| start.trial.canary.as_str());
        (rollout.stable().as_str(), rollout.canary().map(|canary| canary.as_str()), queue.collect())
    }

    /// The last answer in words.
    pub(super) fn told(&self) -> String {
        match &self.answer {
            Err(refusal) => format!("refused: {refusal}"),
            Ok(None) => "nothing".into(),
            Ok(Some(change)) => {
                let (to, weight, reason) = (change.to.label(), change.weight, change.reason.label());
                let step = change.step.map_or(String::new(), |step| format!(" step {}", step + 1));
                let canary = change.canary.as_ref().map_or("nothing", |canary| canary.as_str());
                format!("{canary} {to}{step} at {weight} ({reason}), stable is {}", self.rollout.stable())
            }
        }
    }
}

// === events ===

pub(super) fn judged(judgement: Judgement) -> Event {
    Event::Judged(judgement)
}

pub(super) fn probed(stable: Readiness, canary: Readiness) -> Event {
    Event::Probed { stable, canary }
}

pub(super) fn commanded(command: Command) -> Event {
    Event::Commanded { command, generation: None }
}

/// Tries again what was sent back last.
pub(super) fn retry(plan: Plan) -> Command {
    Command::Retry { plan, is_reversible: true }
}

/// A start of this release that is refused if it was sent back before, or if another rollout is under way.
pub(super) fn start_of(name: &str, plan: Plan) -> Start {
    let trial = Trial::new(release(name), plan);
    Start { trial, again: Again::Refuse, on_busy: OnBusy::Reject }
}

/// A start of this release together with releases of these other services.
pub(super) fn started_together(name: &str, peers: &[&str], plan: Plan) -> Event {
    let peers = peers.iter().map(|peer| peer.parse().expect("a good name")).collect();
    let start = start_of(name, plan);
    starts(Start { trial: Trial { peers, ..start.trial }, ..start })
}

/// The same, of one that only a human sends back once it has served.
pub(super) fn irreversible(start: Start) -> Start {
    Start { trial: Trial { is_reversible: false, ..start.trial }, ..start }
}

pub(super) fn starts(start: Start) -> Event {
    commanded(Command::Start(start))
}

// === outcomes ===

pub(super) fn unchanged() -> Outcome {
    Outcome(None)
}

pub(super) fn draining(reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Draining, Weight::ZERO, reason)))
}

pub(super) fn preparing(reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Preparing, Weight::ZERO, reason)))
}

pub(super) fn aborted(reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Aborted, Weight::ZERO, reason)))
}

pub(super) fn progressing(share: u16, reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Progressing, percent(share), reason)))
}

pub(super) fn held(share: u16, reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Held, percent(share), reason)))
}

pub(super) fn paused(share: u16, reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Paused, percent(share), reason)))
}

pub(super) fn in_probation(reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Probation, Weight::FULL, reason)))
}

pub(super) fn completed(reason: Reason) -> Outcome {
    Outcome(Some((PhaseName::Idle, Weight::ZERO, reason)))
}

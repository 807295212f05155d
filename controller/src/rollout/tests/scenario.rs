//! `given(plan).at(10).when(judged(BREACH)).then(aborted(BREACH))`: a rollout told as a sentence.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use canary_config::plan::{OnBusy, Plan};
use canary_config::weight::Weight;

use super::{MAX, MIN, manual, percent, plan, release, start};
use crate::analysis::Metric;
use crate::rollout::{
    Again, Command, Event, Inclination, Judgement, PhaseName, Raises, Readiness, Reason, Refusal, Rollout, Start, Stop,
    Stride, Transition, Trial,
};

pub(super) const PASS: Judgement = Judgement::Pass;
pub(super) const BREACH: Judgement = Judgement::Breach(Metric::ErrorRate);
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

/// A scenario in every phase, by name. The plan goes through 10 % and 25 %.
pub(super) fn every_phase() -> Vec<(&'static str, Scenario)> {
    let given = || given(plan(&[10, 25]));
    vec![
        ("idle", given()),
        ("preparing", given().preparing()),
        ("progressing at the first step", given().at(10)),
        ("progressing at the last step", given().at(25)),
        ("held, evidence is thin", given().at(10).later(MAX).when(judged(OPEN))),
        ("held, approval is wanted", self::given(manual(plan(&[10, 25]))).at(10).later(MIN).when(judged(PASS))),
        ("paused", given().at(10).paused()),
        ("in probation", given().at(100)),
        ("aborted", given().at(10).when(judged(BREACH))),
    ]
}

// === impl Scenario ===

impl Scenario {
    /// v2 is started and not ready.
    pub(super) fn preparing(self) -> Self {
        let plan = self.plan.clone();
        self.when(commanded(Command::Start(start_of("v2", plan))))
    }

    /// v2 has come to this share, by promotions.
    pub(super) fn at(self, share: u16) -> Self {
        let mut scenario = self.preparing().when(probed(Readiness::All, Readiness::All));
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

    /// Time passes, and nobody looks.
    pub(super) fn later(mut self, duration: Duration) -> Self {
        self.now += duration;
        self
    }

    pub(super) fn when(mut self, event: Event) -> Self {
        self.answer = self.rollout.handle(event, self.now, self.raises);
        self
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

    /// The last answer in words.
    pub(super) fn told(&self) -> String {
        match &self.answer {
            Err(refusal) => format!("refused: {refusal}"),
            Ok(None) => "nothing".into(),
            Ok(Some(change)) => {
                let (to, weight, reason) = (change.to.label(), change.weight, change.reason.label());
                let step = change.step.map_or(String::new(), |step| format!(" step {}", step + 1));
                format!("{to}{step} at {weight} ({reason}), stable is {}", self.rollout.stable())
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

/// A start of this release that is refused if it was sent back before, or if another rollout is under way.
pub(super) fn start_of(name: &str, plan: Plan) -> Start {
    let trial = Trial { canary: release(name), plan, peers: BTreeSet::new() };
    Start { trial, again: Again::Refuse, on_busy: OnBusy::Reject }
}

// === outcomes ===

pub(super) fn unchanged() -> Outcome {
    Outcome(None)
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

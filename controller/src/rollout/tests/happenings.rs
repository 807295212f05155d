//! What can happen to a process that holds a rollout.

use std::fmt;
use std::time::Duration;

use canary_config::plan::{OnBusy, Plan};

use super::scenario::{
    BREACH, FAVOURABLE, OPEN, PASS, SHARED, commanded, irreversible, judged, probed, retry, start_of, starts,
};
use crate::analysis::{BlastLimit, BreakerRule, Ground, Metric};
use crate::rollout::{Again, Charge, Command, Event, Judgement, Raises, Readiness, Start, Stop, Stride};

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "as the event in it")]
pub(super) enum Happening {
    Told(Event),
    Passed(Duration),
    Restarted(Stop),
    /// A freeze begins or ends.
    Ruled(Raises),
}

// === impl Happening ===

impl fmt::Debug for Happening {
    /// Without the plan of a start, which would hide the way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(Event::Commanded { command: Command::Start(start), generation: None }) => {
                let Start { trial, again, on_busy } = start;
                write!(f, "start {} by {} ({again:?}, {on_busy:?})", trial.canary, trial.plan.strategy)
            }
            Self::Told(Event::Commanded { command: Command::Retry { .. }, generation: None }) => f.write_str("retry"),
            Self::Told(event) => event.fmt(f),
            Self::Passed(duration) => write!(f, "{duration:?} passed"),
            Self::Restarted(stop) => write!(f, "restarted, {stop:?}"),
            Self::Ruled(raises) => raises.fmt(f),
        }
    }
}

/// Everything that can happen to a release that has the service for itself, once each; time passes by seconds.
pub(super) fn everything(plan: &Plan) -> Vec<Happening> {
    let start = |name| Command::Start(Start { again: Again::Force, ..start_of(name, plan.clone()) });
    let commands = [start("v1"), start("v2"), retry(plan.clone())].into_iter().chain(verbs());
    let readiness = [Readiness::None, Readiness::Some, Readiness::All];
    let probes = readiness.iter().flat_map(|stable| readiness.iter().map(|canary| probed(*stable, *canary)));
    let events = commands.map(commanded).chain(probes);
    let events = events.chain([PASS, BREACH, SHARED, FAVOURABLE, OPEN].map(judged));
    let release = |name: &str| name.parse().expect("a good name");
    let adopt = commanded(Command::Adopt(release("v2")));
    let events = events.chain([Event::Charged(Charge::Died), Event::Replaced(release("v2")), adopt]);
    let events = events.chain([Event::Drained, Event::PeerAborted, Event::Ticked]);
    events.map(Happening::Told).chain(outside()).collect()
}

/// The same where only a human sends back what has served.
pub(super) fn everything_for_good(plan: &Plan) -> Vec<Happening> {
    let for_good = |happening| match happening {
        Happening::Told(Event::Commanded { command: Command::Start(start), generation }) => {
            Happening::Told(Event::Commanded { command: Command::Start(irreversible(start)), generation })
        }
        Happening::Told(Event::Commanded { command: Command::Retry { plan, .. }, generation }) => {
            let command = Command::Retry { plan, is_reversible: false };
            Happening::Told(Event::Commanded { command, generation })
        }
        other => other,
    };
    everything(plan).into_iter().map(for_good).collect()
}

/// A breach on every other ground.
pub(super) fn other_breaches() -> impl Iterator<Item = Happening> {
    let grounds = [
        Ground::Guardrail(Metric::LatencyP99),
        Ground::Breaker(BreakerRule::NeverHealthy),
        Ground::BlastRadius(BlastLimit::Users),
    ];
    grounds.into_iter().map(|ground| Happening::Told(judged(Judgement::Breach(ground))))
}

/// Everything that several releases can do to each other; what one does alone is thinned out.
pub(super) fn everything_at_once(plan: &Plan, other: &Plan) -> Vec<Happening> {
    let start = |name, plan: &Plan, again, on_busy| starts(Start { again, on_busy, ..start_of(name, plan.clone()) });
    let events = [
        start("v2", plan, Again::Refuse, OnBusy::Reject),
        start("v2", plan, Again::Force, OnBusy::Supersede),
        start("v3", other, Again::Refuse, OnBusy::Supersede),
        start("v3", other, Again::Refuse, OnBusy::Queue),
        start("v1", plan, Again::Force, OnBusy::Queue),
        start("v1", plan, Again::Force, OnBusy::Supersede),
        commanded(retry(plan.clone())),
        probed(Readiness::All, Readiness::All),
        probed(Readiness::All, Readiness::None),
        probed(Readiness::None, Readiness::All),
        judged(PASS),
        judged(BREACH),
        judged(SHARED),
        Event::Drained,
        Event::Ticked,
    ];
    events.into_iter().chain(verbs().map(commanded)).map(Happening::Told).chain(outside()).collect()
}

fn verbs() -> impl Iterator<Item = Command> {
    let promotions = [Stride::Next, Stride::Full].map(Command::Promote);
    promotions.into_iter().chain([Command::Pause, Command::Resume, Command::Abort, Command::Undo])
}

fn outside() -> impl Iterator<Item = Happening> {
    let second = Happening::Passed(Duration::from_secs(1));
    let rules = [Raises::Allowed, Raises::Frozen, Raises::Gated].map(Happening::Ruled);
    [Stop::Orderly, Stop::Unclean].map(Happening::Restarted).into_iter().chain(rules).chain([second])
}

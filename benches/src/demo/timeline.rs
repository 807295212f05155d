//! When which weight was in force, by what canaryd's history says.

use std::time::Duration;

use canary_config::weight::Weight;
use canary_controller::api::History;
use canary_controller::rollout::PhaseName;

use crate::clock::{Moment, NoDate};

/// What is left out on both sides of a change of weight: a raise is stored before it is in force, and requests in
/// flight belong to both sides.
pub(super) const MARGIN: Duration = Duration::from_millis(250);

/// Every change, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Timeline {
    turns: Vec<Turn>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turn {
    /// When.
    pub(super) at: Moment,
    /// The release on trial.
    pub(super) canary: String,
    /// Its share from now on.
    pub(super) weight: Weight,
    /// The phase from now on.
    pub(super) to: PhaseName,
    /// Why.
    pub(super) reason: &'static str,
}

/// A time in which a release had one weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// The release.
    pub(super) canary: String,
    /// Its share.
    pub(super) weight: Weight,
    /// From then on.
    pub(super) from: Moment,
    /// Until then.
    pub(super) until: Moment,
}

// === impl Timeline ===

impl Timeline {
    /// Reads canaryd's own history.
    pub(super) fn read(history: &History) -> Result<Self, NoDate> {
        let mut entries: Vec<_> = history.entries.iter().collect();
        entries.sort_by_key(|entry| entry.id);
        let turn = |entry: &canary_controller::api::HistoryEntry| {
            let transition = entry.transition.as_ref()?;
            let canary = transition.canary.as_ref()?.to_string();
            let (weight, to, reason) = (transition.weight, transition.to, transition.reason.label());
            Some(Moment::from_rfc3339(&entry.at).map(|at| Turn { at, canary, weight, to, reason }))
        };
        Ok(Self { turns: entries.into_iter().filter_map(turn).collect::<Result<_, _>>()? })
    }

    /// The spans in which a release had a share, and the one in which it had lost it again, until `end`.
    pub(super) fn spans(&self, canary: &str, end: Moment) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for turn in self.of(canary) {
            if let Some(last) = spans.last_mut() {
                if last.weight == turn.weight {
                    continue;
                }
                last.until = turn.at;
            } else if turn.weight == Weight::ZERO {
                continue;
            }
            spans.push(Span { canary: canary.into(), weight: turn.weight, from: turn.at, until: end });
        }
        spans
    }

    /// How a release was sent back, if it was.
    pub(super) fn retreat(&self, canary: &str) -> Option<&Turn> {
        self.of(canary).rfind(|turn| turn.to == PhaseName::Aborted)
    }

    /// The first change after this moment that gave a release a share.
    pub(super) fn next_raise(&self, after: Moment) -> Option<&Turn> {
        self.turns.iter().find(|turn| turn.at > after && turn.weight > Weight::ZERO)
    }

    fn of(&self, canary: &str) -> impl DoubleEndedIterator<Item = &Turn> {
        self.turns.iter().filter(move |turn| turn.canary == canary)
    }
}

// === impl Span ===

impl Span {
    /// Whether only this weight was in force at this moment, beyond doubt.
    pub(super) fn contains(&self, moment: Moment) -> bool {
        self.from.after(MARGIN) <= moment && moment < self.until.before(MARGIN)
    }
}

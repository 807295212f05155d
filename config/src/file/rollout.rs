//! `[services.NAME.rollout]`: how a new release is brought in.

use std::ops::Range;
use std::time::Duration;

use humantime::format_duration;
use serde::Deserialize;
use serde_spanned::Spanned;

use super::duration::{WAIT, WAIT_OR_NONE, WrittenDuration};
use super::problems::Section;
use super::step::{self, WrittenStep};
use crate::criteria::{Alpha, Criteria};
use crate::defaults::{STEP_MAX_DURATION, STEP_MIN_DURATION};
use crate::plan::{OnThinEvidence, Plan, Strategy};
use crate::quoted::Quoted;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenRollout {
    strategy: Option<Spanned<String>>,
    steps: Option<Spanned<Vec<Spanned<WrittenStep>>>>,
    min_duration: Option<Spanned<WrittenDuration>>,
    max_duration: Option<Spanned<WrittenDuration>>,
    ready_timeout: Option<Spanned<WrittenDuration>>,
    on_thin_evidence: Option<Spanned<String>>,
    probation: Option<Spanned<WrittenDuration>>,
    alpha: Option<Spanned<f64>>,
}

/// How long a step lasts at least, and how long it waits for evidence.
#[derive(Clone, Copy)]
pub(super) struct Stay {
    pub(super) min: Duration,
    pub(super) max: Duration,
}

// === impl WrittenRollout ===

impl WrittenRollout {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Plan {
        let default = Plan::default();
        let stay = Stay { min: STEP_MIN_DURATION, max: STEP_MAX_DURATION };
        let stay = stay.changed(self.min_duration, self.max_duration, section);
        Plan {
            strategy: self.strategy.map_or(default.strategy, |strategy| {
                section.choice("strategy", &strategy, strategy_of, default.strategy)
            }),
            steps: match self.steps {
                Some(steps) => step::meant(steps, stay, section),
                None => default.steps.iter().map(|step| stay.of(step)).collect(),
            },
            ready_timeout: section.duration("ready_timeout", self.ready_timeout, WAIT, default.ready_timeout),
            on_thin_evidence: self.on_thin_evidence.map_or(default.on_thin_evidence, |choice| {
                section.choice("on_thin_evidence", &choice, on_thin_evidence_of, default.on_thin_evidence)
            }),
            probation: section.duration("probation", self.probation, WAIT_OR_NONE, default.probation),
            criteria: Criteria { alpha: alpha(self.alpha.as_ref(), section) },
            on_busy: default.on_busy,
            drain_timeout: default.drain_timeout,
        }
    }
}

fn alpha(written: Option<&Spanned<f64>>, section: &mut Section<'_, '_>) -> Alpha {
    let Some(written) = written else { return Alpha::DEFAULT };
    Alpha::new(*written.get_ref()).unwrap_or_else(|| {
        let text = section.source().slice(&written.span());
        let message = format!("{} is not between 0 and 0.5; write a probability of error, such as 0.05", Quoted(text));
        section.report("alpha", &written.span(), message);
        Alpha::DEFAULT
    })
}

fn strategy_of(text: &str) -> Result<Strategy, String> {
    match text {
        "canary" => Ok(Strategy::Canary),
        "blue-green" | "rolling" | "recreate" => {
            Err(format!("{} is not available yet; write \"{}\"", Quoted(text), Strategy::Canary))
        }
        _ => Err(format!("{} is not a strategy; write \"{}\"", Quoted(text), Strategy::Canary)),
    }
}

fn on_thin_evidence_of(text: &str) -> Result<OnThinEvidence, String> {
    let all = [OnThinEvidence::Hold, OnThinEvidence::Promote, OnThinEvidence::Abort];
    let chosen = all.into_iter().find(|choice| choice.as_str() == text);
    chosen.ok_or_else(|| format!("{} is not a choice; write \"hold\", \"promote\" or \"abort\"", Quoted(text)))
}

// === impl Section ===

impl Section<'_, '_> {
    /// The choice that a key of this table gives, by the function that knows all of them.
    fn choice<T>(
        &mut self,
        name: &str,
        written: &Spanned<String>,
        read: impl FnOnce(&str) -> Result<T, String>,
        default: T,
    ) -> T {
        read(written.get_ref()).unwrap_or_else(|message| {
            self.report(name, &written.span(), message);
            default
        })
    }
}

// === impl Stay ===

impl Stay {
    /// The same with what this table says. A least time above the most is reported once, where it is written.
    pub(super) fn changed(
        self,
        min_duration: Option<Spanned<WrittenDuration>>,
        max_duration: Option<Spanned<WrittenDuration>>,
        section: &mut Section<'_, '_>,
    ) -> Self {
        let place = |written: &Option<Spanned<WrittenDuration>>| written.as_ref().map(Spanned::span);
        let (min_place, max_place): (Option<Range<usize>>, _) = (place(&min_duration), place(&max_duration));
        let changed = Self {
            min: section.duration("min_duration", min_duration, WAIT_OR_NONE, self.min),
            max: section.duration("max_duration", max_duration, WAIT, self.max),
        };
        let (min, max) = (format_duration(changed.min), format_duration(changed.max));
        match (min_place, max_place) {
            _ if changed.min <= changed.max => {}
            (Some(place), _) => {
                let message = format!("{min} is longer than max_duration ({max}); lower it or raise max_duration");
                section.report("min_duration", &place, message);
            }
            (None, Some(place)) => {
                let message = format!("{max} is shorter than min_duration ({min}); raise it or lower min_duration");
                section.report("max_duration", &place, message);
            }
            // What the table above says is wrong, and has been reported there.
            (None, None) => {}
        }
        changed
    }
}

//! `[services.NAME.rollout]`: how a new release is brought in.

use std::collections::BTreeMap;
use std::mem::take;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::approval::{Approval, WrittenApproval};
use super::cohort;
use super::count::WrittenCount;
use super::criteria::{WrittenBlastRadius, WrittenCriteria, WrittenGuardrails};
use super::duration::{WAIT, WAIT_OR_NONE, WrittenDuration};
use super::problems::Section;
use super::stay::Stay;
use super::step::{self, WrittenStep};
use crate::criteria::Profile;
use crate::defaults::{self, ROLLING_MIN_DURATION, STEP_MAX_DURATION, STEP_MIN_DURATION};
use crate::name::ReleaseId;
use crate::origin::Release;
use crate::plan::{Gate, OnBusy, OnThinEvidence, Plan, Step, Strategy};
use crate::weight::Weight;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenRollout {
    strategy: Option<Spanned<String>>,
    steps: Option<Spanned<Vec<Spanned<WrittenStep>>>>,
    batch: Option<Spanned<WrittenCount>>,
    pause: Option<Spanned<String>>,
    deadline: Option<Spanned<WrittenDuration>>,
    min_duration: Option<Spanned<WrittenDuration>>,
    max_duration: Option<Spanned<WrittenDuration>>,
    ready_timeout: Option<Spanned<WrittenDuration>>,
    on_thin_evidence: Option<Spanned<String>>,
    probation: Option<Spanned<WrittenDuration>>,
    assignment: Option<Spanned<String>>,
    profile: Option<Spanned<String>>,
    alpha: Option<Spanned<f64>>,
    guardrails: WrittenGuardrails,
    blast_radius: WrittenBlastRadius,
    on_busy: Option<Spanned<String>>,
    drain_timeout: Option<Spanned<WrittenDuration>>,
}

// === impl WrittenRollout ===

impl WrittenRollout {
    pub(super) fn meant(mut self, releases: &BTreeMap<ReleaseId, Release>, section: &mut Section<'_, '_>) -> Plan {
        let default = Plan::default();
        let strategy =
            self.strategy.as_ref().map(|word| section.choice("strategy", word, &Strategy::ALL, Strategy::as_str));
        // Where the strategy is no choice, nobody knows which keys it should have.
        if let Some(strategy) = strategy.unwrap_or(Some(default.strategy)) {
            section.foreign_keys(strategy, &self.places());
        }
        let strategy = strategy.flatten().unwrap_or(default.strategy);
        let policy_place = place(&self.on_thin_evidence);
        let batch_place = place(&self.strategy).map(|written| ("strategy", written));
        let batch_place = place(&self.batch).map(|written| ("batch", written)).or(batch_place);
        let assignment = cohort::meant(self.assignment.as_ref(), strategy, section);
        let written = WrittenCriteria {
            profile: self.profile.take(),
            alpha: self.alpha.take(),
            guardrails: take(&mut self.guardrails),
            blast_radius: take(&mut self.blast_radius),
        };
        let criteria = written.meant(assignment.as_ref(), section);
        let mut plan = Plan {
            strategy,
            ready_timeout: section.duration("ready_timeout", self.ready_timeout.take(), WAIT, default.ready_timeout),
            on_thin_evidence: word(&self.on_thin_evidence, |written| {
                section.choice("on_thin_evidence", written, &OnThinEvidence::ALL, OnThinEvidence::as_str)
            })
            .unwrap_or(default.on_thin_evidence),
            probation: probation(self.probation.take(), default.probation, section),
            criteria,
            assignment: assignment.unwrap_or_default(),
            on_busy: word(&self.on_busy, |written| section.choice("on_busy", written, &OnBusy::ALL, OnBusy::as_str))
                .unwrap_or(default.on_busy),
            drain_timeout: section.duration(
                "drain_timeout",
                self.drain_timeout.take(),
                WAIT_OR_NONE,
                default.drain_timeout,
            ),
            steps: default.steps,
        };
        match strategy {
            Strategy::Canary => {
                plan.steps = self.canary(plan.criteria.profile, section);
                let is_manual = |step: &Step| matches!(step.gate, Gate::Manual { .. });
                if let Some(place) = policy_place
                    && plan.on_thin_evidence == OnThinEvidence::Promote
                    && plan.steps.iter().all(is_manual)
                {
                    let message = "every step waits for a human, so none is passed by itself; write \"hold\"";
                    section.warn("on_thin_evidence", &place, message);
                }
            }
            Strategy::BlueGreen => plan.steps = vec![self.blue_green(section)],
            Strategy::Rolling => {
                let (step, batch) = self.rolling(section);
                plan.steps = vec![step];
                if let Some((name, place)) = &batch_place {
                    section.instances_fit(&plan, batch, releases, (name, place));
                }
            }
            Strategy::Recreate => plan.steps.clear(),
        }
        plan
    }

    /// The keys that not every strategy has, and where they are written.
    fn places(&self) -> [(&'static str, Option<Range<usize>>); 7] {
        [
            ("steps", place(&self.steps)),
            ("batch", place(&self.batch)),
            ("pause", place(&self.pause)),
            ("deadline", place(&self.deadline)),
            ("min_duration", place(&self.min_duration)),
            ("max_duration", place(&self.max_duration)),
            ("on_thin_evidence", place(&self.on_thin_evidence)),
        ]
    }

    /// The shares that a canary goes through.
    fn canary(self, profile: Profile, section: &mut Section<'_, '_>) -> Vec<Step> {
        let tables =
            self.steps.as_ref().and_then(|steps| steps.get_ref().split_last()).map_or(&[][..], |(_, below)| below);
        let each_says = |name| !tables.is_empty() && tables.iter().all(|step| step.get_ref().says(name));
        for (name, place) in [("min_duration", place(&self.min_duration)), ("max_duration", place(&self.max_duration))]
        {
            if let Some(place) = place.filter(|_| each_says(name)) {
                section.warn(name, &place, "every step has its own, so this is for none; remove it");
            }
        }
        if self.pause.is_none() && !tables.iter().any(|step| step.get_ref().says("pause")) {
            section.no_human(place(&self.deadline));
        }
        let written = WrittenApproval { pause: self.pause, deadline: self.deadline };
        let stay = Stay { min: STEP_MIN_DURATION, max: STEP_MAX_DURATION };
        let stay = stay.changed(self.min_duration, self.max_duration, section);
        let approval = Approval::DEFAULT.by_default(written, section);
        match self.steps {
            Some(steps) => step::meant(steps, stay, approval, section),
            None => defaults::weights(profile).map(|weight| stay.at(weight, approval.gate(Gate::Evidence))).collect(),
        }
    }

    /// The step at which the new release stands ready and has no request yet.
    fn blue_green(self, section: &mut Section<'_, '_>) -> Step {
        let min_place = place(&self.min_duration);
        let min = section.duration("min_duration", self.min_duration, WAIT_OR_NONE, Duration::ZERO);
        let written = WrittenApproval { pause: self.pause, deadline: self.deadline };
        let gate = Approval::DEFAULT.changed(written, section).gate(Gate::Time);
        if let Some(place) = min_place.filter(|_| gate != Gate::Time) {
            section.warn(
                "min_duration",
                &place,
                "a human decides when it has stood ready for long enough; remove this",
            );
        }
        Stay { min, max: min }.at(Weight::ZERO, gate)
    }

    /// The step that all steps of a rolling release are made from, and how many instances join in each of them.
    fn rolling(self, section: &mut Section<'_, '_>) -> (Step, NonZeroUsize) {
        let batch = section.batch("batch", self.batch.as_ref());
        let min = section.duration("min_duration", self.min_duration, WAIT_OR_NONE, ROLLING_MIN_DURATION);
        (Step { instances: Some(batch), ..Stay { min, max: min }.at(Weight::ZERO, Gate::Time) }, batch)
    }
}

fn place<T>(written: &Option<Spanned<T>>) -> Option<Range<usize>> {
    written.as_ref().map(Spanned::span)
}

fn word<T>(written: &Option<Spanned<String>>, choose: impl FnOnce(&Spanned<String>) -> Option<T>) -> Option<T> {
    written.as_ref().and_then(choose)
}

fn probation(written: Option<Spanned<WrittenDuration>>, default: Duration, section: &mut Section<'_, '_>) -> Duration {
    let place = place(&written);
    let probation = section.duration("probation", written, WAIT_OR_NONE, default);
    if let Some(place) = place.filter(|_| probation.is_zero()) {
        let message = "the old release leaves at 100% at once, so there is nothing to undo and nobody watches the new \
                       one; write a time, such as \"10m\"";
        section.warn("probation", &place, message);
    }
    probation
}

//! `steps`: the weights of a rollout, rising to 100 %.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_spanned::Spanned;

use super::approval::{Approval, WrittenApproval};
use super::duration::WrittenDuration;
use super::percent::{WEIGHT, WrittenPercent};
use super::problems::Section;
use super::stay::Stay;
use crate::plan::{Gate, STEPS_MAX, Step};
use crate::weight::Weight;

/// A step as it is written: its weight alone, or a table.
pub(super) enum WrittenStep {
    Weight(WrittenPercent),
    Table(WrittenStepTable),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenStepTable {
    weight: Option<Spanned<WrittenPercent>>,
    min_duration: Option<Spanned<WrittenDuration>>,
    max_duration: Option<Spanned<WrittenDuration>>,
    pause: Option<Spanned<String>>,
    deadline: Option<Spanned<WrittenDuration>>,
}

struct StepVisitor;

/// The steps below 100 %.
pub(super) fn meant(
    written: Spanned<Vec<Spanned<WrittenStep>>>,
    stay: Stay,
    approval: Approval,
    section: &mut Section<'_, '_>,
) -> Vec<Step> {
    let (place, count) = (written.span(), written.get_ref().len());
    if count == 0 {
        section.report("steps", &place, "there is no step; write some, such as [10, 25, 100]");
    }
    if count > STEPS_MAX {
        section.report("steps", &place, format_args!("{count} steps are too many; write at most {STEPS_MAX}"));
        return Vec::new();
    }
    let mut steps: Vec<Step> = Vec::new();
    let (mut before, mut last) = (Weight::ZERO, None);
    for (index, step) in written.into_inner().into_iter().enumerate() {
        let place = step.span();
        let mut section = section.item("steps", index);
        let step = step.into_inner().meant(&place, stay, approval, &mut section);
        last = step.as_ref().map(|step| (step.weight, place.clone()));
        let Some(step) = step else { continue };
        if step.weight <= before {
            section.report_self(&place, not_rising(step.weight, before));
        }
        before = step.weight;
        steps.push(step);
    }
    if let Some((weight, place)) = last {
        let mut section = section.item("steps", count - 1);
        if count == 1 && weight == Weight::FULL {
            section.report_self(&place, "100% alone is no canary; write a step below it, such as [10, 100]");
        } else if weight != Weight::FULL {
            section.report_self(&place, format_args!("the last step must be 100, not {weight}; write 100 after it"));
        }
    }
    steps.retain(|step| step.weight < Weight::FULL);
    steps
}

fn not_rising(weight: Weight, before: Weight) -> String {
    if weight == Weight::ZERO {
        return "0% is where a rollout begins, not a step; write a weight above it".into();
    }
    format!("{weight} does not exceed the step before it ({before}); weights must rise")
}

// === impl WrittenStep ===

impl WrittenStep {
    /// Whether it has a table of its own with this key.
    pub(super) fn says(&self, name: &str) -> bool {
        match (self, name) {
            (Self::Table(table), "min_duration") => table.min_duration.is_some(),
            (Self::Table(table), "max_duration") => table.max_duration.is_some(),
            (Self::Table(table), "pause") => table.pause.is_some(),
            (Self::Weight(_) | Self::Table(_), _) => false,
        }
    }

    /// The step, unless its weight is none; then it takes no part in the comparison with its neighbours.
    fn meant(
        self,
        place: &Range<usize>,
        stay: Stay,
        approval: Approval,
        section: &mut Section<'_, '_>,
    ) -> Option<Step> {
        let (weight, table) = match self {
            Self::Weight(weight) => (weight_of(&weight, None, place, section), WrittenStepTable::default()),
            Self::Table(mut table) => match table.weight.take() {
                Some(weight) => {
                    let place = weight.span();
                    (weight_of(weight.get_ref(), Some("weight"), &place, section), table)
                }
                None => {
                    section.report_self(place, "`weight` is missing; write one, such as { weight = 10 }");
                    (None, table)
                }
            },
        };
        if weight == Some(Weight::FULL) {
            table.refuse_all(section);
            return Some(stay.at(Weight::FULL, Gate::Evidence));
        }
        let stay = stay.changed(table.min_duration, table.max_duration, section);
        let written = WrittenApproval { pause: table.pause, deadline: table.deadline };
        let approval = approval.changed(written, section);
        Some(stay.at(weight?, approval.gate(Gate::Evidence)))
    }
}

fn weight_of(
    written: &WrittenPercent,
    name: Option<&str>,
    place: &Range<usize>,
    section: &mut Section<'_, '_>,
) -> Option<Weight> {
    let key = name.map_or_else(|| section.key().clone(), |name| section.key().child(name));
    written.0.parse().map_err(|error| section.report_at(&key, place, error)).ok()
}

// === impl WrittenStepTable ===

impl WrittenStepTable {
    /// At 100 % there is nothing to wait for.
    fn refuse_all(self, section: &mut Section<'_, '_>) {
        let places = [
            ("min_duration", self.min_duration.map(|written| written.span())),
            ("max_duration", self.max_duration.map(|written| written.span())),
            ("pause", self.pause.map(|written| written.span())),
            ("deadline", self.deadline.map(|written| written.span())),
        ];
        for (name, place) in places {
            if let Some(place) = place {
                section.report(
                    name,
                    &place,
                    "the step at 100% has only a weight, as probation is its time; remove this",
                );
            }
        }
    }
}

// === impl StepVisitor ===

impl<'de> Deserialize<'de> for WrittenStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

impl<'de> Visitor<'de> for StepVisitor {
    type Value = WrittenStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a step")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        WEIGHT.visit_str(text).map(WrittenPercent).map(WrittenStep::Weight)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        WEIGHT.visit_i64(number).map(WrittenPercent).map(WrittenStep::Weight)
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        WEIGHT.visit_f64(number).map(WrittenPercent).map(WrittenStep::Weight)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        WrittenStepTable::deserialize(MapAccessDeserializer::new(map)).map(WrittenStep::Table)
    }
}

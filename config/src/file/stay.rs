//! `min_duration` and `max_duration`: how long a step lasts.

use std::ops::Range;
use std::time::Duration;

use humantime::format_duration;
use serde_spanned::Spanned;

use super::duration::{WAIT, WAIT_OR_NONE, WrittenDuration};
use super::problems::Section;
use crate::plan::{Gate, Step};
use crate::weight::Weight;

/// How long a step lasts at least, and how long it waits for evidence.
#[derive(Clone, Copy)]
pub(super) struct Stay {
    pub(super) min: Duration,
    pub(super) max: Duration,
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

    /// A step at this weight.
    pub(super) fn at(self, weight: Weight, gate: Gate) -> Step {
        Step { weight, instances: None, min_duration: self.min, max_duration: self.max, gate }
    }
}

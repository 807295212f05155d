//! `batch`: how many instances of a rolling release join at a time, and what becomes of each release with it.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;

use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::problems::Section;
use crate::name::ReleaseId;
use crate::origin::Release;
use crate::plan::{Plan, STEPS_MAX};

/// More instances than any one file has.
const BATCH_MAX: usize = 10_000;

// === impl Section ===

impl Section<'_, '_> {
    /// How many instances a key of this table lets join at a time. Default one.
    pub(super) fn batch(&mut self, name: &str, written: Option<&Spanned<WrittenCount>>) -> NonZeroUsize {
        let batch = self.count(name, written, &(1..=BATCH_MAX), 1);
        NonZeroUsize::new(batch).unwrap_or(NonZeroUsize::MIN)
    }

    /// A release that joins whole, or faster than it was asked to, is a surprise better had now.
    pub(super) fn instances_fit(
        &mut self,
        plan: &Plan,
        batch: NonZeroUsize,
        releases: &BTreeMap<ReleaseId, Release>,
        (name, place): (&str, &Range<usize>),
    ) {
        for (id, release) in releases {
            let Some(instances) = NonZeroUsize::new(release.backends.len()) else { continue };
            match plan.for_instances(instances).steps.first().and_then(|step| step.instances) {
                None => {
                    let message = format!(
                        "release {id} takes all requests at once, as {}; write strategy = \"canary\" to go by shares",
                        counted(instances, batch)
                    );
                    self.warn(name, place, message);
                }
                Some(joining) if joining > batch => {
                    let message = format!(
                        "{joining} instances of release {id} join at a time, as it has {instances} and a rollout at \
                         most {STEPS_MAX} steps; write batch = {joining} or more"
                    );
                    self.warn(name, place, message);
                }
                Some(_) => {}
            }
        }
    }
}

fn counted(instances: NonZeroUsize, batch: NonZeroUsize) -> String {
    if instances == NonZeroUsize::MIN {
        return "it has one instance".into();
    }
    format!("it has {instances} instances and {batch} join at a time")
}

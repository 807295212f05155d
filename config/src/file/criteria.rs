//! `profile`, `alpha`, `[..guardrails]` and `[..blast_radius]`: what the judge must be sure of, and what it never waits
//! to be sure of.

use std::num::NonZeroU64;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{DURATION_MAX, WAIT, WrittenDuration};
use super::percent::WrittenPercent;
use super::problems::Section;
use crate::cohort::Assignment;
use crate::criteria::{Alpha, BlastRadius, Criteria, Guardrails, Profile};
use crate::quoted::Quoted;

/// A budget above this is none.
const BUDGET_MAX: u64 = 1_000_000_000;

/// The keys of a rollout that are about its verdicts.
pub(super) struct WrittenCriteria {
    pub(super) profile: Option<Spanned<String>>,
    pub(super) alpha: Option<Spanned<f64>>,
    pub(super) guardrails: WrittenGuardrails,
    pub(super) blast_radius: WrittenBlastRadius,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenGuardrails {
    error_rate: Option<Spanned<WrittenPercent>>,
    p99: Option<Spanned<WrittenDuration>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenBlastRadius {
    max_failed_requests: Option<Spanned<WrittenCount>>,
    max_users: Option<Spanned<WrittenCount>>,
}

// === impl WrittenCriteria ===

impl WrittenCriteria {
    /// `assignment` is nothing where what is written is none.
    pub(super) fn meant(self, assignment: Option<&Assignment>, section: &mut Section<'_, '_>) -> Criteria {
        let profile =
            self.profile.and_then(|written| section.choice("profile", &written, &Profile::ALL, Profile::as_str));
        let profile = profile.unwrap_or_default();
        Criteria {
            alpha: alpha(self.alpha.as_ref(), profile.alpha(), section),
            profile,
            guardrails: self.guardrails.meant(&mut section.child("guardrails")),
            blast_radius: self.blast_radius.meant(assignment, &mut section.child("blast_radius")),
        }
    }
}

fn alpha(written: Option<&Spanned<f64>>, default: Alpha, section: &mut Section<'_, '_>) -> Alpha {
    let Some(written) = written else { return default };
    Alpha::new(*written.get_ref()).unwrap_or_else(|| {
        let text = section.source().slice(&written.span());
        let message = format!("{} is not between 0 and 0.5; write a probability of error, such as 0.05", Quoted(text));
        section.report("alpha", &written.span(), message);
        default
    })
}

// === impl WrittenGuardrails ===

impl WrittenGuardrails {
    fn meant(self, section: &mut Section<'_, '_>) -> Guardrails {
        let is_p99 = self.p99.is_some();
        let p99 = section.duration("p99", self.p99, WAIT, DURATION_MAX);
        Guardrails { error_rate: section.rate("error_rate", self.error_rate.as_ref()), p99: is_p99.then_some(p99) }
    }
}

// === impl WrittenBlastRadius ===

impl WrittenBlastRadius {
    fn meant(self, assignment: Option<&Assignment>, section: &mut Section<'_, '_>) -> BlastRadius {
        if let Some(users) = &self.max_users
            && assignment.is_some_and(|assignment| !assignment.is_keyed())
        {
            let message = "nobody knows one client from another where each request falls anew; write assignment = \
                           \"cookie\" in the rollout, or remove this";
            section.report("max_users", &users.span(), message);
        }
        BlastRadius {
            max_failed_requests: budget("max_failed_requests", self.max_failed_requests.as_ref(), section),
            max_users: budget("max_users", self.max_users.as_ref(), section),
        }
    }
}

fn budget(name: &str, written: Option<&Spanned<WrittenCount>>, section: &mut Section<'_, '_>) -> Option<NonZeroU64> {
    NonZeroU64::new(section.count(name, written, &(1..=BUDGET_MAX), 0))
}

//! What a canary's containers use beside stable's, held against the limits of its service.

use std::time::Instant;

use canary_config::name::{ReleaseId, ServiceName};
use canary_config::usage::UsageLimits;
use canary_proxy::pool::BackendId;

use crate::analysis::Arms;
use crate::api::LimitStatus;
use crate::docker::excess::{Comparison, Opinion, Resource, Silence, Standing, Used};
use crate::docker::sighting::ContainerId;
use crate::engine::Engine;
use crate::engine::cause::Cause;
use crate::engine::input::Author;
use crate::engine::managed::Managed;
use crate::rollout::{Charge, Readiness, Reason};

// === impl Engine ===

impl Engine {
    /// Sends back the canary of a service that uses too much, and says how much that is.
    pub(super) fn charge_excess(&mut self, service: &ServiceName) {
        let Some(managed) = self.services.get(service) else { return };
        let Some((charge, note)) = managed.excess() else { return };
        if let Some(seen) = self.charged(service, charge) {
            let author = Author { note: Some(note), ..Author::canaryd() };
            self.turn(seen.group, &seen.events, Cause { author, ..Cause::canaryd() });
        }
    }
}

// === impl Managed ===

impl Managed {
    /// The limits of its canaries, if its containers are found.
    pub(super) fn usage_limits(&self) -> Option<UsageLimits> {
        Some(self.declared.origin.discovered()?.limits)
    }

    /// Holds what the last round of looks found against the limits. Where the containers or the limits are other ones,
    /// it begins anew.
    pub(super) fn compare_usage(&mut self, now: Instant) {
        let Some(limits) = self.usage_limits() else { return };
        let containers = self.compared();
        let seen = self.used(&containers);
        let before = self.usages.comparison.take();
        let same = before.filter(|(before, of)| before.limits() == limits && *of == containers);
        let mut comparison = same.map_or_else(|| Comparison::new(limits), |(comparison, _)| comparison);
        comparison.look(seen, now);
        self.usages.comparison = Some((comparison, containers));
    }

    /// What the canary is to be sent back for, and how much it is.
    fn excess(&self) -> Option<(Charge, String)> {
        let (comparison, _) = self.usages.comparison.as_ref()?;
        let excess = comparison.excess()?;
        let charge = match excess.resource {
            Resource::Memory => Charge::Memory,
            Resource::Processor => Charge::Processor,
        };
        let releases = Arms { stable: self.rollout.stable().clone(), canary: self.rollout.canary()?.clone() };
        Some((charge, excess.in_words(&releases)))
    }

    /// How much more the canary uses than it may, if that is why it is sent back.
    pub(in crate::engine) fn excess_of(&self, reason: Reason) -> Option<String> {
        let (charge, words) = self.excess()?;
        (reason == Reason::Charged(charge)).then_some(words)
    }

    /// Where the canary stands to its limits, while it is on trial.
    pub(in crate::engine) fn limit_statuses(&self, now: Instant) -> Vec<LimitStatus> {
        let comparison = self.usages.comparison.as_ref().filter(|_| self.rollout.phase().trial().is_some());
        let standings = comparison.map(|(comparison, _)| comparison.standings()).unwrap_or_default();
        standings.into_iter().map(|standing| status(standing, now)).collect()
    }

    /// The containers that run and take part.
    fn compared(&self) -> Arms<Vec<ContainerId>> {
        let members = |release: &ReleaseId, first| -> Vec<ContainerId> {
            let members = self.pools.members(&self.roster, release, first);
            let taking_part: Vec<_> = members.map(|tended| &tended.backend.id).collect();
            let has_part = |id: &ContainerId| taking_part.contains(&&BackendId::container(id.as_str()));
            let own = self.running(release).filter(|container| has_part(container));
            let mut own: Vec<_> = own.cloned().collect();
            own.sort();
            own
        };
        let canary = self.rollout.canary();
        Arms {
            stable: members(self.rollout.stable(), None),
            canary: canary.map(|canary| members(canary, self.taking_part())).unwrap_or_default(),
        }
    }

    /// What they used between the last two looks.
    fn used(&self, containers: &Arms<Vec<ContainerId>>) -> Result<Arms<Used>, Silence> {
        let is_ready = self.pools.readiness(self.rollout.stable()) != Readiness::None;
        if containers.stable.is_empty() || !is_ready || !self.rollout.is_stable_serving() {
            return Err(Silence::StableAway);
        }
        if containers.canary.is_empty() {
            return Err(Silence::CanaryAway);
        }
        let together = |containers: &[ContainerId]| {
            let each = containers.iter().map(|container| self.usages.used(container));
            each.sum::<Option<Used>>().ok_or(Silence::Unmeasured)
        };
        Ok(Arms { stable: together(&containers.stable)?, canary: together(&containers.canary)? })
    }
}

fn status(Standing { resource, limit, amounts, opinion }: Standing, now: Instant) -> LimitStatus {
    let (not_judged, exceeded_ms) = match opinion {
        Opinion::None(silence) => (Some(silence.to_string()), None),
        Opinion::Within => (None, None),
        Opinion::Beyond { since } | Opinion::TooLong { since } => {
            let time = now.saturating_duration_since(since).as_millis();
            (None, Some(u64::try_from(time).unwrap_or(u64::MAX)))
        }
    };
    LimitStatus {
        resource: resource.label().to_owned(),
        limit_milli: limit.milli(),
        stable: amounts.map(|amounts| amounts.stable),
        canary: amounts.map(|amounts| amounts.canary),
        not_judged,
        exceeded_ms,
    }
}

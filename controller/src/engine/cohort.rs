//! How the requests of a try are divided, and the slot of whoever may see its canary before.

use std::sync::Arc;

use canary_proxy::cohort::{Cohort, Salt};
use canary_proxy::preview::Preview;
use canary_proxy::track::Track;

use crate::clock;
use crate::engine::managed::Managed;
use crate::rollout::Trial;

// === impl Managed ===

impl Managed {
    /// How the requests of the try that has just begun are divided. The same try divides them alike after a restart, as
    /// its salt is derived from what is kept.
    pub(super) fn cohort_of(&self, trial: &Trial) -> Cohort {
        let generation = self.rollout.generation().get();
        let salt = Salt::derive(self.seed.expose(), self.declared.name.as_str(), generation);
        Cohort::of(&trial.plan.assignment, generation, salt, clock::now())
    }

    /// The slot of the release on trial, where the service has a secret for it: whatever share it has, until it is
    /// sent back.
    pub(super) fn make_preview(&mut self) -> Option<Preview> {
        let secret = self.declared.preview.clone()?;
        let canary = self.rollout.canary()?.clone();
        let trip = Arc::clone(&self.hearings.present()?.hearing().trip);
        let pool = self.pools.pool(&self.roster, &canary, Track::Canary, self.taking_part());
        Some(Preview::new(pool, secret, trip))
    }
}

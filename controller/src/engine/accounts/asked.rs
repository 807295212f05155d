//! The account of a try that somebody asks for.

use canary_config::name::ServiceName;

use crate::api::{self, Problem, ProblemKind};
use crate::clock;
use crate::engine::Engine;
use crate::engine::managed::Managed;
use crate::rollout::Generation;

/// What the engine knows of an account.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// All of it, as it is now.
    Whole(Box<api::Account>),
    /// The try is over, and if it is told of anywhere then in the store.
    Stored {
        /// Which try.
        generation: Generation,
        /// The last one of the service.
        last: Generation,
    },
}

// === impl Engine ===

impl Engine {
    /// The account of a try; of the one that is under way or was the last, if none is named.
    ///
    /// # Errors
    /// There is no such service, or there was no such try.
    pub(in crate::engine) fn account(
        &mut self,
        service: &ServiceName,
        generation: Option<Generation>,
    ) -> Result<Told, Problem> {
        let freeze = self.freeze_of(service);
        let managed = self.services.get_mut(service);
        let absent = self.absent.get(service).map(|saved| saved.generation);
        let last = managed.as_ref().map(|managed| managed.rollout.generation()).or(absent);
        let last = last.ok_or_else(|| self.unknown_service(service))?;
        let generation = generation.unwrap_or(last);
        let is_none = generation > last || generation == Generation::default();
        if is_none {
            return Err(no_such_try(service, generation, last));
        }
        let managed = self.services.get_mut(service);
        let told = managed.and_then(|managed| managed.told(generation, freeze.as_ref()));
        Ok(told.map_or(Told::Stored { generation, last }, |told| Told::Whole(Box::new(told))))
    }
}

fn no_such_try(service: &ServiceName, generation: Generation, last: Generation) -> Problem {
    let message = if last == Generation::default() {
        format!("services.{service}: there has been no rollout yet")
    } else {
        format!("services.{service}: there was no rollout {generation}; the last one is {last}")
    };
    Problem { kind: ProblemKind::NotFound, message }
}

// === impl Managed ===

impl Managed {
    fn told(&mut self, generation: Generation, freeze: Option<&api::FreezeStatus>) -> Option<api::Account> {
        let now = clock::now();
        self.look_around(now);
        if generation != self.rollout.generation() {
            return self.accounts.of_try(generation).map(|account| account.told(now));
        }
        let Self { accounts, hearings, rollout, .. } = self;
        let kept = accounts.present.as_mut()?;
        kept.weigh(hearings);
        let in_phase = rollout.phase().since().map(|since| now.saturating_duration_since(since));
        let told = kept.account.told(now);
        let missing = self.rollout.phase().trial().and_then(|_| self.missing(self.judged().as_ref(), freeze, now));
        let in_phase_ms = in_phase.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        Some(api::Account { missing, in_phase_ms, ..told })
    }
}

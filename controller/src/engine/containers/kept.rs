//! The releases of a service that have no part now and whose containers are kept: what a rollback leads to.

use canary_config::name::ReleaseId;

use crate::api::{KeptRelease, Problem, ProblemKind};
use crate::docker::shelf::Shelved;
use crate::docker::sighting::{Sighting, State};
use crate::engine::managed::Managed;
use crate::engine::{joined, refused};

// === impl Managed ===

impl Managed {
    /// Every release that can be brought back, the last one first.
    pub(in crate::engine) fn kept_releases(&self) -> Vec<KeptRelease> {
        self.put_away().map(|shelved| self.kept(shelved)).collect()
    }

    /// The release that a rollback leads to.
    ///
    /// # Errors
    /// When nothing is kept, or not that one.
    pub(in crate::engine) fn kept_release(&self, to: Option<&ReleaseId>) -> Result<ReleaseId, Problem> {
        let service = &self.declared.name;
        if self.declared.origin.discovered().is_none() {
            let remedy = "begin a rollout of one with `start`";
            return Err(refused(format!("services.{service}: its releases are declared in the file; {remedy}")));
        }
        let kept = self.kept_releases();
        let found = match to {
            Some(to) => kept.iter().find(|one| one.release == *to),
            None => kept.iter().find(|one| one.was_stable),
        };
        if let Some(found) = found {
            return Ok(found.release.clone());
        }
        let known = joined(kept.iter().map(|one| &one.release));
        let message = match to {
            Some(to) if *to == *self.rollout.stable() => format!("{service}: {to} is stable already"),
            Some(to) if kept.is_empty() => format!("{service}: no container of {to} is kept; deploy its image again"),
            Some(to) => format!("{service}: no container of {to} is kept; kept are {known}; or deploy its image again"),
            None => format!("{service}: nothing that was stable before is kept; deploy its image again"),
        };
        Err(Problem { kind: ProblemKind::NotFound, message })
    }

    /// What is on the shelf without a part in the rollout, and has containers that do not run, or a service of Swarm
    /// without a task.
    fn put_away(&self) -> impl Iterator<Item = &Shelved> {
        let has_part = |release: &ReleaseId| release == self.rollout.stable() || Some(release) == self.rollout.canary();
        self.shelf.newest_first().filter(move |shelved| {
            let is_put_away = match &shelved.twin {
                Some(_) => self.service_of(shelved).is_some_and(|service| service.tasks == 0),
                None => {
                    let mut own = self.owned(shelved).peekable();
                    own.peek().is_some() && own.all(|one| matches!(one.state, State::Stopped { .. }))
                }
            };
            !has_part(&shelved.release) && self.deploying() != Some(&shelved.release) && is_put_away
        })
    }

    fn owned<'a>(&'a self, shelved: &'a Shelved) -> impl Iterator<Item = &'a Sighting> {
        self.containers.iter().filter(|container| shelved.owns(container))
    }

    fn kept(&self, shelved: &Shelved) -> KeptRelease {
        let stopped = self.owned(shelved).filter_map(|container| match container.state {
            State::Stopped { since, .. } => since,
            _ => None,
        });
        KeptRelease {
            release: shelved.release.clone(),
            image: shelved.image.clone(),
            containers: match &shelved.twin {
                Some(twin) => usize::try_from(twin.tasks).unwrap_or(usize::MAX),
                None => self.owned(shelved).count(),
            },
            since: stopped.max().map(|since| humantime::format_rfc3339_seconds(since).to_string()),
            was_stable: shelved.was_stable && self.rollout.sent_back(&shelved.release).is_none(),
        }
    }
}

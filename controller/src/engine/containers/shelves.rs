//! The containers that are canaryd's to start and stop: what each should be is looked at again and again, and what has
//! to be done for it is done beside the engine.

mod marks;

use std::collections::BTreeSet;
use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_config::origin::Warm;
use canary_config::plan::Strategy;

use crate::clock;
use crate::docker::desire::{Act, Lot, Stand};
use crate::docker::hands::ContainerActed;
use crate::docker::shelf::Shelved;
use crate::docker::sighting::ContainerId;
use crate::engine::Engine;
use crate::engine::managed::{DRAIN_MIN, Managed};
use crate::rollout::{Generation, Leaving, Phase};
use crate::store::{Paper, PaperKind, Record};

// === impl Engine ===

impl Engine {
    /// Looks at what containers should be, and has done what has to be.
    pub(in crate::engine) fn tend_shelves(&mut self) {
        self.tend_twins();
        let Some(hands) = self.hands.clone().filter(|_| self.sightings.trouble.is_none()) else { return };
        let now = clock::now();
        let kept = self.releases_kept();
        let mut papers = Vec::new();
        for managed in self.services.values_mut() {
            let before = managed.shelf.clone();
            let acts = managed.due_acts(kept, now);
            if self.sightings.unseen_of(&managed.declared.name).next().is_none() {
                managed.clear_away();
            }
            papers.extend((before != managed.shelf).then(|| managed.shelf_paper()).flatten());
            for (container, act) in acts {
                tracing::info!(service = %managed.declared.name, %container, ?act, "container");
                hands.order(container, act);
            }
        }
        self.keep_shelves(papers);
    }

    /// So many releases without a part are kept of each service.
    pub(super) fn releases_kept(&self) -> usize {
        let kept = self.config.docker.as_ref().map_or(0, |docker| docker.keep_releases);
        usize::try_from(kept).unwrap_or(usize::MAX)
    }

    /// What was to be done with a container is done, or is not.
    pub(in crate::engine) fn note_acted(&mut self, ContainerActed { container, act, result }: ContainerActed) {
        let mut papers = Vec::new();
        for managed in self.services.values_mut() {
            if managed.doings.has(&container) {
                managed.note_acted(&container, &act, &result);
                papers.extend(managed.shelf_paper());
            }
        }
        self.keep_shelves(papers);
        self.tend_shelves();
    }

    /// Puts a release on a service's shelf, durably before anything is made of it.
    pub(in crate::engine) fn keep_shelves(&mut self, papers: Vec<Paper>) {
        if !papers.is_empty() {
            self.save(Record { papers, ..Record::default() }, None, Vec::new());
        }
    }

    /// Takes up what was kept.
    pub(in crate::engine) fn take_up_shelves(&mut self, papers: &[Paper]) {
        for paper in papers.iter().filter(|paper| paper.kind == PaperKind::Shelf) {
            match serde_json::from_str(&paper.body) {
                Ok(shelf) => match self.services.get_mut(&paper.service) {
                    Some(managed) => managed.shelf = shelf,
                    None => drop(self.absent_shelves.insert(paper.service.clone(), shelf)),
                },
                Err(error) => {
                    tracing::warn!(service = %paper.service, %error, "the shelf cannot be read; its containers stay as they are");
                }
            }
        }
    }
}

// === impl Managed ===

impl Managed {
    /// What has to be done with containers now and is not under way.
    fn due_acts(&mut self, kept: usize, now: Instant) -> Vec<(ContainerId, Act)> {
        self.mark_shelf();
        let acts = self.stand(kept).acts(&self.shelf, &self.containers);
        let mut doings = std::mem::take(&mut self.doings);
        let due = doings.due(acts, now, Act::is_leave, |container, since| self.has_ended(container, since, now));
        self.doings = doings;
        for (container, _) in due.iter().filter(|(_, act)| act.is_leave()) {
            if let Some(shelved) = self.shelved_of(container) {
                // Its policy is `no` from the first thing on that is done with it.
                shelved.begin_to_retire(container);
            }
        }
        due
    }

    /// Whether a container that leaves has answered what it was asked, or took too long.
    pub(super) fn has_ended(&self, container: &ContainerId, since: Instant, now: Instant) -> bool {
        let waited = now.saturating_duration_since(since);
        let is_quiet = waited >= DRAIN_MIN && self.pools.open_at(container) == 0;
        is_quiet || waited >= self.declared.plan.drain_timeout
    }

    fn note_acted(&mut self, container: &ContainerId, act: &Act, result: &Result<(), String>) {
        match result {
            Ok(()) => self.doings.note_done(container),
            Err(why) => {
                tracing::warn!(service = %self.declared.name, %container, ?act, why, "a container could not be changed");
                self.doings.note_failed(container.clone(), why.clone(), clock::now());
                let stable = self.rollout.stable().clone();
                // Of stable it stays known: stable is started again by that.
                if act.is_leave()
                    && let Some(shelved) = self.shelved_of(container).filter(|shelved| shelved.release != stable)
                {
                    shelved.note_started(container);
                }
                return;
            }
        }
        let Some(shelved) = self.shelved_of(container) else { return };
        match act {
            Act::Start => shelved.note_started(container),
            Act::Settle(_) => drop(shelved.settled.insert(container.clone())),
            Act::Retire { .. } => shelved.note_stopped(container),
            Act::Pause | Act::Unpause | Act::Remove => {}
        }
    }

    fn shelved_of(&mut self, container: &ContainerId) -> Option<&mut Shelved> {
        let sighting = self.containers.iter().find(|sighting| sighting.container == *container)?;
        self.shelf.get_mut(&sighting.release).filter(|shelved| shelved.owns(sighting))
    }

    pub(super) fn stand(&self, kept: usize) -> Stand<'_> {
        let phase = self.rollout.phase();
        let is_draining = matches!(phase, Phase::Draining { .. });
        let is_stable_draining = matches!(phase, Phase::Draining { leaving: Leaving::Stable, .. });
        let warm = self.declared.origin.discovered().map(|discovered| discovered.warm).unwrap_or_default();
        let is_beside = phase.trial().is_some_and(|trial| trial.plan.strategy != Strategy::Recreate);
        let stable_is = if !self.rollout.is_stable_serving() && !is_stable_draining {
            Lot::Stop
        } else if matches!(phase, Phase::Probation { .. })
            && is_beside
            && warm == Warm::Paused
            && self.is_stable_quiet()
        {
            Lot::Freeze
        } else {
            Lot::Run
        };
        Stand {
            stable: self.rollout.stable(),
            stable_is,
            canary: self.rollout.canary(),
            may_start: !is_draining && !self.awaits_pre_deploy(),
            spared: self.spared(),
            sent_back: self
                .shelf
                .newest_first()
                .map(|shelved| &shelved.release)
                .filter(|&release| self.is_sent_back(release))
                .collect(),
            owner: &self.owner,
            kept,
        }
    }

    fn is_sent_back(&self, release: &ReleaseId) -> bool {
        self.rollout.sent_back(release).is_some()
    }

    fn is_stable_quiet(&self) -> bool {
        self.pools.in_flight(self.rollout.stable()) == 0
    }

    /// Releases whose deployment is under way, or that wait for their turn.
    pub(super) fn spared(&self) -> BTreeSet<&ReleaseId> {
        let waiting = self.rollout.queue().iter().map(|start| &start.trial.canary);
        waiting.chain(self.deploying()).collect()
    }

    /// What could not be done with a container, in words.
    pub(in crate::engine) fn failed_act(&self, container: &ContainerId) -> Option<String> {
        self.doings.failure(container).map(str::to_owned)
    }

    /// Whether containers wait for something that time or a request brings.
    pub(in crate::engine) fn is_doing(&self) -> bool {
        !self.doings.is_empty() || self.twins.is_doing()
    }

    pub(in crate::engine) fn shelf_paper(&self) -> Option<Paper> {
        let body = serde_json::to_string(&self.shelf);
        let body = body.inspect_err(|error| tracing::warn!(%error, "the shelf cannot be kept")).ok()?;
        let service = self.declared.name.clone();
        Some(Paper { service, generation: Generation::default(), kind: PaperKind::Shelf, body })
    }
}

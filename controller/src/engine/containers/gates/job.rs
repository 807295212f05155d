//! What a check is: what is run, where, and what it is told of the rollout.

use canary_config::docker::DockerHost;
use canary_config::name::ReleaseId;

use crate::analysis::Verdict;
use crate::engine::managed::Managed;
use crate::hooks::{Check, Circumstances, Deed, Job, Room, Target};
use crate::rollout::{Phase, Reason};

// === impl Managed ===

impl Managed {
    /// What has to be done for a check.
    pub(super) fn job(&self, check: Check, room: impl Fn(&Self) -> Room) -> Option<Job> {
        let deed = match check.hook() {
            Some(name) => Deed::Hook(Box::new(self.declared.hooks.get(name)?.clone()), room(self)),
            None => {
                let canary = self.rollout.canary()?;
                let members = self.roster.members(canary);
                if members.is_empty() {
                    // With nobody to test, nothing has passed.
                    return None;
                }
                let targets = members.iter().map(|member| Target { address: member.address, room: room(self) });
                Deed::Smoke(self.declared.smoke.clone()?, targets.collect())
            }
        };
        Some(Job { check, deed, circumstances: self.circumstances()? })
    }

    /// Where a command of the present try is run: in the like of one of its containers.
    pub(super) fn room(&self, docker: Option<DockerHost>) -> Room {
        let release = self.tried();
        let container = self.containers.iter().find(|container| Some(&container.release) == release);
        match (docker, container) {
            (Some(docker), Some(own)) => Room::Like {
                docker,
                container: own.container.clone(),
                service: self.declared.name.clone(),
                release: own.release.clone(),
            },
            _ => Room::None,
        }
    }

    /// The release that is tried, or was sent back last.
    fn tried(&self) -> Option<&ReleaseId> {
        match self.rollout.phase() {
            Phase::Aborted { canary, .. } => Some(canary),
            phase => phase.trial().map(|trial| &trial.canary),
        }
    }

    fn circumstances(&self) -> Option<Circumstances> {
        let release = self.tried()?.clone();
        let reason = match self.rollout.phase() {
            Phase::Aborted { reason, .. } => Some(*reason),
            _ => self.reason,
        };
        Some(Circumstances {
            service: self.declared.name.clone(),
            stable: self.rollout.stable().clone(),
            image: self.image_of(&release),
            generation: self.rollout.generation(),
            step: self.rollout.phase().step().map(|step| step + 1),
            weight: self.rollout.weight(),
            verdict: self.verdict_label(),
            reason: reason.map_or("", Reason::label),
            release,
        })
    }

    /// The image of a release, as it was asked for: containers that canaryd makes are of what that meant then.
    fn image_of(&self, release: &ReleaseId) -> String {
        let shelved = self.shelf.get(release).map(|shelved| shelved.image.clone()).filter(|image| !image.is_empty());
        let found = || self.containers.iter().find(|own| own.release == *release).map(|own| own.image.to_string());
        shelved.or_else(found).unwrap_or_default()
    }

    fn verdict_label(&self) -> &'static str {
        let verdict = self.hearings.present().and_then(|case| case.ask(|inquiry| inquiry.verdict().cloned()));
        match verdict {
            None => "none",
            Some(Verdict::Pass) => "pass",
            Some(Verdict::Fail(_)) => "fail",
            Some(Verdict::Shared(_)) => "shared",
            Some(Verdict::NotEnough(_)) => "not-enough",
        }
    }
}

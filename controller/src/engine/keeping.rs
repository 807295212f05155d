//! The evidence over an orderly stop: what of it is kept, and when it is taken up again.
//!
//! It is the evidence about these releases on these backends, and about no others. Whatever else comes back, it does
//! not: the comparison begins anew.

use std::net::SocketAddr;
use std::time::Instant;

use canary_config::cohort::Assignment;
use canary_config::name::ReleaseId;
use canary_config::origin::Origin;
use serde::{Deserialize, Serialize};

use crate::analysis::{Arms, Damage, Kept};
use crate::clock;
use crate::engine::Engine;
use crate::engine::accounts::Due;
use crate::engine::managed::Managed;
use crate::store::{Paper, PaperKind, Record};

/// What a paper says.
#[derive(Debug, Serialize, Deserialize)]
struct Evidence {
    subjects: Arms<Subject>,
    /// What the canary's clients have suffered, by whatever backends.
    damage: Damage,
    /// Nothing, where keys are compared: which ones have counted is not kept, and none may count twice.
    judge: Option<Kept>,
}

/// Who was compared: a release, and where it ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Subject {
    release: ReleaseId,
    addresses: Vec<SocketAddr>,
}

// === impl Engine ===

impl Engine {
    /// Gives the store what the judges know and what is to be told, before it hears that the stop was orderly.
    pub(super) fn keep_papers(&mut self) {
        let now = clock::now();
        let mut papers = Vec::new();
        for managed in self.services.values_mut() {
            managed.look_around(now);
            papers.extend(managed.evidence_paper(now));
            papers.extend(managed.accounts.due(Due::Now, now));
        }
        if !papers.is_empty() {
            self.save(Record { papers, ..Record::default() }, None, Vec::new());
        }
    }

    /// Takes up again what an orderly stop has left.
    pub(super) fn take_up_evidence(&mut self, papers: Vec<Paper>) {
        let now = clock::now();
        for paper in papers {
            if let Some(managed) = self.services.get(&paper.service) {
                managed.take_up(&paper, now);
            }
        }
    }
}

// === impl Managed ===

impl Managed {
    /// What is kept of the try that is under way.
    fn evidence_paper(&self, now: Instant) -> Option<Paper> {
        let subjects = self.subjects()?;
        let is_by_chance = self.rollout.phase().trial()?.plan.assignment == Assignment::Request;
        let (damage, judge) = self
            .hearings
            .present()?
            .ask(|inquiry| (inquiry.suffered().damage(), is_by_chance.then(|| inquiry.keep(now))));
        let body = serde_json::to_string(&Evidence { subjects, damage, judge });
        let body = body.inspect_err(|error| tracing::warn!(%error, "the evidence cannot be kept")).ok()?;
        let (service, generation) = (self.declared.name.clone(), self.rollout.generation());
        Some(Paper { service, generation, kind: PaperKind::Evidence, body })
    }

    fn take_up(&self, paper: &Paper, now: Instant) {
        let (Some(subjects), Some(case)) = (self.subjects(), self.hearings.present()) else { return };
        if paper.kind != PaperKind::Evidence || paper.generation != self.rollout.generation() {
            return;
        }
        let service = &self.declared.name;
        let evidence = match serde_json::from_str::<Evidence>(&paper.body) {
            Ok(evidence) => evidence,
            Err(error) => {
                tracing::warn!(%service, %error, "the evidence cannot be read, so the comparison begins anew");
                return;
            }
        };
        case.ask(|inquiry| inquiry.suffer(evidence.damage));
        let Some(judge) = evidence.judge else { return };
        if evidence.subjects != subjects {
            tracing::info!(%service, "the evidence is of other backends, so the comparison begins anew");
            return;
        }
        case.ask(|inquiry| {
            if let Err(problem) = inquiry.take_up(judge, now) {
                tracing::warn!(%service, %problem, "the evidence is not taken up");
            }
        });
    }

    /// Who is compared in the try that is under way.
    fn subjects(&self) -> Option<Arms<Subject>> {
        let subject = |release: &ReleaseId| {
            let release = release.clone();
            match self.declared.origin {
                Origin::Declared(_) if !self.roster.has(&release) => None,
                Origin::Declared(_) => Some(Subject { addresses: self.roster.addresses(&release), release }),
                // A release that was made from an image is the same wherever it runs.
                Origin::Discovered(_) => Some(Subject { release, addresses: Vec::new() }),
            }
        };
        Some(Arms { canary: subject(self.rollout.canary()?)?, stable: subject(self.rollout.stable())? })
    }

    /// Goes by what was declared anew. Where other backends stand under a release, what was seen of it is not about
    /// it any more; but a canary that is convicted stays so.
    pub(super) fn compare_anew_if_changed(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.subjects();
        change(self);
        if before != self.subjects() && !self.is_convicted() {
            self.open_case_anew();
        }
    }
}

//! What the judge is given, and what a rollout is told of its verdict.

use std::num::NonZeroUsize;
use std::time::Instant;

use canary_config::name::ReleaseId;
use canary_proxy::meter::Answers;
use canary_proxy::track::Track;

use crate::analysis::{Judge, Sample, Tally, Verdict};
use crate::engine::ledgers::{EDGES, Purpose};
use crate::engine::managed::Managed;
use crate::rollout::{Event, Inclination, Judgement, PhaseName, Readiness, Trial};

// === impl Managed ===

impl Managed {
    /// Reads the ledgers and asks the judge. Nothing is judged before the canary has a share.
    pub(super) fn judge(&mut self, now: Instant) -> Option<Event> {
        if let Some(judge) = &mut self.judge {
            judge.tick(now);
        }
        self.read_ledgers(now);
        let judge = self.judge.as_ref()?;
        let phase = self.rollout.phase();
        self.verdict = phase.step().map(|step| judge.verdict(step));
        // A conviction helps nobody while there is nothing to go back to.
        let is_stable_ready = self.pools.readiness(self.rollout.stable()) != Readiness::None;
        let is_undone = phase.name() == PhaseName::Probation && is_stable_ready;
        let in_probation = is_undone.then(|| judge.probation_verdict());
        let verdict = self.verdict.as_ref().or(in_probation.as_ref())?;
        Some(Event::Judged(judgement_of(judge, verdict)))
    }

    /// Gives the judge what was scored since the last look.
    fn read_ledgers(&mut self, now: Instant) {
        let generation = self.rollout.generation();
        let judge = &mut self.judge;
        self.ledgers.read_and_close(|purpose: &Purpose, sample: &Sample<'_>| {
            if let Some(judge) = judge.as_mut().filter(|_| purpose.generation == generation) {
                judge.observe(purpose.weight, sample, now);
            }
        });
    }

    /// Tells the judge what is known of stable before the canary gets a request: at 100 % there is nothing else to
    /// measure it by.
    pub(super) fn tell_of_stable(&mut self, stable: &ReleaseId) {
        let known = tally_of(self.pools.meter(stable, Track::Stable).answers());
        if let Some(judge) = &mut self.judge {
            judge.know_stable(known);
        }
    }
}

/// A judge without evidence. Services that move together share one promise.
pub(super) fn judge_of(trial: &Trial) -> Judge {
    let services = NonZeroUsize::MIN.saturating_add(trial.peers.len());
    Judge::new_for_group(&trial.plan, &EDGES, services)
}

/// What was answered well, and what was not. Who left before the answer says neither.
pub(super) fn tally_of(answers: &Answers) -> Tally {
    let mut tally = Tally::default();
    for (code, count) in answers.codes().filter(|(code, _)| *code > 0) {
        let side = if (500..600).contains(&code) { &mut tally.bad } else { &mut tally.good };
        *side += count;
    }
    tally
}

fn judgement_of(judge: &Judge, verdict: &Verdict) -> Judgement {
    match verdict {
        Verdict::Pass => Judgement::Pass,
        Verdict::Fail(breach) => Judgement::Breach(breach.ground),
        Verdict::Shared(_) => Judgement::Shared,
        Verdict::NotEnough(_) if judge.may_promote_uncertified() => Judgement::Thin(Inclination::Favourable),
        Verdict::NotEnough(_) => Judgement::Thin(Inclination::Open),
    }
}

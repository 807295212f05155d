//! What the witness is asked and told, and what a rollout is told of its verdict.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use canary_config::name::ReleaseId;
use canary_config::weight::Weight;
use canary_proxy::meter::Answers;
use canary_proxy::track::Track;

use crate::analysis::{Arms, Judge, Tally};
use crate::api;
use crate::engine::managed::Managed;
use crate::rollout::{Event, Phase, Readiness, Rollout, Trial};
use crate::witness::{Case, EDGES, Means, Percentile, Question, Rollback, has_moved, percentile};

/// The table is not made anew more often than this for what is known of stable alone.
const PATIENCE_INTERVAL: Duration = Duration::from_secs(2);

/// Fewer attempts at stable than this say nothing of their 99th percentile.
const P99_ATTEMPTS_MIN: u64 = 100;

// === impl Managed ===

impl Managed {
    /// Opens the case of the try that has just begun, if one has.
    pub(super) fn open_case(&mut self) {
        let Some(trial) = self.rollout.phase().trial() else { return };
        self.hearings.open(self.rollout.generation(), self.releases(trial), judge_of(trial), self.cohort_of(trial));
    }

    /// Opens another case of the same try, whose comparison begins anew. Stable may be known long since.
    pub(super) fn open_case_anew(&mut self) {
        let Some(trial) = self.rollout.phase().trial() else { return };
        self.hearings.open_anew(
            self.rollout.generation(),
            self.releases(trial),
            judge_of(trial),
            self.cohort_of(trial),
        );
        self.tell_of_stable(&self.rollout.stable().clone());
    }

    fn releases(&self, trial: &Trial) -> Arms<ReleaseId> {
        Arms { stable: self.rollout.stable().clone(), canary: trial.canary.clone() }
    }

    /// Looks at the ledgers and asks for a verdict. Nothing is judged before the canary has a share.
    pub(super) fn judge(&mut self, now: Instant) -> Option<Event> {
        self.look_around(now);
        self.rollout.phase().trial()?;
        let judgement = self.hearings.present()?.ask(|inquiry| inquiry.judgement())?;
        Some(Event::Judged(judgement))
    }

    /// Tells the witness what a verdict would be about now, and by whom the canary is run.
    pub(super) fn put_question(&mut self) {
        let (question, means) = (self.question(), self.means());
        let first = self.taking_part();
        let meters = self.rollout.canary().map(|canary| {
            let members = self.pools.members(&self.roster, canary, first);
            members.map(|tended| tended.backend.meter.clone()).collect()
        });
        let Some(case) = self.hearings.present() else { return };
        case.ask(|inquiry| {
            inquiry.ask(question, means);
            if let Some(meters) = meters {
                inquiry.runs_on(meters);
            }
        });
    }

    /// A conviction helps nobody while there is nothing to go back to.
    fn question(&self) -> Question {
        if self.pools.readiness(self.rollout.stable()) == Readiness::None {
            return Question::None;
        }
        match self.rollout.phase() {
            Phase::Progressing { step, .. } | Phase::Held { step, .. } => Question::Step(*step),
            Phase::Paused { step, pause, .. } if pause.is_judged() => Question::Step(*step),
            Phase::Probation { .. } => Question::Probation,
            Phase::Idle
            | Phase::Draining { .. }
            | Phase::Preparing { .. }
            | Phase::Paused { .. }
            | Phase::Aborted { .. } => Question::None,
        }
    }

    /// What a conviction does: nothing, where only a human sends the canary back.
    fn means(&self) -> Means {
        let is_reversible = self.rollout.phase().trial().is_none_or(|trial| trial.is_reversible);
        if is_reversible { self.means_of_retreat() } else { Means::Tell }
    }

    /// A release that cannot run beside stable stays until the table says who serves in its place.
    fn means_of_retreat(&self) -> Means {
        if self.rollout.is_stable_serving() { Means::Trip } else { Means::Tell }
    }

    /// Whether a canary was convicted that is still on trial.
    pub(super) fn is_convicted(&self) -> bool {
        self.rollout.phase().trial().is_some() && self.hearings.present().is_some_and(Case::is_convicted)
    }

    /// Whether the canary of the present try has lost its share for good by what is decided.
    pub(super) fn is_sent_back_by(&self, next: &Rollout) -> bool {
        let Some(canary) = self.rollout.canary() else { return false };
        let is_over = next.generation() != self.rollout.generation() || next.phase().trial().is_none();
        is_over && next.stable() != canary
    }

    /// Takes the canary out of the data path, whatever table a request has seen; after the next table, if it must be.
    pub(super) fn send_back(&mut self, now: Instant) {
        let (had_share, means) = (self.rollout.weight() > Weight::ZERO, self.means_of_retreat());
        let Some(case) = self.hearings.present_mut() else { return };
        case.send_back(means);
        if had_share {
            case.measure_rollback(now);
        }
    }

    /// How the canary of the present try leaves, as far as it has.
    pub(super) fn rollback_now(&mut self, now: Instant) -> Option<api::Rollback> {
        Some(self.hearings.present_mut()?.note_rollback(now)?.status())
    }

    /// How the canary left that was sent back last, while that is where the rollout stands.
    pub(super) fn present_rollback(&self) -> Option<api::Rollback> {
        let case = self.hearings.present().filter(|_| self.rollout.canary().is_none())?;
        Some(case.rollback()?.status())
    }

    /// How the last canary left that was sent back.
    pub(super) fn rollback(&self) -> Option<&Rollback> {
        self.hearings.rollback()
    }

    /// Whether the canary is waited for by what is not true of stable any more.
    pub(super) fn is_patience_stale(&self, now: Instant) -> bool {
        let is_young = self.routed.is_some_and(|routed| now.saturating_duration_since(routed) < PATIENCE_INTERVAL);
        let shown = self.route().and_then(|route| route.canary.as_ref()).filter(|_| !is_young);
        let (Some(shown), Some(case)) = (shown, self.hearings.present()) else { return false };
        let p99 = self.stable_p99();
        let wanted = case.ask(|inquiry| {
            inquiry.know_stable_p99(p99);
            inquiry.patience()
        });
        has_moved(shown.patience(), wanted)
    }

    /// Tells the judge what is known of stable before it judges: at 100 % there is nothing else to measure a canary by.
    pub(super) fn tell_of_stable(&mut self, stable: &ReleaseId) {
        let known = tally_of(self.pools.meter(stable, Track::Stable).answers());
        let p99 = self.stable_p99();
        if let Some(case) = self.hearings.present() {
            let before = self.pools.durations(stable);
            case.ask(|inquiry| {
                inquiry.know_stable(known);
                inquiry.know_latencies(&before);
                inquiry.know_stable_p99(p99);
            });
        }
    }

    /// How long whole attempts at stable take. The first byte comes sooner, so that nothing is taken from a canary too
    /// early by it; and what a rescued request had waited for the canary is no part of it.
    fn stable_p99(&self) -> Option<Duration> {
        let counts = self.pools.durations(self.rollout.stable());
        let is_telling = counts.iter().sum::<u64>() >= P99_ATTEMPTS_MIN;
        if is_telling { percentile(&counts, Percentile(99)) } else { None }
    }
}

/// A judge without evidence. Services that move together share one promise.
fn judge_of(trial: &Trial) -> Judge {
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

//! The story of one try's verdict, for people, as it grows: where it stands, the evidence's course, and the requests.
//!
//! It is told by nobody but the engine: at its own looks, and at each change that comes into force. No decision rests on
//! it. What is told is one document of bounded size ([`api::Account`]), which the store keeps and another process goes on
//! from. Time comes in as `now`; the date is for what people compare with their logs.

mod brief;
mod conviction;
mod course;
mod pass;
mod plan;
mod request;
mod requests;
mod words;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant, SystemTime};

use canary_config::service::Service;
use canary_config::weight::Weight;

use self::brief::brief;
use self::course::Course;
use self::requests::Requests;
use crate::analysis::{Evidence, Glance, Verdict};
use crate::api;
use crate::api::{AccountPoint, AccountProbation, MetricStatus};
use crate::date;
use crate::rollout::{Generation, PhaseName, Reason, Rollout, Transition, Trial};
use crate::witness::{Conviction, Heard, Sight};

/// The services that move with it are named up to this number.
const PEERS_MAX: usize = 32;

/// Bytes in JSON.
const RULE_MAX: usize = 1_000;
const ACTOR_MAX: usize = 100;
const NOTE_MAX: usize = 1_000;
const UNREADY_MAX: usize = 300;

/// The story of one try.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// All but its course and its requests.
    told: api::Account,
    trial: Trial,
    course: Course,
    requests: Requests,
    /// It began so long before `since`.
    before: Duration,
    since: Instant,
    convicted_at: Option<SystemTime>,
}

/// What changes in a try, and who wants it so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn<'a> {
    /// What.
    pub(crate) transition: &'a Transition,
    /// Who.
    pub(crate) actor: &'a str,
    /// Why, in their words.
    pub(crate) note: Option<&'a str>,
    /// What was known just before.
    pub(crate) evidence: Option<&'a Evidence>,
    /// Why a backend of the canary is not ready, its check has failed or it uses too much.
    pub(crate) unready: Option<&'a str>,
}

// === impl Account ===

impl Account {
    /// That of the try that is under way, which began on this date, if that is known.
    pub(crate) fn begin(service: &Service, rollout: &Rollout, date: Option<SystemTime>, now: Instant) -> Option<Self> {
        let trial = rollout.phase().trial()?.clone();
        let told = api::Account {
            service: service.name.clone(),
            generation: rollout.generation(),
            canary: trial.canary.clone(),
            stable: rollout.stable().clone(),
            peers: trial.peers.iter().take(PEERS_MAX).cloned().collect(),
            rule: brief(service.rule.text(), RULE_MAX),
            plan: plan::of(&trial.plan),
            began_at: date.map(date::to_the_millisecond),
            first_share_ms: (rollout.weight() > Weight::ZERO).then_some(0),
            told_ms: 0,
            phase: rollout.phase().name(),
            reason: None,
            actor: None,
            note: None,
            step: None,
            weight: Weight::ZERO,
            in_phase_ms: None,
            missing: None,
            unready: None,
            conviction: None,
            passes: Vec::new(),
            probation: None,
            rollback: None,
            arms: None,
            evidence: None,
            course: Vec::new(),
            requests: Vec::new(),
            more: api::AccountMore::default(),
            last_words: Vec::new(),
        };
        let (course, requests) = (Course::new(), Requests::default());
        Some(Self { told, trial, course, requests, before: Duration::ZERO, since: now, convicted_at: None })
    }

    /// Goes on from what another process told of the same try, until today.
    pub(crate) fn take_up(&mut self, told: api::Account, today: SystemTime) {
        if (told.generation, &told.canary) != (self.told.generation, &self.told.canary) {
            return;
        }
        let began = told.began_at.as_deref().and_then(|text| humantime::parse_rfc3339(text).ok());
        let by_date = began.and_then(|began| today.duration_since(began).ok()).unwrap_or_default();
        self.before = by_date.max(Duration::from_millis(told.told_ms));
        self.course = Course::resume(told.course);
        self.requests = Requests::resume(told.requests, told.more);
        self.told = api::Account {
            began_at: told.began_at,
            first_share_ms: told.first_share_ms,
            reason: told.reason,
            actor: told.actor,
            note: told.note,
            step: told.step,
            weight: told.weight,
            passes: told.passes,
            probation: told.probation,
            arms: told.arms,
            evidence: told.evidence,
            last_words: told.last_words,
            ..self.told.clone()
        };
    }

    /// The comparison began anew, as another process was killed: nothing is shown any more.
    pub(crate) fn set_back(&mut self) {
        self.told.passes.clear();
        self.told.reason = Some(Reason::Restarted.label().to_owned());
        (self.told.actor, self.told.note) = (None, None);
    }

    /// Which try.
    pub(crate) const fn generation(&self) -> Generation {
        self.told.generation
    }

    /// Whether the try has ended. Only its last requests may still be heard of.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.told.phase, PhaseName::Idle | PhaseName::Aborted)
    }

    /// Something changes. Gives whether it is about this try.
    pub(crate) fn turn(&mut self, turn: &Turn<'_>, now: Instant) -> bool {
        let Turn { transition, actor, note, evidence, unready } = *turn;
        // What is said of another release is nothing of this one.
        if self.is_over() || matches!(transition.reason, Reason::Queued | Reason::Obsolete | Reason::Overtaken) {
            return false;
        }
        let at_ms = self.ms(now);
        if let Some(evidence) = evidence {
            self.weigh(evidence);
        }
        if let Some(pass) = pass::of(&self.told, &self.trial.plan, transition, evidence, at_ms) {
            self.told.passes.retain(|before| before.step < pass.step);
            self.told.passes.push(pass);
        }
        self.told.phase = transition.to;
        self.told.reason = Some(transition.reason.label().to_owned());
        self.told.actor = Some(brief(actor, ACTOR_MAX));
        self.told.note = note.map(|note| brief(note, NOTE_MAX));
        if transition.weight > Weight::ZERO || transition.step.is_some() {
            self.told.step = transition.step.map(|step| step + 1);
            self.told.weight = transition.weight;
        }
        if transition.weight > Weight::ZERO {
            self.told.first_share_ms.get_or_insert(at_ms);
        }
        if self.is_over() {
            self.told.told_ms = at_ms;
            self.told.unready = unready.map(|why| brief(why, UNREADY_MAX));
        }
        true
    }

    /// Another try takes its place. Gives whether that ends it.
    pub(crate) fn supersede(&mut self, now: Instant) -> bool {
        if self.is_over() {
            return false;
        }
        // It had all requests, whether or not a human was asked about it.
        let is_held_full = self.told.phase == PhaseName::Held && self.told.weight == Weight::FULL;
        let is_stable = self.told.phase == PhaseName::Probation || is_held_full;
        self.told.phase = if is_stable { PhaseName::Idle } else { PhaseName::Aborted };
        self.told.reason = Some(Reason::Superseded.label().to_owned());
        self.told.told_ms = self.ms(now);
        true
    }

    /// What a look shows of the canary, which has this share.
    pub(crate) fn look(&mut self, sight: &Sight, weight: Weight, now: Instant, today: SystemTime) {
        let probation = sight.probation.map(|(error_rate_max, tally)| AccountProbation {
            error_rate_max,
            scored: tally.requests(),
            failed: tally.bad,
        });
        self.told.probation = probation.or(self.told.probation);
        if self.is_over() || self.told.conviction.is_some() || self.told.first_share_ms.is_none() {
            return;
        }
        match &sight.conviction {
            Some(conviction) => self.convict(conviction, now, today),
            None if weight == Weight::ZERO && self.course.is_empty() => {}
            None => {
                let verdict = sight.verdict.as_ref().map(label_of);
                self.course.note(point(self.ms(now), weight, verdict, &sight.glance));
            }
        }
    }

    fn convict(&mut self, conviction: &Conviction, now: Instant, today: SystemTime) {
        self.convicted_at = today.checked_sub(now.saturating_duration_since(conviction.at));
        let (at_ms, weight) = (self.ms(conviction.at), self.told.weight);
        self.course.note(point(at_ms, weight, Some("fail"), &conviction.glance));
        self.told.conviction = Some(conviction::of(&conviction.breach, weight, at_ms));
    }

    /// All that the judge knows, with the certificates of this step. Gives whether more was scored than before.
    pub(crate) fn weigh(&mut self, evidence: &Evidence) -> bool {
        if self.told.first_share_ms.is_none() {
            return false;
        }
        self.told.evidence = Some(evidence.into());
        let arms = Some(evidence.arms.into());
        std::mem::replace(&mut self.told.arms, arms) != arms
    }

    /// The step of the plan at which it stands, or stood last, counted from zero.
    pub(crate) fn step(&self) -> usize {
        self.told.step.map_or(0, |step| step.saturating_sub(1))
    }

    /// Requests that speak against the canary have ended.
    pub(crate) fn hear(&mut self, heard: Heard) {
        for noted in heard.noted {
            self.requests.note(request::of(noted, self.convicted_at));
        }
        self.requests.miss(heard.missed);
    }

    /// What a container of the canary said last. Gives whether that is news.
    pub(crate) fn write_down(&mut self, words: api::LastWords) -> bool {
        words::note(&mut self.told.last_words, words)
    }

    /// What its containers said last, as far as that is known.
    pub(crate) fn last_words(&self) -> &[api::LastWords] {
        &self.told.last_words
    }

    /// What it lacked in the end, or had too much of.
    pub(crate) fn unready(&self) -> Option<&str> {
        self.told.unready.as_deref()
    }

    /// How the canary leaves. Gives whether that is news.
    pub(crate) fn leave(&mut self, rollback: api::Rollback) -> bool {
        self.told.rollback.replace(rollback) != Some(rollback)
    }

    /// All of it.
    pub(crate) fn told(&self, now: Instant) -> api::Account {
        api::Account {
            told_ms: if self.is_over() { self.told.told_ms } else { self.ms(now) },
            course: self.course.points(),
            requests: self.requests.kept(),
            more: self.requests.more(),
            ..self.told.clone()
        }
    }

    /// When it is, counted from the beginning.
    fn ms(&self, now: Instant) -> u64 {
        let whole = (self.before + now.saturating_duration_since(self.since)).as_millis();
        u64::try_from(whole).unwrap_or(u64::MAX)
    }
}

// === functions ===

fn point(at_ms: u64, weight: Weight, verdict: Option<&str>, glance: &Glance) -> AccountPoint {
    let metrics = glance.metrics.iter().map(MetricStatus::from).collect();
    AccountPoint { at_ms, weight, verdict: verdict.map(str::to_owned), ln_abort: glance.ln_harm, metrics }
}

const fn label_of(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "fail",
        Verdict::Shared(_) => "shared",
        Verdict::NotEnough(_) => "not-enough",
    }
}

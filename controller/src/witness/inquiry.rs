//! What is known of one try: its ledgers, its judge, and what the judge said.
//!
//! One at a time holds it (see [`super::turn`]): the request that brought a failure, or the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use canary_config::weight::Weight;
use canary_proxy::ledger::Ledger;
use canary_proxy::meter::Meter;
use canary_proxy::table::Patience;
use canary_proxy::trip::Trip;
use tokio::sync::Notify;

use crate::analysis::{Arms, Damage, Evidence, Glance, Ground, Judge, Kept, Misfit, Tally, Verdict};
use crate::rollout::Judgement;
use crate::witness::conviction::Conviction;
use crate::witness::ledgers::Ledgers;
use crate::witness::patience;
use crate::witness::question::{Means, Question};
use crate::witness::suffered::Suffered;
use crate::witness::totals::Totals;

/// What a conviction sets off.
#[derive(Debug)]
pub(crate) struct Alarm {
    pub(super) trip: Arc<Trip>,
    pub(super) is_convicted: Arc<AtomicBool>,
    pub(super) convicted: Arc<Notify>,
}

/// What is known of one try.
#[derive(Debug)]
pub(crate) struct Inquiry {
    alarm: Alarm,
    ledgers: Ledgers,
    suffered: Suffered,
    judge: Judge,
    question: Question,
    means: Means,
    /// Those of the canary's backends.
    meters: Vec<Arc<Meter>>,
    /// The answer to what is asked at present.
    verdict: Option<Verdict>,
    conviction: Option<Conviction>,
    /// Whether the judge goes on from what was kept.
    is_resumed: bool,
    /// How long whole attempts at stable take, while it is not known how long they are waited for.
    stable_p99: Option<Duration>,
}

/// What one look shows.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    /// The evidence.
    pub(crate) glance: Glance,
    /// The answer to what is asked at present, if anything is.
    pub(crate) verdict: Option<Verdict>,
    /// That the canary was convicted, if it was.
    pub(crate) conviction: Option<Conviction>,
    /// The error rate up to which nothing is said of a canary that has all requests, and what it did with them.
    pub(crate) probation: Option<(f64, Tally)>,
}

// === impl Inquiry ===

impl Inquiry {
    pub(crate) fn new(judge: Judge, ledgers: Ledgers, suffered: Suffered, alarm: Alarm) -> Self {
        Self {
            alarm,
            ledgers,
            suffered,
            judge,
            question: Question::None,
            means: Means::default(),
            meters: Vec::new(),
            verdict: None,
            conviction: None,
            is_resumed: false,
            stable_p99: None,
        }
    }

    /// Shows the judge what was scored since the last look, and convicts the canary if it says so.
    pub(crate) fn look(&mut self, now: Instant) {
        self.judge.tick(now);
        let (thresholds, judge) = (self.judge.thresholds(), &mut self.judge);
        self.ledgers.read(now, &thresholds, |weight, sample| judge.observe(weight, sample, now));
        self.decide(now);
    }

    /// The same, in the engine's own time: what is over is put away, too.
    pub(crate) fn look_around(&mut self, now: Instant) {
        self.judge.tick(now);
        let (thresholds, judge) = (self.judge.thresholds(), &mut self.judge);
        self.ledgers.read_and_close(now, &thresholds, |weight, sample| judge.observe(weight, sample, now));
        self.decide(now);
    }

    fn decide(&mut self, now: Instant) {
        self.judge.suffer(self.suffered.damage());
        self.verdict = match self.question {
            Question::None => None,
            Question::Step(step) => Some(self.judge.verdict(step)),
            Question::Probation => Some(self.judge.probation_verdict()),
        };
        if let Some(Verdict::Fail(breach)) = &self.verdict
            && self.conviction.is_none()
        {
            if self.means == Means::Trip {
                self.alarm.trip.trip();
            }
            self.alarm.is_convicted.store(true, Ordering::Release);
            let (breach, in_flight) = (breach.clone(), self.in_flight());
            let glance = self.judge.glance(self.question.step());
            self.conviction = Some(Conviction { at: now, breach, glance, in_flight });
            self.alarm.convicted.notify_one();
        }
    }

    /// Something else is asked from now on.
    pub(crate) fn ask(&mut self, question: Question, means: Means) {
        if question != self.question {
            self.verdict = None;
        }
        self.question = question;
        self.means = means;
    }

    /// The canary runs on the backends that have these meters.
    pub(crate) fn runs_on(&mut self, meters: Vec<Arc<Meter>>) {
        self.meters = meters;
    }

    /// The canary has this weight from now on. Gives the ledger that both arms score in.
    pub(crate) fn open(&mut self, weight: Weight, now: Instant) -> Arc<Ledger> {
        self.judge.set_weight(weight, now);
        self.ledgers.open(weight)
    }

    /// What the canary's clients have suffered by it so far.
    pub(crate) fn suffered(&self) -> &Suffered {
        &self.suffered
    }

    /// Takes in what they had suffered before a stop.
    pub(crate) fn suffer(&mut self, before: Damage) {
        self.suffered.add(before);
    }

    /// What the judge knows, to be taken up after an orderly stop.
    pub(crate) fn keep(&self, now: Instant) -> Kept {
        self.judge.keep(now)
    }

    /// Goes on where a judge of the same try stopped.
    ///
    /// # Errors
    /// What was kept does not fit.
    pub(crate) fn take_up(&mut self, kept: Kept, now: Instant) -> Result<(), Misfit> {
        self.judge = self.judge.clone().restore(kept, now)?;
        self.is_resumed = true;
        Ok(())
    }

    /// What is known of stable before the canary gets a request: at 100 % there is nothing else to measure it by.
    pub(crate) fn know_stable(&mut self, tally: Tally) {
        // What was known before a stop is more than what the meters have counted since.
        if !self.is_resumed {
            self.judge.know_stable(tally);
        }
    }

    /// Whole attempts at stable take so long: what a canary is waited for by until the judge knows more.
    pub(crate) fn know_stable_p99(&mut self, p99: Option<Duration>) {
        self.stable_p99 = p99;
    }

    /// So long stable's requests took before the canary gets one: the judge knows what is slow from the first on.
    pub(crate) fn know_latencies(&mut self, before: &[u64]) {
        self.judge.know_latencies(before);
    }

    /// What a rollout is told. A conviction stands, whatever comes after it.
    pub(crate) fn judgement(&self) -> Option<Judgement> {
        if self.question == Question::None {
            return None;
        }
        if let Some(ground) = self.ground() {
            return Some(Judgement::Breach(ground));
        }
        Some(Judgement::of(self.verdict.as_ref()?, &self.judge))
    }

    fn ground(&self) -> Option<Ground> {
        self.conviction.as_ref().map(|conviction| conviction.breach.ground)
    }

    /// The answer to what is asked at present, if it was looked for.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// That the canary was convicted, if it was.
    pub(crate) fn conviction(&self) -> Option<&Conviction> {
        self.conviction.as_ref()
    }

    /// What is to be seen now.
    pub(crate) fn sight(&self) -> Sight {
        Sight {
            glance: self.judge.glance(self.question.step()),
            verdict: self.verdict.clone(),
            conviction: self.conviction.clone(),
            probation: self.judge.probation().map(|guard| (guard.limit(), guard.counts().canary)),
        }
    }

    /// All that the judge knows, with the certificates of this step.
    pub(crate) fn evidence(&self, step: usize) -> Evidence {
        self.judge.evidence(step)
    }

    /// How long the canary is to be waited for.
    pub(crate) fn patience(&self) -> Patience {
        let p99 = self.judge.stable_p99().or(self.stable_p99);
        let remarkable = self.judge.thresholds().and_then(|thresholds| thresholds.canary.last().copied());
        patience::patience(p99, remarkable)
    }

    /// The canary's requests in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.meters.iter().map(|meter| meter.in_flight()).sum()
    }

    /// Whether nothing can be scored any more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.ledgers.is_quiet()
    }

    /// How what was scored in the ledgers that are still open has ended.
    pub(crate) fn open_totals(&self) -> Arms<Totals> {
        self.ledgers.open_totals()
    }

    /// The same of the ledgers that were closed since the last time this was asked.
    pub(crate) fn take_closed(&mut self) -> Arms<Totals> {
        self.ledgers.take_closed()
    }
}

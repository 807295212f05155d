//! One rollout from its start to its end, tick by tick.
//!
//! While the slow-start window is not open, and with little traffic always, the requests come one by one and are picked
//! from the table. How a request ends is known when it arrives, and a failure of the canary is judged in that instant,
//! as the witness does. With more traffic a tick's requests are counted together: the draw is then free for each of
//! them, and to pick them one by one would count the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use canary_config::plan::{Gate, OnBusy};
use canary_config::weight::Weight;
use canary_proxy::hearing::Hearing;
use canary_proxy::outcome::Outcome as Answer;
use canary_proxy::table::{Asker, Route};
use canary_proxy::track::Track;
use rand::RngExt as _;

use super::counted::Counted;
use super::onlooker::{Onlooker, Seen};
use super::outcome::{End, Outcome};
use super::source::Chance;
use super::stage::{Stage, edges};
use super::{Simulation, TICK, Until, release};
use crate::analysis::{Arms, Damage, Judge};
use crate::rollout::{
    Again, Command, Event, Judgement, Leaving, Phase, Raises, Readiness, Reason, Rollout, Start, Transition, Trial,
};

/// Above so many requests a second they are counted by the tick once the canary has shown itself.
const PICKED_RATE_MAX: f64 = 10.0;

/// A rollout under way.
pub(super) struct Run<'a> {
    simulation: &'a Simulation,
    base: Instant,
    now: Duration,
    chance: Chance,
    rollout: Rollout,
    judge: Judge,
    hearing: Arc<Hearing>,
    route: Arc<Route>,
    weight: Weight,
    next_arrival: Duration,
    /// What the judge has not seen.
    counted: Arms<Counted>,
    /// What the canary did in this tick.
    seen: Seen,
    is_looked_at: bool,
    end: Option<End>,
    outcome: Outcome,
}

// === impl Run ===

impl<'a> Run<'a> {
    pub(super) fn new(simulation: &'a Simulation, base: Instant, seed: u64) -> Self {
        let hearing = Stage::hearing();
        Self {
            simulation,
            base,
            now: Duration::ZERO,
            chance: Chance::new(seed),
            rollout: Rollout::new(release("stable")),
            judge: simulation.judge.clone(),
            route: simulation.stage.route(Weight::ZERO, &hearing),
            hearing,
            weight: Weight::ZERO,
            next_arrival: Duration::ZERO,
            counted: Arms::default(),
            seen: Seen { at: Duration::ZERO, requests: 0, failed: 0, slow: 0 },
            is_looked_at: false,
            end: None,
            outcome: Outcome::BEGUN,
        }
    }

    /// Plays it to its end, and on for as long as the onlooker wants to see more.
    pub(super) fn play(mut self, onlooker: &mut impl Onlooker) -> Outcome {
        self.begin();
        while self.now < self.simulation.time_max && (self.end.is_none() || !onlooker.is_done()) {
            self.is_looked_at = !onlooker.is_done();
            self.tick();
            if self.is_looked_at {
                onlooker.look(Seen { at: self.now, ..self.seen });
            }
        }
        Outcome { end: self.end.unwrap_or(End::Unfinished), ..self.outcome }
    }

    /// The start is ordered, and all backends are ready.
    fn begin(&mut self) {
        let trial = Trial::new(release("canary"), self.simulation.plan.clone());
        let start = Start { trial, again: Again::Refuse, on_busy: OnBusy::Reject };
        self.tell(Event::Commanded { command: Command::Start(start), generation: None });
        if matches!(self.rollout.phase(), Phase::Draining { leaving: Leaving::Stable, .. }) {
            self.tell(Event::Drained);
        }
        self.tell(Event::Probed { stable: Readiness::All, canary: Readiness::All });
        self.next_arrival = self.simulation.source.gap(&mut self.chance);
    }

    fn tick(&mut self) {
        let end = self.now + TICK;
        (self.seen.requests, self.seen.failed, self.seen.slow) = (0, 0, 0);
        self.simulation.source.begin_tick(self.now, &mut self.chance);
        if self.end.is_some() {
            self.go_on_for_others();
        } else if self.comes_one_by_one() {
            self.pick_until(end);
        } else {
            self.count();
        }
        self.now = end;
        if self.end.is_none() {
            self.judge.tick(self.base + self.now);
            self.look();
            self.pass_time();
        }
    }

    fn comes_one_by_one(&self) -> bool {
        let rate = self.simulation.source.traffic().requests_per_second;
        rate <= PICKED_RATE_MAX || !self.hearing.slow_start.is_open()
    }

    /// Picks what arrives before the end of the tick. When the canary is sent back in between, what is left of the tick
    /// is nobody's.
    fn pick_until(&mut self, end: Duration) {
        // The process has no memory: what was counted by the tick meanwhile leaves the next gap as it would be.
        while self.next_arrival < self.now {
            self.next_arrival = self.now + self.simulation.source.gap(&mut self.chance);
        }
        while self.next_arrival < end && self.end.is_none() {
            let at = self.next_arrival;
            self.request(at);
            self.next_arrival = at + self.simulation.source.gap(&mut self.chance);
        }
    }

    fn request(&mut self, at: Duration) {
        let Some(mut pick) = self.route.pick(&Asker::default(), &mut self.chance.rng) else { return };
        let (track, is_scored) = (pick.track, pick.is_scored());
        let arms = self.simulation.source.answering(at, self.weight, &self.chance);
        let answering = if track == Track::Canary { arms.canary } else { arms.stable };
        let is_bad = self.chance.rng.random::<f64>() < answering.error_rate;
        let bucket = answering.bucket(&mut self.chance.rng);
        let waited = edges().get(bucket).copied().unwrap_or(Duration::MAX);
        pick.score(if is_bad { Answer::ServerError } else { Answer::Success }, waited);
        if is_scored {
            let counted = if track == Track::Canary { &mut self.counted.canary } else { &mut self.counted.stable };
            if is_bad {
                counted.failed += 1;
            } else {
                counted.succeed(bucket);
            }
        }
        if track == Track::Canary {
            self.note(Seen { requests: 1, failed: u64::from(is_bad), slow: 0, ..self.seen });
            self.seen.slow += u64::from(!is_bad && waited > SLOW);
            if is_bad {
                self.now = at;
                self.look();
            }
        }
    }

    /// Counts a tick's requests at once.
    fn count(&mut self) {
        self.simulation.source.fill(self.now, self.weight, &mut self.chance, &mut self.counted);
        self.note(Seen::of(self.now, &self.counted.canary));
    }

    /// The canary has been sent back, or has all requests; the others still see what it does.
    fn go_on_for_others(&mut self) {
        let mut counted = Arms::default();
        let weight = self.simulation.scheduled(self.now);
        self.simulation.source.fill(self.now, weight, &mut self.chance, &mut counted);
        self.seen = Seen::of(self.now, &counted.canary);
    }

    fn note(&mut self, more: Seen) {
        self.seen.requests += more.requests;
        self.seen.failed += more.failed;
        self.seen.slow += more.slow;
        self.outcome.requests += more.requests;
        self.outcome.failed += more.failed;
    }

    /// Shows the judge what has come since the last look, and the rollout what the judge makes of it.
    fn look(&mut self) {
        let now = self.base + self.now;
        if self.counted.is_nothing() {
            // Evidence moves by requests alone, and what was not enough for a verdict is not enough now.
            if self.is_idle() {
                return;
            }
        } else {
            let reach = self.simulation.source.reach();
            self.judge.observe(self.weight, &self.counted.sample(reach), now);
            // A client asks once here.
            let is_keyed = self.simulation.plan.assignment.is_keyed();
            let failed = self.outcome.failed;
            self.judge.suffer(Damage { failed_requests: failed, failed_users: if is_keyed { failed } else { 0 } });
            self.counted.canary.clear(reach);
            self.counted.stable.clear(reach);
        }
        if let Some(judgement) = self.judgement() {
            self.tell(Event::Judged(judgement));
        }
    }

    /// What the judge says, if the rollout does anything on it at this moment. A verdict that it would pass over is not
    /// worked out.
    fn judgement(&self) -> Option<Judgement> {
        let phase = self.rollout.phase();
        let verdict = match phase.step() {
            None if matches!(phase, Phase::Probation { .. }) => self.judge.probation_verdict(),
            None => return None,
            Some(step) => self.judge.verdict(step),
        };
        let judgement = Judgement::of(&verdict, &self.judge);
        let is_heeded = !self.is_idle() || !matches!(judgement, Judgement::Pass | Judgement::Thin(_));
        is_heeded.then_some(judgement)
    }

    /// Whether only a breach would change anything now.
    fn is_idle(&self) -> bool {
        match self.rollout.phase() {
            Phase::Progressing { trial, step, since } => trial.step(*step).is_none_or(|step| {
                let is_young = (self.base + self.now).saturating_duration_since(*since) < step.min_duration;
                is_young || step.gate == Gate::Time
            }),
            Phase::Probation { .. } => true,
            _ => false,
        }
    }

    /// Tells the rollout that time has passed, when that changes something.
    fn pass_time(&mut self) {
        if self.rollout.next_deadline().is_some_and(|deadline| deadline <= self.base + self.now) {
            self.tell(Event::Ticked);
        }
    }

    fn tell(&mut self, event: Event) {
        // What is refused changes nothing: no order is given here but the first, and that one is lawful.
        let changed = self.rollout.handle(event, self.base + self.now, Raises::Allowed);
        if let Ok(Some(transition)) = changed {
            self.obey(&transition);
        }
    }

    /// Puts in force what was decided.
    fn obey(&mut self, transition: &Transition) {
        let weight = self.rollout.weight();
        self.outcome.is_uncertified |= transition.reason == Reason::Policy;
        if weight != self.weight {
            if weight == Weight::ZERO {
                self.hearing.trip.trip();
            } else {
                self.judge.set_weight(weight, self.base + self.now);
            }
            self.route = self.simulation.stage.route(weight, &self.hearing);
        }
        self.outcome.at = self.now;
        let onset = self.simulation.source.traffic().onset;
        self.outcome.turned_at = self.outcome.turned_at.or_else(|| onset.turned_at(weight, self.now));
        self.outcome.weight = self.weight.max(weight);
        self.weight = weight;
        self.end = self.ended();
    }

    fn ended(&mut self) -> Option<End> {
        match self.rollout.phase() {
            Phase::Aborted { reason, .. } => Some(End::Aborted(*reason)),
            phase @ Phase::Held { .. } => phase.holds_for().map(End::Held),
            Phase::Probation { .. } => {
                self.outcome.full_at = Some(self.now);
                (self.simulation.until == Until::AllRequests).then_some(End::Promoted)
            }
            Phase::Idle => Some(End::Promoted),
            Phase::Draining { .. } | Phase::Preparing { .. } | Phase::Progressing { .. } | Phase::Paused { .. } => None,
        }
    }
}

/// From here on a success is slow for others.
const SLOW: Duration = Duration::from_millis(500);

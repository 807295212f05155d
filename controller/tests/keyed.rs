//! Keyed traffic, from the draw to the verdict: clients with many requests each, over the real keys, ledgers and judge.
//!
//! A client is one observation of the comparison, but its requests are many. What is as good as stable stays, however
//! much each client asks, and what is dead is found also by clients that have counted long since.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use canary_config::cohort::Assignment;
use canary_config::plan::Plan;
use canary_config::weight::Weight;
use canary_controller::analysis::breaker::Attempts;
use canary_controller::analysis::{ArmSample, Arms, BreakerRule, ByRequest, Ground, Judge, Verdict};
use canary_proxy::cohort::{Cohort, CohortKey, Keyed, Salt};
use canary_proxy::histogram::{BUCKETS, Counts, EDGES_US};
use canary_proxy::ledger::{Arm, Ledger};
use canary_proxy::outcome::Outcome;
use canary_proxy::scoring::{Part, Scoring};
use canary_proxy::track::Track;
use rand::rngs::SmallRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use super::judge::{plan, weight};

static EDGES: LazyLock<Vec<Duration>> =
    LazyLock::new(|| EDGES_US.iter().map(|edge| Duration::from_micros(*edge)).collect());

const TICK: Duration = Duration::from_millis(250);
const TICKS_PER_STEP: usize = 4 * 60;
const TICKS_OF_PROBATION: usize = 4 * 120;
/// Each client makes its requests in as many ticks as this.
const TICKS_OF_SESSION: usize = 5;
const LATENCY: Duration = Duration::from_millis(5);
const ROLLOUTS: u64 = 12;

/// The chance of a failure in each arm.
type Rates = Arms<f64>;

/// A rollout at one weight after the other, its clients, and a clock that is moved by hand.
struct Given {
    judge: Judge,
    keyed: Box<Keyed>,
    ledger: Arc<Ledger>,
    read: Arms<Read>,
    weight: Weight,
    now: Instant,
    rng: SmallRng,
    sessions: Vec<(CohortKey, usize)>,
    requests_of_each: usize,
    /// The canary's requests that failed.
    failures: u64,
}

/// What an arm had counted when it was read last.
#[derive(Clone)]
struct Read {
    failures: u64,
    successes: Counts,
    kept: u64,
    beats: [u64; 4],
    first_failed: u64,
    first_answered: Counts,
}

// === impl Given ===

impl Given {
    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn new(seed: u64, requests_of_each: usize, guardrail: Option<f64>) -> Self {
        let now = Instant::now();
        let mut plan = Plan { assignment: Assignment::Ip, ..plan(&[10, 50]) };
        plan.criteria.guardrails.error_rate = guardrail;
        let Cohort::Keyed(keyed) = Cohort::of(&plan.assignment, 1, Salt::derive(&[0; 32], "web", 1), now) else {
            panic!("addresses are keys")
        };
        let mut given = Self {
            judge: Judge::new(&plan, &EDGES),
            keyed,
            ledger: Arc::default(),
            read: Arms { canary: Read::new(), stable: Read::new() },
            weight: Weight::ZERO,
            now,
            rng: SmallRng::seed_from_u64(seed),
            sessions: Vec::new(),
            requests_of_each,
            failures: 0,
        };
        given.at(10);
        given
    }

    fn at(&mut self, percent: u16) -> &mut Self {
        self.observe();
        (self.weight, self.ledger) = (weight(percent), Arc::default());
        self.read = Arms { canary: Read::new(), stable: Read::new() };
        self.judge.set_weight(self.weight, self.now);
        self
    }

    fn ask(&mut self, key: CohortKey, rates: Rates) {
        let track = key.track(self.weight);
        let rate = if track == Track::Canary { rates.canary } else { rates.stable };
        let is_bad = self.rng.random_bool(rate);
        let part = self.keyed.observe(key, track, &self.ledger).map_or(Part::Stranger, Part::Key);
        let outcome = if is_bad { Outcome::ServerError } else { Outcome::Success };
        Scoring::new(track, part).end(&self.ledger, outcome, LATENCY);
        self.failures += u64::from(is_bad && track == Track::Canary);
    }

    /// So many ticks of one new client each, or until a conviction.
    fn go(&mut self, ticks: usize, rates: Rates) -> Option<Ground> {
        let part = self.requests_of_each / TICKS_OF_SESSION;
        for tick in 0..ticks {
            let key = CohortKey(self.rng.next_u64());
            self.sessions.push((key, self.requests_of_each));
            for at in (0..self.sessions.len()).rev() {
                let (key, left) = self.sessions[at];
                (0..part).for_each(|_| self.ask(key, rates));
                self.sessions[at].1 = left - part;
            }
            self.sessions.retain(|(_, left)| *left > 0);
            if tick % 40 == 0 {
                self.keyed.keys().mature(self.now, [&*self.ledger]);
            }
            if let Some(ground) = self.tick() {
                return Some(ground);
            }
        }
        None
    }

    fn tick(&mut self) -> Option<Ground> {
        self.observe();
        let verdict = if self.weight == Weight::FULL { self.judge.probation_verdict() } else { self.judge.verdict(0) };
        self.now += TICK;
        self.judge.tick(self.now);
        let Verdict::Fail(breach) = verdict else { return None };
        Some(breach.ground)
    }

    /// Through the whole plan, and to the end of a probation.
    fn whole(&mut self, rates: Rates) -> Option<Ground> {
        let compared = [10, 50].into_iter().find_map(|percent| self.at(percent).go(TICKS_PER_STEP, rates));
        compared.or_else(|| self.at(100).go(TICKS_OF_PROBATION, rates))
    }

    fn observe(&mut self) {
        if self.weight == Weight::ZERO {
            return;
        }
        let news = Arms {
            canary: self.read.canary.advance(self.ledger.arm(Track::Canary)),
            stable: self.read.stable.advance(self.ledger.arm(Track::Stable)),
        };
        let sample = Arms { canary: news.canary.sample(), stable: news.stable.sample() };
        self.judge.observe(self.weight, &sample, self.now);
    }
}

// === impl Read ===

impl Read {
    fn new() -> Self {
        let (successes, first_answered) = ([0; BUCKETS], [0; BUCKETS]);
        Self { failures: 0, successes, kept: 0, beats: [0; 4], first_failed: 0, first_answered }
    }

    fn advance(&mut self, arm: &Arm) -> Self {
        let (pulse, firsts) = (arm.pulse(), arm.firsts());
        let now = Self {
            failures: arm.failures(),
            successes: arm.successes().counts(),
            kept: arm.kept(),
            beats: [pulse.refused(), pulse.failed(), pulse.answered(), pulse.again()],
            first_failed: firsts.failed(),
            first_answered: firsts.answered().counts(),
        };
        let before = std::mem::replace(self, now);
        let differ = |now: &Counts, before: &Counts| std::array::from_fn(|at| now[at] - before[at]);
        Self {
            failures: self.failures - before.failures,
            successes: differ(&self.successes, &before.successes),
            kept: self.kept - before.kept,
            beats: std::array::from_fn(|at| self.beats[at] - before.beats[at]),
            first_failed: self.first_failed - before.first_failed,
            first_answered: differ(&self.first_answered, &before.first_answered),
        }
    }

    fn sample(&self) -> ArmSample<'_> {
        let [refused, failed, answered, again] = self.beats;
        let by_request = ByRequest {
            good_keys: self.kept,
            pulse: Attempts { refused, failed, answered, again },
            first_failed: self.first_failed,
            first_answered: &self.first_answered,
            first_abandoned: &[],
        };
        ArmSample {
            failed: self.failures,
            successes: &self.successes,
            by_request: Some(by_request),
            ..ArmSample::default()
        }
    }
}

/// Every rollout of two releases that fail alike is left alone, through its probation.
#[track_caller]
fn assert_left_alone(requests_of_each: usize, rate: f64, guardrail: Option<f64>) {
    for seed in 0..ROLLOUTS {
        let ended = Given::new(seed, requests_of_each, guardrail).whole(Arms { canary: rate, stable: rate });
        assert_eq!(ended, None, "seed {seed}: sessions of {requests_of_each}, {rate} failed, guardrail {guardrail:?}");
    }
}

#[test]
fn a_release_as_good_as_stable_is_left_alone_where_two_in_a_thousand_fail() {
    assert_left_alone(20, 0.002, None);
    assert_left_alone(50, 0.002, None);
}

#[test]
fn a_release_as_good_as_stable_is_left_alone_where_one_in_a_hundred_fails() {
    assert_left_alone(20, 0.01, None);
    assert_left_alone(50, 0.01, None);
}

#[test]
fn a_limit_that_both_keep_aborts_nobody_however_much_a_client_asks() {
    assert_left_alone(50, 0.002, Some(0.01));
    assert_left_alone(20, 0.01, Some(0.02));
}

#[test]
fn a_limit_that_both_keep_is_not_called_broken_by_stable() {
    let mut given = Given::new(3, 50, Some(0.01));
    given.at(50).go(TICKS_PER_STEP, Arms { canary: 0.002, stable: 0.002 });
    assert!(!matches!(given.judge.verdict(0), Verdict::Shared(_)), "{:?}", given.judge.verdict(0));
}

/// Clients that have asked at the first step and are all good by now.
fn with_known_clients(seed: u64) -> (Given, Vec<CohortKey>) {
    let mut given = Given::new(seed, 20, None);
    let clients: Vec<_> = (0..400).map(|_| CohortKey(given.rng.next_u64())).collect();
    clients.iter().for_each(|client| given.ask(*client, Arms { canary: 0.0, stable: 0.0 }));
    (0..8).for_each(|_| assert_eq!(given.tick(), None));
    given.now += Duration::from_secs(60);
    given.keyed.keys().mature(given.now, [&*given.ledger]);
    assert_eq!((given.tick(), given.ledger.undecided()), (None, 0));
    (given, clients)
}

#[test]
fn a_dead_canary_is_found_by_clients_that_have_counted_before() {
    const ASKED_PER_TICK: usize = 10;
    for percents in [&[50][..], &[50, 100]] {
        let (mut given, clients) = with_known_clients(7);
        for percent in percents {
            given.at(*percent);
        }
        let mut clients = clients.into_iter();
        let ground = (0..40).find_map(|_| {
            let asking = clients.by_ref().take(ASKED_PER_TICK);
            asking.for_each(|client| given.ask(client, Arms { canary: 1.0, stable: 0.0 }));
            given.tick()
        });
        assert_eq!(ground, Some(Ground::Breaker(BreakerRule::FailureRun)), "at {percents:?}");
        // A run lasts for half a second, which is three looks.
        assert!(given.failures <= 3 * ASKED_PER_TICK as u64, "{} at {percents:?}", given.failures);
    }
}

#[test]
fn a_dead_canary_is_found_by_the_same_clients_again() {
    let (mut given, clients) = with_known_clients(7);
    given.at(50);
    let ground = (0..4).find_map(|_| {
        clients.iter().take(20).for_each(|client| given.ask(*client, Arms { canary: 1.0, stable: 0.0 }));
        given.tick()
    });
    assert_eq!(ground, Some(Ground::Breaker(BreakerRule::FailureRun)));
}

#[test]
fn a_client_that_tries_again_and_again_convicts_nobody() {
    let (mut given, clients) = with_known_clients(7);
    given.at(50);
    let hurt = clients.iter().find(|client| client.track(given.weight) == Track::Canary).expect("half of them");
    for _ in 0..100 {
        (0..10).for_each(|_| given.ask(*hurt, Arms { canary: 1.0, stable: 0.0 }));
        assert_eq!(given.tick(), None);
    }
}

#[test]
fn who_fails_now_has_not_passed() {
    let mut given = Given::new(1, 20, None);
    let well = Arms { canary: 0.0, stable: 0.0 };
    given.at(50);
    (1..=2).for_each(|client| given.ask(CohortKey(client), well));
    assert_eq!(given.go(8 * TICKS_PER_STEP, well), None);
    assert_eq!(given.judge.verdict(0), Verdict::Pass);
    let fails = Arms { canary: 1.0, stable: 0.0 };
    (1..=2).for_each(|client| given.ask(CohortKey(client), fails));
    given.observe();
    assert!(matches!(given.judge.verdict(0), Verdict::NotEnough(_)), "{:?}", given.judge.verdict(0));
    assert!(!given.judge.may_promote_uncertified());
    given.ask(CohortKey(1), well);
    given.observe();
    assert_eq!(given.judge.verdict(0), Verdict::Pass);
}

#[test]
fn a_canary_that_fails_one_request_in_ten_is_found_in_probation() {
    for seed in 0..ROLLOUTS {
        let mut given = Given::new(seed, 20, None);
        let well = Arms { canary: 0.002, stable: 0.002 };
        for percent in [10, 50] {
            assert_eq!(given.at(percent).go(TICKS_PER_STEP, well), None, "seed {seed}");
        }
        let ground = given.at(100).go(4 * TICKS_OF_PROBATION, Arms { canary: 0.1, ..well });
        assert!(ground.is_some(), "seed {seed}");
    }
}

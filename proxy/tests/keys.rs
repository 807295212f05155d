//! One observation for each key: what a client's requests come to, however many there are.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use canary_config::cohort::Assignment;
use canary_proxy::cohort::{Cohort, CohortKey, GOOD_AFTER, KEYS_MAX, Keyed, Salt};
use canary_proxy::histogram::Buckets;
use canary_proxy::ledger::Ledger;
use canary_proxy::outcome::Outcome;
use canary_proxy::scoring::{Part, Scoring};
use canary_proxy::track::Track::{self, Canary, Stable};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::stage::{is_untouched, scored};

const FAST: Duration = Duration::from_millis(1);
const SEED: u64 = 0x6b;

/// The keys of a try, and a clock that stands until it is moved.
struct Try {
    keyed: Box<Keyed>,
    began: Instant,
}

impl Try {
    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn new() -> Self {
        // Later than any ledger of the test begins, so that it makes no difference how long it takes to make one.
        let began = Instant::now() + Duration::from_secs(60);
        let Cohort::Keyed(keyed) = Cohort::of(&Assignment::Ip, 1, Salt::derive(&[0; 32], "web", 1), began) else {
            panic!("addresses are keys")
        };
        Self { keyed, began }
    }

    fn asks(&self, key: u64, track: Track, ledger: &Arc<Ledger>) -> Asked {
        let observation = self.keyed.observe(CohortKey(key), track, ledger).expect("there is a place");
        Asked { ledger: Arc::clone(ledger), scoring: Some(Scoring::new(track, Part::Key(observation))) }
    }

    fn ends(&self, key: u64, track: Track, ledger: &Arc<Ledger>, outcome: Outcome) {
        let mut scoring = self.asks(key, track, ledger);
        scoring.sent(self.began);
        scoring.end(outcome, FAST);
    }

    /// Looks when so much time has gone by; gives what both arms have kept, the canary's first.
    fn look(&self, after: Duration, ledger: &Ledger) -> [u64; 2] {
        self.keyed.keys().mature(self.began + after, [ledger]);
        [Canary, Stable].map(|track| ledger.arm(track).kept())
    }
}

/// A request under way, and the ledger that it counts in.
struct Asked {
    ledger: Arc<Ledger>,
    scoring: Option<Scoring>,
}

impl Asked {
    fn sent(&mut self, now: Instant) {
        self.scoring.as_mut().unwrap().sent(&self.ledger, now);
    }

    fn end(mut self, outcome: Outcome, waited: Duration) {
        self.scoring.take().unwrap().end(&self.ledger, outcome, waited);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(scoring) = self.scoring.take() {
            scoring.withdraw(&self.ledger);
        }
    }
}

#[test]
fn a_key_is_bad_once_however_often_it_fails() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    for outcome in [Outcome::ServerError, Outcome::Reset, Outcome::ServerError, Outcome::ConnectFailed] {
        this.ends(1, Canary, &ledger, outcome);
        this.ends(2, Stable, &ledger, outcome);
    }
    assert_eq!(scored(&ledger, Canary), [(Outcome::ServerError, 1)]);
    assert_eq!(scored(&ledger, Stable), [(Outcome::ServerError, 1)]);
    assert_eq!((ledger.undecided(), this.keyed.keys().failed()), (0, 1));
    assert_eq!(this.look(GOOD_AFTER * 2, &ledger), [0, 0], "what is bad does not become good");
}

#[test]
fn a_key_is_good_when_it_has_gone_long_enough_without_a_failure() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    this.ends(1, Canary, &ledger, Outcome::Success);
    this.ends(2, Stable, &ledger, Outcome::ClientGone);
    assert_eq!(this.look(GOOD_AFTER - FAST, &ledger), [0, 0]);
    this.ends(3, Canary, &ledger, Outcome::Success);
    assert_eq!((ledger.undecided(), this.look(GOOD_AFTER + GOOD_AFTER / 2, &ledger)), (3, [1, 1]));
    this.ends(1, Canary, &ledger, Outcome::ServerError);
    assert_eq!(this.look(GOOD_AFTER * 2, &ledger), [2, 1]);
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 2)], "a key that is good fails too late to be bad");
    assert_eq!((ledger.undecided(), this.keyed.keys().failed()), (0, 1), "but its client was hurt");
}

#[test]
fn the_latency_of_a_key_is_that_of_one_success() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    for _ in 0..5 {
        this.ends(1, Canary, &ledger, Outcome::Success);
    }
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 1)]);
    // A failure, and what ended without a word, leave it to the next one.
    this.ends(2, Canary, &ledger, Outcome::ServerError);
    let mut dropped = this.asks(2, Canary, &ledger);
    dropped.sent(this.began);
    drop(dropped);
    this.ends(2, Canary, &ledger, Outcome::Internal);
    this.ends(2, Canary, &ledger, Outcome::Success);
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, 2), (Outcome::ServerError, 1)]);
}

#[test]
fn one_request_of_a_key_is_waited_for_at_a_time() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    let mut requests = [this.asks(1, Canary, &ledger), this.asks(1, Canary, &ledger)];
    requests.iter_mut().for_each(|request| request.sent(this.began));
    let mut overdue = 0;
    let limits = [FAST, FAST * 2, FAST * 3];
    ledger.open().mark(this.began + FAST * 9, |_| Some(limits), |_, reached| overdue += reached.len());
    assert_eq!(overdue, limits.len(), "each threshold is reached by one of the two");
    let [first, second] = requests;
    second.end(Outcome::Success, FAST);
    assert!(is_untouched(&ledger));
    first.end(Outcome::Success, FAST);
    assert_eq!(ledger.arm(Canary).overdue()[limits.len() - 1].counts().iter().sum::<u64>(), 1);
}

#[test]
fn what_was_counted_as_slow_is_not_counted_again() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    let mut slow = this.asks(1, Canary, &ledger);
    slow.sent(this.began);
    ledger.open().mark(this.began + FAST * 9, |_| Some([FAST, FAST * 2, FAST * 3]), |_, _| {});
    slow.end(Outcome::Reset, FAST * 10);
    this.ends(1, Canary, &ledger, Outcome::Success);
    assert_eq!(scored(&ledger, Canary), [(Outcome::Reset, 1)]);
}

#[test]
fn a_key_counts_at_the_weight_and_in_the_arm_where_it_was_first_seen() {
    let (this, before, after) = (Try::new(), Arc::<Ledger>::default(), Arc::<Ledger>::default());
    let in_flight = [this.asks(1, Stable, &before), this.asks(2, Canary, &before)];
    // The raise moves the first to the canary.
    for outcome in [Outcome::Success, Outcome::ServerError] {
        this.ends(1, Canary, &after, outcome);
        this.ends(2, Canary, &after, outcome);
    }
    assert!(is_untouched(&after) && after.undecided() == 0);
    let [moved, stayed] = in_flight;
    moved.end(Outcome::Success, FAST);
    stayed.end(Outcome::Reset, FAST);
    assert_eq!(scored(&before, Stable), [(Outcome::Success, 1)]);
    assert_eq!(scored(&before, Canary), [(Outcome::Reset, 1)]);
    this.keyed.keys().mature(this.began + GOOD_AFTER, [&*after, &*before]);
    assert_eq!((before.arm(Stable).kept(), before.arm(Canary).kept(), before.undecided()), (1, 0, 0));
    assert_eq!(this.keyed.keys().failed(), 2, "both were hurt by the canary");
}

#[test]
fn who_finds_no_place_is_scored_in_neither_arm() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    let mut rng = SmallRng::seed_from_u64(SEED);
    let asked = 2 * KEYS_MAX as u64;
    let mut placed = 0;
    for _ in 0..asked {
        placed += u64::from(this.keyed.observe(CohortKey(rng.next_u64()), Canary, &ledger).is_some());
    }
    let capacity = KEYS_MAX as u64;
    assert!((capacity * 9 / 10..=capacity).contains(&placed), "{placed} keys, seed {SEED}");
    assert_eq!((this.keyed.keys().unplaced(), ledger.undecided()), (asked - placed, placed));
    assert_eq!(this.look(GOOD_AFTER, &ledger), [placed, 0]);
}

#[test]
fn many_at_once_count_each_key_once() {
    const THREADS: u64 = 4;
    const KEYS: u64 = 2_000;
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    thread::scope(|scope| {
        for first in 0..THREADS {
            let (this, ledger) = (&this, &ledger);
            scope.spawn(move || {
                for key in (0..KEYS).map(|key| 2 + (key + first * 7) % KEYS) {
                    let outcome = if key % 2 == 0 { Outcome::ServerError } else { Outcome::Success };
                    this.ends(key, Canary, ledger, outcome);
                    this.keyed.keys().mature(this.began + FAST * 20, [&**ledger]);
                }
            });
        }
    });
    let (bad, timed) = (KEYS / 2, KEYS / 2);
    assert_eq!(this.keyed.keys().failed(), bad);
    assert_eq!(scored(&ledger, Canary), [(Outcome::Success, timed), (Outcome::ServerError, bad)]);
    assert_eq!(this.look(GOOD_AFTER * 2, &ledger), [timed, 0]);
    assert_eq!(ledger.undecided(), 0);
}

/// Answered well, refused, and failed.
fn pulse(ledger: &Ledger, track: Track) -> [u64; 3] {
    let pulse = ledger.arm(track).pulse();
    [pulse.answered(), pulse.refused(), pulse.failed()]
}

#[test]
fn a_canarys_pulse_is_felt_in_clients_that_are_known_long_since() {
    let (this, before, after) = (Try::new(), Arc::<Ledger>::default(), Arc::<Ledger>::default());
    for key in 1..=3 {
        this.ends(key, Canary, &before, Outcome::Success);
    }
    assert_eq!(this.look(GOOD_AFTER, &before), [3, 0]);
    for key in 1..=3 {
        this.ends(key, Canary, &after, Outcome::ServerError);
    }
    this.ends(1, Canary, &before, Outcome::ConnectFailed);
    this.ends(2, Canary, &before, Outcome::ClientGone);
    assert_eq!(pulse(&after, Canary), [0, 0, 3]);
    assert_eq!(pulse(&before, Canary), [3, 0, 0], "the first is failing already");
}

#[test]
fn who_tries_again_and_again_fails_once_until_it_is_answered_well() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    for outcome in [Outcome::ConnectFailed, Outcome::Unanswered, Outcome::ServerError, Outcome::ClientGone] {
        this.ends(1, Canary, &ledger, outcome);
        this.ends(2, Stable, &ledger, outcome);
    }
    assert_eq!((pulse(&ledger, Canary), ledger.arm(Canary).pulse().again()), ([0, 1, 0], 2));
    assert_eq!(pulse(&ledger, Stable), [0, 1, 2], "of stable every failure counts");
    // What stable answers well says nothing of the canary.
    for (track, outcome) in [(Stable, Outcome::Success), (Canary, Outcome::Reset), (Canary, Outcome::Success)] {
        this.ends(1, track, &ledger, outcome);
    }
    assert_eq!(pulse(&ledger, Canary), [1, 1, 0]);
    this.ends(1, Canary, &ledger, Outcome::Reset);
    assert_eq!(pulse(&ledger, Canary), [1, 1, 1]);
}

/// How many first requests were answered well, failed, and were given up.
fn firsts(ledger: &Ledger, track: Track) -> [u64; 3] {
    let firsts = ledger.arm(track).firsts();
    let total = |buckets: &Buckets| buckets.counts().iter().sum();
    [total(firsts.answered()), firsts.failed(), total(firsts.abandoned())]
}

#[test]
fn the_first_request_of_a_key_at_each_weight_stands_for_it() {
    let (this, before, after) = (Try::new(), Arc::<Ledger>::default(), Arc::<Ledger>::default());
    for outcome in [Outcome::Success, Outcome::ServerError, Outcome::Success] {
        this.ends(1, Stable, &before, outcome);
    }
    this.ends(2, Canary, &before, Outcome::Reset);
    this.ends(2, Canary, &before, Outcome::Success);
    this.ends(3, Canary, &before, Outcome::ClientGone);
    this.ends(4, Canary, &before, Outcome::Unanswered);
    let late = this.asks(5, Canary, &before);
    for outcome in [Outcome::ServerError, Outcome::Success] {
        this.ends(1, Canary, &after, outcome);
        this.ends(5, Canary, &after, outcome);
    }
    late.end(Outcome::Success, FAST);
    this.ends(1, Stable, &before, Outcome::Success);
    assert_eq!([firsts(&before, Stable), firsts(&before, Canary)], [[1, 0, 0], [2, 1, 1]]);
    assert_eq!([firsts(&after, Stable), firsts(&after, Canary)], [[0, 0, 0], [0, 2, 0]]);
}

#[test]
fn a_first_request_that_says_nothing_leaves_it_to_the_next() {
    let (this, ledger) = (Try::new(), Arc::<Ledger>::default());
    let (dropped, second) = (this.asks(1, Canary, &ledger), this.asks(1, Canary, &ledger));
    drop(dropped);
    second.end(Outcome::ServerError, FAST);
    this.ends(1, Canary, &ledger, Outcome::Internal);
    assert_eq!(firsts(&ledger, Canary), [0; 3], "the second was asked while another one was the first");
    this.ends(1, Canary, &ledger, Outcome::Success);
    assert_eq!(firsts(&ledger, Canary), [1, 0, 0]);
}

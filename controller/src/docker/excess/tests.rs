//! What convicts and what does not, by hand and by chance.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::clock;

const LOOK: Duration = Duration::from_secs(5);
const MIB: u64 = 1 << 20;
const SEEDS: u64 = 300;

/// What the containers of a release do: so much memory, so many requests in a look, and the processor time of one.
#[derive(Clone, Copy, Debug)]
struct Manner {
    containers: u64,
    memory: u64,
    requests: u64,
    each: Duration,
    /// Processor time of a container in a second, whatever its requests.
    background: Duration,
}

/// A comparison on its way.
struct Course {
    comparison: Comparison,
    now: Instant,
    looks: u32,
}

// === impl Manner ===

impl Manner {
    fn plain(requests: u64) -> Self {
        let (each, background) = (Duration::from_millis(2), Duration::ZERO);
        Self { containers: 2, memory: 100 * MIB, requests, each, background }
    }

    fn used(self) -> Used {
        let seconds = u32::try_from(LOOK.as_secs() * self.containers).unwrap();
        let requests = u32::try_from(self.requests).unwrap();
        Used {
            containers: self.containers,
            memory_bytes: self.memory * self.containers,
            processor: self.each * requests + self.background * seconds,
            time: Duration::from_secs(seconds.into()),
            requests: self.requests,
        }
    }
}

// === impl Course ===

impl Course {
    fn new(memory: u32, processor: u32) -> Self {
        let limits = UsageLimits {
            memory: Factor::from_milli(memory),
            processor: Factor::from_milli(processor),
            sustained: Duration::from_secs(30),
        };
        Self { comparison: Comparison::new(limits), now: clock::now(), looks: 0 }
    }

    fn look(&mut self, stable: Manner, canary: Manner) -> Option<Resource> {
        self.see(Ok(Arms { stable: stable.used(), canary: canary.used() }))
    }

    fn see(&mut self, seen: Result<Arms<Used>, Silence>) -> Option<Resource> {
        self.now += LOOK;
        self.looks += 1;
        self.comparison.look(seen, self.now);
        self.comparison.excess().map(|excess| excess.resource)
    }

    fn opinions(&self) -> Vec<Opinion> {
        self.comparison.standings().into_iter().map(|standing| standing.opinion).collect()
    }

    /// After how many looks like these it is convicted, of so many.
    fn convicts_after(&mut self, looks: u32, stable: Manner, canary: Manner) -> Option<(u32, Resource)> {
        (0..looks).find_map(|_| self.look(stable, canary).map(|resource| (self.looks, resource)))
    }
}

#[test]
fn a_canary_that_needs_too_much_memory_is_found_in_a_minute() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let mut course = Course::new(1_500, 2_000);
    let fat = Manner { memory: 151 * MIB, ..canary };
    // The first half minute is let go, and the second one shows it.
    assert_eq!(course.convicts_after(99, stable, fat), Some((13, Resource::Memory)));
    let mut course = Course::new(1_500, 2_000);
    assert_eq!(course.convicts_after(999, stable, Manner { memory: 150 * MIB, ..canary }), None);
    assert_eq!(course.opinions(), [Opinion::Within; 2]);
}

#[test]
fn a_canary_that_burns_processor_time_by_the_request_is_found_whatever_its_share() {
    for (by_stable, by_canary) in [(900, 100), (500, 500), (100, 900), (9_900, 100)] {
        let (stable, canary) = (Manner::plain(by_stable), Manner::plain(by_canary));
        let mut course = Course::new(4_000, 2_000);
        let dear = Manner { each: Duration::from_millis(8), ..canary };
        assert_eq!(course.convicts_after(99, stable, dear), Some((12, Resource::Processor)), "{by_canary}");
        let mut course = Course::new(4_000, 2_000);
        assert_eq!(course.convicts_after(999, stable, canary), None, "{by_canary}");
    }
}

#[test]
fn where_few_requests_end_it_takes_the_longer() {
    let (stable, canary) = (Manner::plain(50), Manner::plain(2));
    let dear = Manner { each: Duration::from_millis(500), ..canary };
    let (looks, resource) = Course::new(4_000, 2_000).convicts_after(999, stable, dear).unwrap();
    // Of a canary with two requests in five seconds, a stint takes two minutes.
    assert_eq!((looks, resource), (106, Resource::Processor));
    let none = Manner { requests: 0, ..dear };
    let mut course = Course::new(4_000, 2_000);
    assert_eq!(course.convicts_after(999, stable, none), None);
    assert_eq!(course.opinions(), [Opinion::Within, Opinion::None(Silence::FewRequests)]);
}

#[test]
fn what_is_compiled_while_it_runs_and_what_is_freed_again_is_waited_for() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let mut course = Course::new(2_000, 2_000);
    let mut tenths = 100_u32;
    for _ in 0..200 {
        let new = Manner {
            each: Duration::from_micros(200) * tenths.max(10),
            memory: 10 * MIB * u64::from(tenths.max(10)),
            ..canary
        };
        assert_eq!(course.look(stable, new), None);
        tenths = tenths * 88 / 100;
    }
    assert_eq!(course.opinions(), [Opinion::Within; 2]);
}

#[test]
fn a_spike_convicts_nobody_however_high() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let spike = Manner { memory: 9_000 * MIB, each: Duration::from_secs(1), ..canary };
    let mut course = Course::new(1_500, 2_000);
    for look in 0..500 {
        // Five looks out of six are spikes.
        assert_eq!(course.look(stable, if look % 6 == 0 { canary } else { spike }), None, "{look}");
    }
}

#[test]
fn where_nothing_can_be_compared_it_is_said_why() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let fat = Manner { memory: 9_000 * MIB, each: Duration::from_secs(1), ..canary };
    let idle = Manner { requests: 0, ..stable };
    let mut course = Course::new(1_500, 2_000);
    assert_eq!(course.opinions(), [Opinion::None(Silence::Unmeasured); 2]);
    course.look(stable, fat);
    assert_eq!(course.opinions(), [Opinion::None(Silence::New); 2]);
    assert_eq!(course.convicts_after(99, idle, fat), None);
    assert_eq!(course.opinions(), [Opinion::None(Silence::StableIdle); 2]);
    course.see(Err(Silence::Unmeasured));
    for silence in [Silence::StableAway, Silence::CanaryAway, Silence::Unmeasured] {
        for _ in 0..11 {
            assert_eq!(course.look(stable, fat), None, "all that was seen before {silence:?} is forgotten");
        }
        assert_eq!(course.see(Err(silence)), None);
        assert_eq!(course.opinions(), [Opinion::None(silence); 2]);
    }
    let busy = Manner { memory: 9_000 * MIB, ..Manner::plain(1_801) };
    assert_eq!(course.convicts_after(99, stable, busy), None);
    assert_eq!(course.opinions(), [Opinion::None(Silence::Busier), Opinion::Within]);
}

#[test]
fn a_limit_that_is_off_is_not_spoken_of() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let fat = Manner { memory: 9_000 * MIB, each: Duration::from_secs(1), ..canary };
    let mut course = Course::new(0, 0);
    assert_eq!(course.convicts_after(99, stable, fat), None);
    assert_eq!(course.opinions(), []);
}

#[test]
fn what_was_too_much_is_said_with_its_measure() {
    let (stable, canary) = (Manner::plain(900), Manner::plain(100));
    let releases = Arms { stable: "v1".parse().unwrap(), canary: "v2".parse().unwrap() };
    let mut course = Course::new(1_500, 0);
    course.convicts_after(99, stable, Manner { memory: 200 * MIB, ..canary }).unwrap();
    assert_eq!(
        course.comparison.excess().unwrap().in_words(&releases),
        "a container of v2 has 200.0 MiB of memory, 2.00 times as much as v1 (100.0 MiB), and at most 1.5 times is allowed"
    );
    let mut course = Course::new(0, 2_000);
    course.convicts_after(99, stable, Manner { each: Duration::from_millis(9), ..canary }).unwrap();
    assert_eq!(
        course.comparison.excess().unwrap().in_words(&releases),
        "a request to v2 takes 6.00ms of processor time, 3.00 times as much as v1 (2.00ms), and at most 2 times is allowed"
    );
}

/// A service, and the same service again with another share of its requests, more or fewer containers, what it does
/// without requests, some noise, and now and then a spike.
#[test]
fn a_release_like_stable_is_never_sent_back() {
    for seed in 0..SEEDS {
        let mut rng = StdRng::seed_from_u64(seed);
        let (each, memory) = (Duration::from_micros(rng.random_range(10..20_000)), rng.random_range(1..4_000) * MIB);
        let background = Duration::from_micros(rng.random_range(0..30_000));
        let (all, share) = (rng.random_range(1..5_000_u64), rng.random_range(1..=90_u64));
        let by_canary = all * share / 100;
        let (few, many) = (rng.random_range(1..4), rng.random_range(1..4));
        let mut course = Course::new(1_500, 1_500);
        let mut spikes = 0_u32;
        for _ in 0..400 {
            let mut noisy = |containers: u64, requests: u64| {
                let percent = rng.random_range(90..=110_u32);
                Manner {
                    containers,
                    requests,
                    each: each * percent / 100,
                    memory: memory * u64::from(percent) / 100,
                    background,
                }
            };
            let (stable, mut canary) = (noisy(few, all - by_canary), noisy(many, by_canary));
            spikes = if rng.random_bool(0.1) && spikes < 3 { spikes + 1 } else { 0 };
            if spikes > 0 {
                (canary.each, canary.memory) = (canary.each * 10, canary.memory * 10);
            }
            // Where a stint is several looks long, a spike in each of them is none any more.
            let is_long = by_canary < processor::REQUESTS_MIN;
            let canary = if is_long { Manner { each, ..canary } } else { canary };
            assert_eq!(course.look(stable, canary), None, "seed {seed}");
        }
    }
}

#[test]
fn a_release_that_takes_far_too_much_is_always_sent_back_and_never_early() {
    for seed in 0..SEEDS {
        let mut rng = StdRng::seed_from_u64(seed);
        let (limit, share) = (rng.random_range(1_100..5_000_u32), rng.random_range(1..=60_u64));
        let all = rng.random_range(100..5_000_u64);
        let by_canary = (all * share / 100).max(1);
        let each = Duration::from_micros(rng.random_range(100..5_000));
        let stable = Manner { each, ..Manner::plain(all - by_canary) };
        // What a container may do without requests is left out of what it does, so it has to be more.
        let left_out = Duration::from_millis(300) * 2 / u32::try_from(by_canary).unwrap();
        let dear = Manner { each: each * (limit + 500) / 1_000 + left_out, ..Manner::plain(by_canary) };
        let after = Course::new(0, limit).convicts_after(2_000, stable, dear).map(|(looks, _)| looks);
        assert!(after.is_some_and(|looks| looks >= 12), "seed {seed}: {after:?}");
        let memory = rng.random_range(1..4_000) * MIB;
        let fat = Manner { memory: memory * u64::from(limit + 100) / 1_000 + 32 * MIB, ..Manner::plain(by_canary) };
        let after = Course::new(limit, 0).convicts_after(20, Manner { memory, ..stable }, fat);
        assert_eq!(after, Some((13, Resource::Memory)), "seed {seed}");
    }
}

#[test]
fn numbers_of_any_size_are_taken() {
    let all = Used {
        containers: u64::MAX,
        memory_bytes: u64::MAX,
        processor: Duration::MAX,
        time: Duration::MAX,
        requests: u64::MAX,
    };
    let mut course = Course::new(1_500, 1_500);
    for seen in [all, Used::default()] {
        for other in [all, Used::default()] {
            for _ in 0..9 {
                course.see(Ok(Arms { stable: seen, canary: other }));
            }
        }
    }
}

//! What threads share of a canary, under every order in which they can meet, as far as a model checker goes.
//!
//! What is checked is compiled here once more, with the checker's atomics.

#[cfg(test)]
mod sync {
    pub(crate) use loom::sync::atomic;
}

#[cfg(test)]
#[path = "../src/ledger/lanes.rs"]
mod lanes;
#[cfg(test)]
#[path = "../src/ledger/open.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of the crate that is not all of use here")]
mod open;
#[cfg(test)]
#[path = "../src/slow_start.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of the crate that is not all of use here")]
mod slow_start;
#[cfg(test)]
#[path = "../src/track.rs"]
#[expect(dead_code, unreachable_pub, reason = "a part of the crate that is not all of use here")]
mod track;
#[cfg(test)]
#[path = "../src/trip.rs"]
#[expect(unreachable_pub, reason = "a part of the crate")]
mod trip;

#[cfg(test)]
use open::LANES;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use loom::model::Builder;
    use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
    use loom::thread;

    use crate::LANES;
    use crate::lanes::Lanes;
    use crate::open::{OpenRequests, Place, Reached, Seat, THRESHOLDS};
    use crate::slow_start::{Permit, SUCCESSES_NEEDED, SlowStart, WINDOW_MIN};
    use crate::track::Track;
    use crate::trip::Trip;

    /// More switches between threads than this are not tried: bugs that need more have hardly ever been seen.
    const PREEMPTIONS_MAX: usize = 3;

    /// Calls it once for every order.
    fn in_every_order(check: impl Fn() + Sync + Send + 'static) {
        let mut builder = Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS_MAX);
        builder.check(check);
    }

    // --- The trip ---

    /// What there is of a table in which a canary stands.
    struct Table {
        trip: Arc<Trip>,
    }

    /// The cell with two tables of one try, the second of which may take the place of the first at any time.
    struct Cell {
        tables: [Table; 2],
        current: AtomicUsize,
    }

    impl Cell {
        fn new(trip: &Arc<Trip>) -> Self {
            let tables = [(); 2].map(|()| Table { trip: Arc::clone(trip) });
            Self { tables, current: AtomicUsize::new(0) }
        }

        /// Whether a request that begins now gets the canary.
        fn picks_canary(&self) -> bool {
            !self.tables[self.current.load(Acquire)].trip.is_tripped()
        }
    }

    #[test]
    fn no_pick_that_begins_after_the_trip_selects_the_canary_in_any_table() {
        in_every_order(|| {
            let trip = Arc::<Trip>::default();
            let cell = Arc::new(Cell::new(&trip));
            let returned = Arc::new(AtomicBool::new(false));
            let raise = thread::spawn({
                let cell = Arc::clone(&cell);
                move || cell.current.store(1, Release)
            });
            let pick = thread::spawn({
                let (cell, returned) = (Arc::clone(&cell), Arc::clone(&returned));
                move || {
                    for _ in 0..2 {
                        let begins_after = returned.load(Acquire);
                        assert!(!(cell.picks_canary() && begins_after), "a convicted canary was picked");
                    }
                }
            });
            trip.trip();
            returned.store(true, Release);
            assert!(!cell.picks_canary(), "who convicted it picked it");
            raise.join().unwrap();
            pick.join().unwrap();
            assert!(!cell.picks_canary());
        });
    }

    #[test]
    fn one_alone_trips_and_what_it_knew_is_known_to_who_sees_it() {
        in_every_order(|| {
            let (trip, ground) = (Arc::<Trip>::default(), Arc::new(AtomicU64::new(0)));
            let convict = || {
                let (trip, ground) = (Arc::clone(&trip), Arc::clone(&ground));
                thread::spawn(move || {
                    ground.fetch_add(1, Relaxed);
                    trip.trip()
                })
            };
            let threads = [convict(), convict()];
            if trip.is_tripped() {
                assert!(ground.load(Relaxed) > 0, "tripped, and nobody knows why");
            }
            let tripped = threads.map(|thread| u8::from(thread.join().unwrap()));
            assert_eq!(tripped.iter().sum::<u8>(), 1);
            assert_eq!((trip.is_tripped(), ground.load(Relaxed)), (true, 2));
        });
    }

    // --- Slow start ---

    /// A window, and what a test knows of it.
    struct Watched {
        window: Arc<SlowStart>,
        held: AtomicU64,
        successes: AtomicU64,
    }

    impl Watched {
        /// With so many successes, and all places but these taken for good.
        fn with(successes: u64, free: u64) -> Arc<Self> {
            let window = Arc::<SlowStart>::default();
            let proving = window.enter();
            (0..successes).for_each(|_| proving.as_ref().unwrap().succeeded());
            drop(proving);
            let taken = Self::places(successes) - free;
            (0..taken).for_each(|_| std::mem::forget(window.enter()));
            Arc::new(Self { window, held: AtomicU64::new(taken), successes: AtomicU64::new(successes) })
        }

        fn places(successes: u64) -> u64 {
            WINDOW_MIN.max(2 * successes)
        }

        /// One request: is sent if it may be, and ends.
        fn request(&self, ends: fn(&Permit)) -> bool {
            let Some(permit) = self.window.enter() else { return false };
            if matches!(permit, Permit::Place(_)) {
                let held = self.held.fetch_add(1, AcqRel) + 1;
                // A success is known here before the window knows it: the bound is the looser for it, and never tighter.
                let bound = Self::places(self.successes.load(Acquire));
                assert!(held <= bound, "{held} in flight in a window of {bound}");
                ends(&permit);
                self.held.fetch_sub(1, AcqRel);
            }
            drop(permit);
            true
        }
    }

    #[test]
    fn an_unproved_canary_never_has_more_in_flight_than_its_window() {
        in_every_order(|| {
            let watched = Watched::with(0, 1);
            let request = || {
                let watched = Arc::clone(&watched);
                thread::spawn(move || watched.request(|_| {}))
            };
            let threads = [request(), request()];
            let own = watched.request(|_| {});
            let sent = threads.map(|thread| thread.join().unwrap());
            assert!(own || sent.contains(&true), "the free place was for nobody");
            assert!(watched.request(|_| {}), "what was taken was not given back");
        });
    }

    #[test]
    fn a_window_grows_with_what_went_well_and_is_kept_while_it_grows() {
        in_every_order(|| {
            let watched = Watched::with(2, 2);
            let succeed = thread::spawn({
                let watched = Arc::clone(&watched);
                move || {
                    let permit = watched.window.enter().unwrap();
                    watched.held.fetch_add(1, AcqRel);
                    watched.successes.fetch_add(1, AcqRel);
                    permit.succeeded();
                    watched.held.fetch_sub(1, AcqRel);
                }
            });
            let request = thread::spawn({
                let watched = Arc::clone(&watched);
                move || watched.request(|_| {})
            });
            request.join().unwrap();
            succeed.join().unwrap();
            let more = [(); 4].map(|()| watched.window.enter());
            assert!(more.iter().all(Option::is_some) && watched.window.enter().is_none(), "two of six are taken");
        });
    }

    #[test]
    fn the_last_success_that_is_needed_opens_the_window_for_good() {
        in_every_order(|| {
            let watched = Watched::with(SUCCESSES_NEEDED - 1, Watched::places(SUCCESSES_NEEDED - 1));
            let request = || {
                let watched = Arc::clone(&watched);
                thread::spawn(move || watched.request(Permit::succeeded))
            };
            let threads = [request(), request()];
            assert!(threads.map(|thread| thread.join().unwrap()).contains(&true));
            assert!(watched.window.is_open());
            assert!(matches!(watched.window.enter(), Some(Permit::Open)));
        });
    }

    // --- The open requests ---

    const RISING_US: [u64; THRESHOLDS] = [10, 50, 1_000];

    #[expect(clippy::disallowed_methods, reason = "a test may start anywhere in time")]
    fn start() -> Instant {
        Instant::now()
    }

    /// So many lanes with one place each, and how much has been counted in them.
    struct Open {
        requests: OpenRequests<1>,
        since: Instant,
        counted: AtomicU64,
    }

    impl Open {
        fn of_lanes(lanes: usize) -> Arc<Self> {
            let since = start();
            Arc::new(Self { requests: OpenRequests::of_lanes(lanes, since), since, counted: AtomicU64::new(0) })
        }

        fn at(&self, us: u64) -> Instant {
            self.since + Duration::from_micros(us)
        }

        fn enter(&self, lane: u8, begins_us: u64, reached: Reached) -> Option<Place> {
            self.requests.enter(Seat { lane, first: 0 }, Track::Canary, self.at(begins_us), reached)
        }

        /// A request that begins then, in this lane; how many thresholds it was counted for.
        fn request(&self, lane: u8, begins_us: u64, reached: Reached) -> Reached {
            let place = self.enter(lane, begins_us, reached).expect("only its own thread takes places in a lane");
            self.requests.leave(place)
        }

        fn judge(&self, now_us: u64) {
            let count = |_, levels: std::ops::Range<usize>| {
                self.counted.fetch_add(levels.len() as u64, Relaxed);
            };
            self.requests.mark(self.at(now_us), |_| Some(RISING_US.map(Duration::from_micros)), count);
        }
    }

    #[test]
    fn what_a_request_is_counted_for_it_knows_and_is_counted_for_once() {
        in_every_order(|| {
            let open = Open::of_lanes(1);
            let judge = thread::spawn({
                let open = Arc::clone(&open);
                move || [30, 100].map(|now_us| open.judge(now_us))
            });
            // The second is of the same age: neither may be counted for the other's sake.
            let known = [(); 2].map(|()| open.request(0, 0, Reached::default()).count());
            judge.join().unwrap();
            assert_eq!(known.iter().sum::<usize>() as u64, open.counted.load(Relaxed));
        });
    }

    #[test]
    fn a_request_that_is_sent_again_is_counted_for_no_threshold_twice() {
        in_every_order(|| {
            let open = Open::of_lanes(1);
            let judge = thread::spawn({
                let open = Arc::clone(&open);
                move || [30, 100].map(|now_us| open.judge(now_us))
            });
            let first = open.request(0, 0, Reached::default());
            let second = open.request(0, 60, first);
            judge.join().unwrap();
            assert!(first <= second, "it was counted for less by being sent again");
            assert_eq!(second.count() as u64, open.counted.load(Relaxed));
        });
    }

    #[test]
    fn a_request_is_not_taken_for_the_one_that_had_its_place_before() {
        in_every_order(|| {
            let open = Open::of_lanes(1);
            let judge = thread::spawn({
                let open = Arc::clone(&open);
                move || open.judge(100)
            });
            let old = open.request(0, 0, Reached::default());
            let young = open.request(0, 95, Reached::default());
            judge.join().unwrap();
            assert!([0, 2].contains(&old.count()), "100 µs are past two thresholds");
            assert_eq!(young, Reached::default(), "it is 5 µs old");
        });
    }

    #[test]
    fn two_lanes_are_counted_for_each_on_its_own() {
        in_every_order(|| {
            let open = Open::of_lanes(2);
            let other = thread::spawn({
                let open = Arc::clone(&open);
                move || open.request(1, 60, Reached::default())
            });
            let judge = thread::spawn({
                let open = Arc::clone(&open);
                move || open.judge(100)
            });
            let own = open.request(0, 0, Reached::default());
            let other = other.join().unwrap();
            judge.join().unwrap();
            assert!([0, 2].contains(&own.count()) && [0, 1].contains(&other.count()), "100 µs, and 40");
            assert_eq!((own.count() + other.count()) as u64, open.counted.load(Relaxed));
        });
    }

    #[test]
    fn a_place_may_be_left_by_another_thread_than_the_one_that_took_it() {
        in_every_order(|| {
            let open = Open::of_lanes(1);
            let place = open.enter(0, 0, Reached::default()).unwrap();
            let leaves = thread::spawn({
                let open = Arc::clone(&open);
                move || open.requests.leave(place)
            });
            let judge = thread::spawn({
                let open = Arc::clone(&open);
                move || open.judge(100)
            });
            let young = open.enter(0, 95, Reached::default()).map(|place| open.requests.leave(place));
            let old = leaves.join().unwrap();
            judge.join().unwrap();
            assert_eq!(young.unwrap_or_default(), Reached::default(), "it is 5 µs old");
            assert_eq!(old.count() as u64, open.counted.load(Relaxed));
        });
    }

    #[test]
    fn a_lane_is_one_threads_at_a_time_and_its_next_owner_finds_it_as_it_was_left() {
        in_every_order(|| {
            let lanes = Arc::new(Lanes(AtomicU64::new(0)));
            // All but one are somebody's.
            (1..LANES).for_each(|_| assert!(lanes.take().is_some()));
            let (open, holders) = (Open::of_lanes(LANES), Arc::new(AtomicUsize::new(0)));
            let own = || {
                let (lanes, open, holders) = (Arc::clone(&lanes), Arc::clone(&open), Arc::clone(&holders));
                thread::spawn(move || {
                    let lane = lanes.take()?;
                    assert_eq!(holders.fetch_add(1, Relaxed), 0, "two threads have the same lane");
                    // It is still open when the thread ends.
                    let place = open.enter(lane, 0, Reached::default());
                    holders.fetch_sub(1, Relaxed);
                    lanes.give_back(lane);
                    Some(place)
                })
            };
            let places = [own(), own()].map(|thread| thread.join().unwrap());
            let taken = places.iter().flatten().flatten().count();
            assert_eq!(taken, 1, "the only place was taken twice, or by nobody");
        });
    }
}

//! The lane of the running thread: the same in every ledger, from its first scored request until it ends.

use std::cell::Cell;

use super::Seat;
use super::lanes::Lanes;
use crate::sync::atomic::AtomicU64;

static LANES: Lanes = Lanes(AtomicU64::new(0));

thread_local! {
    static OWN: OwnLane = OwnLane { lane: LANES.take(), next: Cell::new(0) };
}

/// A thread's lane, if there was one left for it.
struct OwnLane {
    lane: Option<u8>,
    /// From which place on the next request looks for a free one.
    next: Cell<u8>,
}

/// Where the running thread may take a place for its next request; nowhere, if it has no lane.
pub(crate) fn seat() -> Option<Seat> {
    // A thread that is being taken down has none any more.
    let seat =
        OWN.try_with(|own| own.lane.map(|lane| Seat { lane, first: own.next.replace(own.next.get().wrapping_add(1)) }));
    seat.ok().flatten()
}

impl Drop for OwnLane {
    fn drop(&mut self) {
        if let Some(lane) = self.lane {
            LANES.give_back(lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::super::LANES as LANES_MAX;
    use super::*;

    #[test]
    fn no_two_threads_have_the_same_lane_and_those_without_one_get_none() {
        let (threads, together) = (2 * LANES_MAX, Barrier::new(2 * LANES_MAX));
        let lane = || {
            together.wait();
            let lane = seat().map(|seat| seat.lane);
            together.wait();
            assert_eq!(seat().map(|seat| seat.lane), lane, "it stays");
            lane
        };
        let mut lanes: Vec<u8> = thread::scope(|scope| {
            let threads: Vec<_> = (0..threads).map(|_| scope.spawn(lane)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        lanes.sort_unstable();
        assert!(lanes.windows(2).all(|pair| pair[0] < pair[1]), "{lanes:?}");
        // Another test of this process may have some.
        assert!(lanes.len() <= LANES_MAX && lanes.iter().all(|lane| usize::from(*lane) < LANES_MAX));
        assert!(thread::spawn(|| seat().is_some()).join().unwrap(), "what was given back is there for others");
    }
}

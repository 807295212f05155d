//! Threads that share many runs of the same thing.
//!
//! What a run gives depends on its number alone, and the results come in the order of the numbers: nobody can tell by
//! them how many threads there were.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// So many threads.
#[derive(Clone, Copy, Debug)]
pub struct Crew(NonZeroUsize);

// === impl Crew ===

impl Crew {
    /// So many.
    #[must_use]
    pub const fn of(threads: NonZeroUsize) -> Self {
        Self(threads)
    }

    /// As many as this process may use at once.
    #[must_use]
    pub fn whole() -> Self {
        Self(thread::available_parallelism().unwrap_or(NonZeroUsize::MIN))
    }

    /// What comes of the runs from 0 to below `count`, in this order.
    pub fn play<T: Send>(self, count: usize, run: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let next = AtomicUsize::new(0);
        let take = || Some(next.fetch_add(1, Relaxed)).filter(|number| *number < count);
        let work = || std::iter::from_fn(take).map(|number| (number, run(number))).collect::<Vec<_>>();
        let mut played: Vec<(usize, T)> = thread::scope(|scope| {
            let members: Vec<_> = (0..self.0.get().min(count)).map(|_| scope.spawn(work)).collect();
            members.into_iter().flat_map(|member| member.join().expect("no run panics")).collect()
        });
        played.sort_by_key(|(number, _)| *number);
        played.into_iter().map(|(_, result)| result).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn crew(threads: usize) -> Crew {
        Crew::of(NonZeroUsize::new(threads).expect("more than none"))
    }

    #[test]
    fn results_come_in_the_order_of_their_runs() {
        for (threads, runs) in [(1, 0), (1, 1), (1, 1_000), (2, 1_000), (7, 1_000), (64, 3)] {
            assert_eq!(crew(threads).play(runs, |run| run), (0..runs).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn a_crew_works_at_the_same_time() {
        // Nobody would come past it alone.
        let all = Barrier::new(4);
        assert_eq!(crew(4).play(4, |_| all.wait().is_leader()).into_iter().filter(|is_leader| *is_leader).count(), 1);
    }
}

//! Where the seeds of many runs come from.

/// One seed, from which every run has its own.
#[derive(Clone, Copy, Debug)]
pub struct Seeds(u64);

/// The odd number nearest to `2^64` divided by the golden ratio: neighbouring multiples lie as far apart as they can.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

// === impl Seeds ===

impl Seeds {
    /// All that come from this one. Those of its neighbours are others, so that another seed is another experiment.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(STRIDE))
    }

    /// That of a run, by its number.
    #[must_use]
    pub const fn of(self, run: u64) -> u64 {
        self.0.wrapping_add(run)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_experiments_share_a_run() {
        let seeds: BTreeSet<u64> =
            (0..50).flat_map(|seed| (0..1_000).map(move |run| Seeds::new(seed).of(run))).collect();
        assert_eq!(seeds.len(), 50_000);
    }
}

//! How long a success takes: a log-normal time, and what makes it longer.

use std::time::Duration;

use canary_proxy::histogram::EDGES_US;

use super::alias::AliasTable;

/// The time to the first byte of a success.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Half of them take at most this.
    pub median: Duration,
    /// The standard deviation of the logarithm.
    pub sigma: f64,
    /// So many times the drawn time,
    pub factor: f64,
    /// and so much longer.
    pub plus: Duration,
}

/// What changes with time: a first value, and others from some moments on.
#[derive(Clone, Debug, PartialEq)]
pub struct Course<T> {
    first: T,
    /// Rising.
    later: Vec<(Duration, T)>,
}

// === impl Latency ===

impl Latency {
    /// As in statistics.md, section 4: p90 at 139 ms, p99 at 322 ms.
    pub const USUAL: Self = Self { median: Duration::from_millis(50), sigma: 0.8, factor: 1.0, plus: Duration::ZERO };

    /// So many times as slow.
    #[must_use]
    pub const fn times(self, factor: f64) -> Self {
        Self { factor: self.factor * factor, ..self }
    }

    /// So much slower.
    #[must_use]
    pub const fn plus(self, plus: Duration) -> Self {
        Self { plus: self.plus.saturating_add(plus), ..self }
    }

    /// Whether it is no longer than the other one, at every quantile; when in doubt, it is not said so.
    pub(super) fn is_at_most(&self, other: &Self) -> bool {
        let scale = |latency: &Self| latency.median.as_secs_f64() * latency.factor;
        self.sigma == other.sigma && scale(self) <= scale(other) && self.plus <= other.plus
    }

    /// Which bucket a success falls into, without those at the end that none ever does.
    pub(super) fn buckets(&self) -> AliasTable {
        let chances = self.chances();
        let used = chances.iter().rposition(|chance| *chance > CHANCE_MIN).map_or(1, |last| last + 1);
        AliasTable::new(&chances[..used])
    }

    /// How so many successes are spread over the buckets, on average.
    pub(super) fn counts_of(&self, successes: u64) -> Vec<u64> {
        self.chances().iter().map(|chance| super::whole(chance * successes as f64)).collect()
    }

    /// The chances of the buckets of [`EDGES_US`].
    fn chances(&self) -> Vec<f64> {
        let mut below = 0.0;
        let mut chances: Vec<f64> = EDGES_US
            .iter()
            .map(|edge| {
                let at_most = self.at_most(*edge as f64 / 1e6);
                let chance = at_most - below;
                below = at_most;
                chance.max(0.0)
            })
            .chain([0.0])
            .collect();
        // What is slower than the last edge, in the last bucket.
        if let Some(last) = chances.last_mut() {
            *last = 1.0 - below;
        }
        chances
    }

    /// The chance that it takes at most so many seconds.
    fn at_most(&self, seconds: f64) -> f64 {
        let drawn = (seconds - self.plus.as_secs_f64()) / (self.median.as_secs_f64() * self.factor);
        if drawn > 0.0 { normal_below(drawn.ln() / self.sigma) } else { 0.0 }
    }
}

/// A bucket with less is left out: fewer than one in `10^9`.
const CHANCE_MIN: f64 = 1e-9;

// === impl Course ===

impl<T> Course<T> {
    /// Always the same.
    pub const fn constant(value: T) -> Self {
        Self { first: value, later: Vec::new() }
    }

    /// The same until a moment, which is not before the last one, and then another one.
    #[must_use]
    pub fn then(mut self, from: Duration, value: T) -> Self {
        self.later.push((from, value));
        self
    }

    /// The value at a moment.
    pub fn at(&self, time: Duration) -> &T {
        self.place(time).checked_sub(1).map_or(&self.first, |place| &self.later[place].1)
    }

    /// The value, if it never changes.
    pub(super) const fn only(&self) -> Option<&T> {
        if self.later.is_empty() { Some(&self.first) } else { None }
    }

    /// The place of that value: 0 is the first.
    pub(super) fn place(&self, time: Duration) -> usize {
        self.later.iter().take_while(|(from, _)| *from <= time).count()
    }

    /// All values in their order.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        [&self.first].into_iter().chain(self.later.iter().map(|(_, value)| value))
    }
}

/// The chance that a standard normal number is below this, within `10^-7` of it (Numerical Recipes, `erfcc`).
fn normal_below(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let series = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let exponent = series.iter().rev().fold(0.0, |sum, term| sum * t + term);
    let beyond = t * (exponent - x * x).exp() / 2.0;
    if z > 0.0 { 1.0 - beyond } else { beyond }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn the_usual_latency_has_the_quantiles_of_the_reference() {
        for (seconds, chance) in [(0.050, 0.5), (0.1394, 0.9), (0.3216, 0.99)] {
            assert!((Latency::USUAL.at_most(seconds) - chance).abs() < 1e-3, "{seconds}");
        }
        assert!(1.0 - Latency::USUAL.at_most(0.5) < 0.003);
    }

    #[test]
    fn what_is_slower_is_slower_by_so_much() {
        let slow = Latency::USUAL.times(2.0).plus(Duration::from_millis(100));
        assert!((slow.at_most(0.2) - 0.5).abs() < 1e-6);
        assert!(slow.at_most(0.1).abs() < 1e-12);
    }

    #[test]
    fn half_of_what_is_drawn_lies_below_the_median() {
        let (table, mut rng, draws) = (Latency::USUAL.buckets(), Xoshiro256PlusPlus::seed_from_u64(1), 100_000);
        let below = (0..draws).filter(|_| EDGES_US[table.draw(&mut rng)] <= 50_000).count();
        assert!((below as f64 / f64::from(draws) - 0.5).abs() < 0.01, "{below}");
    }

    #[test]
    fn a_course_changes_when_it_says() {
        let course = Course::constant(1).then(Duration::from_secs(5), 2).then(Duration::from_secs(9), 3);
        let values = [0, 4, 5, 8, 9, 99].map(|seconds| *course.at(Duration::from_secs(seconds)));
        assert_eq!(values, [1, 1, 2, 2, 3, 3]);
    }
}

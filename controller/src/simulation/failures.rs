//! How many of so many requests fail: a binomial count, by the gaps between failures.

use rand::{Rng, RngExt as _};

/// From this chance on, looking at each request is quicker than skipping those between two failures.
const OFTEN: f64 = 0.25;

/// How many of these requests fail, each with this chance.
pub(super) fn failures(requests: u64, chance: f64, rng: &mut impl Rng) -> u64 {
    if chance <= 0.0 {
        return 0;
    }
    if chance >= 1.0 {
        return requests;
    }
    if chance >= OFTEN {
        return (0..requests).map(|_| u64::from(rng.random::<f64>() < chance)).sum();
    }
    let ln_success = (-chance).ln_1p();
    let (mut at, mut failed) = (0.0, 0);
    loop {
        at += ((1.0 - rng.random::<f64>()).ln() / ln_success).floor() + 1.0;
        if at > requests as f64 {
            return failed;
        }
        failed += 1;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn as_many_fail_as_the_chance_says() {
        for chance in [0.001, 0.05, 0.24, 0.26, 0.9] {
            let (mut rng, draws) = (Xoshiro256PlusPlus::seed_from_u64(1), 100_000);
            let counts: Vec<f64> = (0..draws).map(|_| failures(90, chance, &mut rng) as f64).collect();
            let average = counts.iter().sum::<f64>() / f64::from(draws);
            let variance = counts.iter().map(|count| (count - average).powi(2)).sum::<f64>() / f64::from(draws);
            assert!((average / (90.0 * chance) - 1.0).abs() < 0.06, "{chance}: {average}");
            assert!((variance / (90.0 * chance * (1.0 - chance)) - 1.0).abs() < 0.06, "{chance}: {variance}");
        }
    }

    #[test]
    fn nothing_and_everything_are_exact() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        assert_eq!((failures(9, 0.0, &mut rng), failures(9, 1.0, &mut rng), failures(0, 0.1, &mut rng)), (0, 9, 0));
    }
}

//! A choice among weighted places in constant time, by Walker's alias method as Vose made it exact.

use rand::Rng;

/// The places from 0 on, each with its chance.
#[derive(Clone, Debug)]
pub(super) struct AliasTable {
    places: Box<[Place]>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Below this of `2^32` the place itself is chosen, else its alias.
    threshold: u64,
    alias: usize,
}

/// What a 32 bit number lies below.
const ALL: f64 = 4_294_967_296.0;

// === impl AliasTable ===

impl AliasTable {
    /// A table for chances that need not add up to 1. There is at least one, and one that is above 0.
    pub(super) fn new(chances: &[f64]) -> Self {
        let mean = chances.iter().sum::<f64>() / chances.len() as f64;
        let mut scaled: Vec<f64> = chances.iter().map(|chance| chance / mean).collect();
        let (mut small, mut large): (Vec<_>, Vec<_>) = (0..scaled.len()).partition(|at| scaled[*at] < 1.0);
        let mut places: Vec<Place> = (0..scaled.len()).map(|at| Place { threshold: 1 << 32, alias: at }).collect();
        while let (Some(less), Some(more)) = (small.pop(), large.last().copied()) {
            places[less] = Place { threshold: super::whole(scaled[less] * ALL), alias: more };
            scaled[more] -= 1.0 - scaled[less];
            if scaled[more] < 1.0 {
                large.pop();
                small.push(more);
            }
        }
        Self { places: places.into() }
    }

    /// One place, by its chance.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> usize {
        let bits = rng.next_u64();
        let (high, low) = (bits >> 32, bits & u64::from(u32::MAX));
        let at = usize::try_from((high * self.places.len() as u64) >> 32).unwrap_or_default();
        let place = &self.places[at];
        if low < place.threshold { at } else { place.alias }
    }

    /// How many places there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn every_place_comes_as_often_as_its_chance_says() {
        let chances = [1.0, 0.0, 2.0, 5.0, 0.5, 1.5];
        let (table, mut rng, draws) = (AliasTable::new(&chances), Xoshiro256PlusPlus::seed_from_u64(1), 1_000_000);
        let mut counts = [0_u32; 6];
        for _ in 0..draws {
            counts[table.draw(&mut rng)] += 1;
        }
        assert_eq!(counts[1], 0);
        for (count, chance) in counts.into_iter().zip(chances) {
            // Five standard deviations of the widest.
            assert!((f64::from(count) / f64::from(draws) - chance / 10.0).abs() < 0.0025, "{chance}: {count}");
        }
    }
}

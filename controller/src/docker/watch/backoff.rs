//! How long to wait before an Engine that was lost is tried again.

use std::time::Duration;

/// Waits that double, up to a limit, each shortened by chance, so that many who have lost the same do not come back as
/// one.
#[derive(Debug)]
pub(super) struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
}

// === impl Backoff ===

impl Backoff {
    pub(super) fn new((least, most): (Duration, Duration)) -> Self {
        Self { least, most, next: least }
    }

    /// The next wait: between half of it and the whole.
    pub(super) fn next(&mut self) -> Duration {
        self.next_of(rand::random())
    }

    /// Begins with the shortest again.
    pub(super) fn reset(&mut self) {
        self.next = self.least;
    }

    fn next_of(&mut self, chance: u8) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.most);
        whole / 2 + whole / 2 * u32::from(chance) / u32::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_begin_again() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new((millis(100), millis(5_000)));
        let waits: Vec<_> = (0..8).map(|_| backoff.next_of(u8::MAX).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        backoff.reset();
        assert_eq!([backoff.next_of(0), backoff.next_of(0)], [millis(50), millis(100)]);
    }
}

//! How many answers in a row it takes. One answer is chance; a row of them is a condition.

use crate::probe::Condition;

/// The row of equal answers that speaks against the present condition.
#[derive(Clone, Debug)]
pub(super) struct Streak {
    condition: Condition,
    rise: u32,
    fall: u32,
    against: u32,
}

// === impl Streak ===

impl Streak {
    /// Begins with a backend in this condition; one that has shown nothing yet is down.
    pub(super) fn new(condition: Condition, rise: u32, fall: u32) -> Self {
        Self { condition, rise, fall, against: 0 }
    }

    /// What the answers have made of it.
    pub(super) fn condition(&self) -> Condition {
        self.condition
    }

    /// Notes whether a probe was passed; gives the new condition if it has changed.
    pub(super) fn note(&mut self, is_passed: bool) -> Option<Condition> {
        let (needed, other) = match self.condition {
            Condition::Down => (self.rise, Condition::Up),
            Condition::Up => (self.fall, Condition::Down),
        };
        let speaks_against = is_passed == (other == Condition::Up);
        self.against = if speaks_against { self.against + 1 } else { 0 };
        if self.against < needed {
            return None;
        }
        (self.condition, self.against) = (other, 0);
        Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(rise: u32, fall: u32, answers: &str) -> Vec<(usize, Condition)> {
        let mut streak = Streak::new(Condition::Down, rise, fall);
        answers.bytes().enumerate().filter_map(|(at, answer)| Some((at, streak.note(answer == b'+')?))).collect()
    }

    #[test]
    fn a_row_of_passes_brings_up_and_a_row_of_failures_down() {
        assert_eq!(conditions(2, 2, "-+-++"), [(4, Condition::Up)]);
        assert_eq!(conditions(1, 3, "+--+---"), [(0, Condition::Up), (6, Condition::Down)]);
        assert_eq!(conditions(2, 2, "++--++"), [(1, Condition::Up), (3, Condition::Down), (5, Condition::Up)]);
    }

    #[test]
    fn what_never_passed_is_never_up() {
        assert_eq!(conditions(2, 2, "-+-+-+-+--"), []);
    }
}

//! What an origin served.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;

/// What an origin, or several of one release, served; probes and questions for this are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests.
    pub served: u64,
    /// Those of them that were answered with 500.
    pub failed: u64,
    /// When the first of these arrived.
    pub first_failure: Option<Moment>,
    /// When the last request arrived.
    pub last_request: Option<Moment>,
}

// === impl Stats ===

impl Stats {
    /// One more request.
    pub(super) fn count(&mut self, is_failure: bool, now: Moment) {
        self.served += 1;
        self.last_request = Some(now);
        if is_failure {
            self.failed += 1;
            self.first_failure.get_or_insert(now);
        }
    }

    /// What two origins served together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            served: self.served + other.served,
            failed: self.failed + other.failed,
            first_failure: [self.first_failure, other.first_failure].into_iter().flatten().min(),
            last_request: self.last_request.max(other.last_request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_origins_count_as_one() {
        let moment = Moment::from_micros;
        let (mut left, mut right) = (Stats::default(), Stats::default());
        left.count(false, moment(1));
        left.count(true, moment(5));
        left.count(true, moment(9));
        right.count(true, moment(4));
        let both = Stats { served: 4, failed: 3, first_failure: Some(moment(4)), last_request: Some(moment(9)) };
        assert_eq!(left.and(right), both);
        assert_eq!(right.and(left), both);
        assert_eq!(left.and(Stats::default()), left);
    }
}

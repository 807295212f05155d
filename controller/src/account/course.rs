//! How evidence came about, in so few points that people can read them.
//!
//! The more there is to tell, the farther apart the points are: whenever there are too many, the interval between them
//! doubles. Every change of the weight and of the verdict has a point of its own, as long as there is room, and the last
//! one is always there. Pure: time comes in with each point.

use crate::api::AccountPoint;

/// There are never more points.
pub(super) const POINTS_MAX: usize = 64;

/// Between two points in which nothing has changed, at the beginning.
const INTERVAL_MS_MIN: u64 = 100;

/// The points that are kept, and what was seen last.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// In the order of time.
    points: Vec<AccountPoint>,
    interval_ms: u64,
    /// The last one, if it is not among them.
    latest: Option<AccountPoint>,
}

/// What a point is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    /// For the time that has passed.
    Time,
    /// The verdict is another one than before.
    Verdict,
    /// The weight is, or it is the first.
    Weight,
}

// === impl Course ===

impl Course {
    pub(super) const fn new() -> Self {
        Self { points: Vec::new(), interval_ms: INTERVAL_MS_MIN, latest: None }
    }

    /// Goes on after these points.
    pub(super) fn resume(points: Vec<AccountPoint>) -> Self {
        let span_ms =
            points.first().zip(points.last()).map_or(0, |(first, last)| last.at_ms - first.at_ms.min(last.at_ms));
        let most = POINTS_MAX as u64;
        let mut course = Self { points, ..Self::new() };
        while course.interval_ms.saturating_mul(most) < span_ms {
            course.interval_ms *= 2;
        }
        course.thin();
        course
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Takes what is seen now.
    pub(super) fn note(&mut self, point: AccountPoint) {
        let at_ms = self.last().map_or(point.at_ms, |last| last.at_ms.max(point.at_ms));
        let point = AccountPoint { at_ms, ..point };
        let worth = worth(self.last(), &point);
        let is_due = self.points.last().is_none_or(|kept| at_ms >= kept.at_ms.saturating_add(self.interval_ms));
        if worth > Worth::Time || is_due {
            self.latest = None;
            self.points.push(point);
            self.thin();
        } else {
            self.latest = Some(point);
        }
    }

    /// All of it.
    pub(super) fn points(&self) -> Vec<AccountPoint> {
        self.points.iter().chain(&self.latest).cloned().collect()
    }

    fn last(&self) -> Option<&AccountPoint> {
        self.latest.as_ref().or(self.points.last())
    }

    /// Makes room for one more.
    fn thin(&mut self) {
        while self.points.len() >= POINTS_MAX {
            let before = self.points.len();
            self.interval_ms = self.interval_ms.saturating_mul(2);
            self.keep_apart(Worth::Time);
            if self.points.len() == before {
                self.keep_apart(Worth::Verdict);
            }
            if self.points.len() == before {
                // Nothing but changes of the weight: how it began, and how it went on last.
                self.points.remove(1);
            }
        }
    }

    /// Drops what is worth no more than this and follows another point too soon. The last one is never lost.
    fn keep_apart(&mut self, worth_max: Worth) {
        let points = std::mem::take(&mut self.points);
        let last = points.len().saturating_sub(1);
        let mut before = None;
        for (at, point) in points.into_iter().enumerate() {
            // What a point is worth is a matter of the one before it, whether that is still there or not.
            let worth = worth(before.as_ref(), &point);
            before = Some(AccountPoint { metrics: Vec::new(), ..point.clone() });
            let kept = self.points.last();
            let is_soon = kept.is_some_and(|kept| point.at_ms < kept.at_ms.saturating_add(self.interval_ms));
            if worth > worth_max || !is_soon {
                self.points.push(point);
            } else if at == last {
                self.latest = Some(point);
            }
        }
    }
}

fn worth(before: Option<&AccountPoint>, point: &AccountPoint) -> Worth {
    match before {
        Some(before) if before.weight == point.weight && before.verdict == point.verdict => Worth::Time,
        Some(before) if before.weight == point.weight => Worth::Verdict,
        _ => Worth::Weight,
    }
}

#[cfg(test)]
mod tests {
    use canary_config::weight::Weight;

    use super::*;

    fn point(at_ms: u64, bp: u16, verdict: &str) -> AccountPoint {
        let weight = Weight::from_bp(bp).expect("a share");
        AccountPoint { at_ms, weight, verdict: Some(verdict.into()), ln_abort: 0.0, metrics: Vec::new() }
    }

    fn times(course: &Course) -> Vec<u64> {
        course.points().iter().map(|point| point.at_ms).collect()
    }

    /// A look every tenth of a second, for so long.
    fn looks(until_ms: u64, change: impl Fn(u64) -> (u16, &'static str)) -> Course {
        let mut course = Course::new();
        for at_ms in (0..=until_ms).step_by(100) {
            let (bp, verdict) = change(at_ms);
            course.note(point(at_ms, bp, verdict));
            let points = course.points();
            assert!(points.len() <= POINTS_MAX, "{}", points.len());
            assert_eq!(points.last().map(|last| last.at_ms), Some(at_ms), "the last look is there");
            assert!(points.is_sorted_by_key(|point| point.at_ms));
        }
        course
    }

    #[test]
    fn a_short_course_has_every_look() {
        let course = looks(2_000, |_| (1_000, "not-enough"));
        assert_eq!(times(&course), (0..=2_000).step_by(100).collect::<Vec<_>>());
    }

    #[test]
    fn a_long_one_has_them_evenly_apart_and_begins_with_the_first() {
        for until_ms in [7_000, 60_000, 1_000_000, 5_000_000] {
            let course = looks(until_ms, |_| (1_000, "not-enough"));
            let times = times(&course);
            assert_eq!(times[0], 0);
            assert!(times.len() > POINTS_MAX / 2 - 2, "{}", times.len());
            let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (_, but_last) = gaps.split_last().expect("there are gaps");
            assert!(but_last.iter().all(|gap| *gap == but_last[0]), "{gaps:?}");
        }
    }

    #[test]
    fn every_change_of_the_weight_and_of_the_verdict_is_kept() {
        let change = |at_ms| match at_ms {
            0..3_300 => (1_000, "not-enough"),
            3_300..60_700 => (1_000, "pass"),
            60_700..1_000_000 => (2_500, "not-enough"),
            1_000_000..1_000_100 => (2_500, "fail"),
            _ => (0, "fail"),
        };
        let times = times(&looks(2_000_000, change));
        for at_ms in [0, 3_300, 60_700, 1_000_000, 1_000_100, 2_000_000] {
            assert!(times.contains(&at_ms), "{at_ms}: {times:?}");
        }
    }

    #[test]
    fn whatever_flaps_does_not_fill_it() {
        let weights = [0, 1_000, 2_500];
        let by_weight = looks(200_000, |at_ms| (weights[(at_ms / 100 % 3) as usize], "not-enough"));
        assert_eq!(by_weight.points()[0].at_ms, 0);
        let by_verdict = looks(200_000, |at_ms| {
            if at_ms < 99_900 { (1_000, if at_ms % 200 == 0 { "pass" } else { "not-enough" }) } else { (2_500, "pass") }
        });
        assert!(times(&by_verdict).contains(&99_900));
    }

    #[test]
    fn it_goes_on_where_it_was_and_never_back_in_time() {
        let before = looks(1_000_000, |_| (1_000, "not-enough"));
        let mut after = Course::resume(before.points());
        assert_eq!(after.points().len(), before.points().len());
        after.note(point(5, 1_000, "not-enough"));
        after.note(point(1_000_050, 1_000, "not-enough"));
        after.note(point(1_000_100, 0, "not-enough"));
        let times = times(&after);
        assert!(times.is_sorted() && times.ends_with(&[1_000_000, 1_000_100]), "{times:?}");
    }
}

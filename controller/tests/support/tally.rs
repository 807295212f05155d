//! What clients saw: who answered, how, and how often.

use std::collections::BTreeMap;

use super::Answer;

/// Answers by release and status, and what was no answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    answers: BTreeMap<(String, u16), u64>,
    broken: Vec<String>,
}

// === impl Tally ===

impl Tally {
    pub(crate) fn note(&mut self, answer: &Result<Answer, String>) {
        match answer {
            Ok(answer) => {
                *self.answers.entry((answer.header("x-release").to_owned(), answer.status)).or_default() += 1;
            }
            Err(why) => self.broken.push(why.clone()),
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.answers.values().sum()
    }

    /// Answers of one release.
    pub(crate) fn of(&self, release: &str) -> u64 {
        self.answers.iter().filter(|((by, _), _)| by == release).map(|(_, count)| count).sum()
    }

    pub(crate) fn broken(&self) -> usize {
        self.broken.len()
    }

    /// Everything was answered, and with 200.
    pub(crate) fn assert_flawless(&self) {
        let is_good = self.broken.is_empty() && self.answers.keys().all(|(_, status)| *status == 200);
        assert!(is_good, "{self:?}");
        assert!(self.all() > 0, "no request was made");
    }

    /// Everything was answered with 200 by this release alone.
    pub(crate) fn assert_only(&self, release: &str) {
        self.assert_flawless();
        assert_eq!(self.of(release), self.all(), "{self:?}");
    }

    /// The release's share of the answers is this one, but for what chance may do once in a billion.
    pub(crate) fn assert_share(&self, release: &str, share: f64) {
        let all = self.all() as f64;
        let expected = all * share;
        let slack = 6.2 * (expected * (1.0 - share)).sqrt() + 1.0;
        let seen = self.of(release) as f64;
        assert!((seen - expected).abs() <= slack, "{expected} ± {slack} of {release} expected: {self:?}");
    }
}

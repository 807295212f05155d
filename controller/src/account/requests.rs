//! The requests that speak against a canary: some of them one by one, the others counted.
//!
//! Of those that failed and of those that were slow the first ones are kept, as they show how it began, and the last
//! ones before the verdict, as they brought it about. What ended after it takes nobody's place.

use std::collections::VecDeque;

use canary_proxy::outcome::{Blame, Outcome};

use crate::api::{AccountMore, AccountRequest};

/// So many of each kind are kept from the beginning, and so many from the end.
const FIRST_MAX: usize = 8;
const LAST_MAX: usize = 24;

/// There are never more.
#[cfg(test)]
pub(super) const REQUESTS_MAX: usize = 2 * (FIRST_MAX + LAST_MAX);

/// What is kept, and how many more there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    failed: Kind,
    slow: Kind,
    missed: u64,
}

/// The requests of one kind.
#[derive(Clone, Debug, Default)]
struct Kind {
    first: Vec<AccountRequest>,
    last: VecDeque<AccountRequest>,
    more: u64,
}

// === impl Requests ===

impl Requests {
    /// Goes on after these.
    pub(super) fn resume(requests: Vec<AccountRequest>, more: AccountMore) -> Self {
        let mut resumed = Self::default();
        requests.into_iter().for_each(|request| resumed.note(request));
        resumed.failed.more = more.failed;
        resumed.slow.more = more.slow;
        resumed.missed = more.missed;
        resumed
    }

    /// One more.
    pub(super) fn note(&mut self, request: AccountRequest) {
        if is_failure(&request) { self.failed.note(request) } else { self.slow.note(request) }
    }

    /// So many more, of which nothing else is known.
    pub(super) fn miss(&mut self, requests: u64) {
        self.missed = self.missed.saturating_add(requests);
    }

    /// Those that are kept, by the time at which they began.
    pub(super) fn kept(&self) -> Vec<AccountRequest> {
        let kinds = [&self.failed, &self.slow].into_iter();
        let mut kept: Vec<_> = kinds.flat_map(|kind| kind.first.iter().chain(&kind.last)).cloned().collect();
        kept.sort_by(|one, other| one.at.cmp(&other.at));
        kept
    }

    /// How many more there were.
    pub(super) const fn more(&self) -> AccountMore {
        AccountMore { failed: self.failed.more, slow: self.slow.more, missed: self.missed }
    }
}

// === impl Kind ===

impl Kind {
    fn note(&mut self, request: AccountRequest) {
        if self.first.len() < FIRST_MAX {
            return self.first.push(request);
        }
        if self.last.len() < LAST_MAX {
            return self.last.push_back(request);
        }
        self.more = self.more.saturating_add(1);
        if !request.is_after_verdict {
            self.last.pop_front();
            self.last.push_back(request);
        }
    }
}

fn is_failure(request: &AccountRequest) -> bool {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.label() == request.outcome);
    outcome.is_some_and(|outcome| outcome.blame() == Blame::Backend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(number: usize, outcome: Outcome) -> AccountRequest {
        AccountRequest {
            id: number.to_string(),
            at: format!("2026-05-01T12:00:{number:06}Z"),
            method: "GET".into(),
            path: "/".into(),
            backend: ([127, 0, 0, 1], 80).into(),
            outcome: outcome.label().into(),
            status: None,
            waited_us: 0,
            rescued: None,
            is_after_verdict: false,
        }
    }

    fn ids(requests: &Requests) -> Vec<usize> {
        requests.kept().iter().map(|request| request.id.parse().expect("a number")).collect()
    }

    #[test]
    fn the_first_and_the_last_are_kept_and_the_others_counted() {
        let mut requests = Requests::default();
        (0..100).for_each(|number| requests.note(request(number, Outcome::Reset)));
        assert_eq!(ids(&requests), (0..FIRST_MAX).chain(100 - LAST_MAX..100).collect::<Vec<_>>());
        assert_eq!(requests.more(), AccountMore { failed: 68, slow: 0, missed: 0 });
    }

    #[test]
    fn many_slow_ones_cost_no_failure_its_place() {
        let mut requests = Requests::default();
        requests.note(request(0, Outcome::ServerError));
        (1..1_000).for_each(|number| requests.note(request(number, Outcome::Success)));
        requests.note(request(1_000, Outcome::ConnectFailed));
        (1_001..1_100).for_each(|number| requests.note(request(number, Outcome::Unanswered)));
        let ids = ids(&requests);
        assert!(ids.contains(&0) && ids.contains(&1_000) && ids.len() <= REQUESTS_MAX, "{ids:?}");
        assert_eq!(requests.more().failed, 0);
    }

    #[test]
    fn what_ended_after_the_verdict_takes_nobodys_place() {
        let mut requests = Requests::default();
        (0..60).for_each(|number| requests.note(request(number, Outcome::Reset)));
        let before = ids(&requests);
        (60..90).for_each(|number| {
            requests.note(AccountRequest { is_after_verdict: true, ..request(number, Outcome::Reset) });
        });
        assert_eq!((ids(&requests), requests.more().failed), (before, 58));
        // Told late, though it brought the verdict about.
        requests.note(request(90, Outcome::Reset));
        assert!(ids(&requests).contains(&90));
    }

    #[test]
    fn it_goes_on_where_it_was() {
        let mut requests = Requests::default();
        for number in 0..100 {
            requests.note(request(number, if number % 3 == 0 { Outcome::Reset } else { Outcome::Success }));
        }
        requests.miss(7);
        let resumed = Requests::resume(requests.kept(), requests.more());
        assert_eq!((resumed.kept(), resumed.more()), (requests.kept(), requests.more()));
    }
}

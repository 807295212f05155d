//! Which routes a request could take, found by its host and its path, so that a thousand services cost a request no more
//! than one.
//!
//! A route is known by its rank, its place in the table. A rule is filed under every host and every beginning of a path
//! of which it requires one; what it requires besides is found out by looking at the rule itself. The answer is exactly
//! that of looking at one rule after the other.

mod prefixes;
mod required;

use std::collections::HashMap;

use canary_config::rule::Matcher;

use self::prefixes::Prefixes;
use self::required::{HostKey, hosts, prefixes};
use crate::rules::Asked;

/// A rule is filed under so many pairs of a host and a beginning of a path. One with more is filed under its hosts.
const PAIRS_MAX: usize = 64;

/// The rules of a table by what they require.
#[derive(Debug, Default)]
pub(super) struct Index {
    hosts: HashMap<Box<str>, Prefixes>,
    /// By the domain behind the star.
    wildcards: HashMap<Box<str>, Prefixes>,
    /// What requires no host.
    anywhere: Prefixes,
}

/// What is filed in one place while an index is made: beginnings of paths, and whose they are.
type Filed<'a> = Vec<(&'a str, usize)>;

// === impl Index ===

impl Index {
    /// The index of these rules, the one of rank 0 first.
    pub(super) fn of<'a>(rules: impl Iterator<Item = &'a Matcher>) -> Self {
        let (mut exact, mut wildcards) = (HashMap::<_, Filed<'_>>::new(), HashMap::<_, Filed<'_>>::new());
        let mut anywhere = Filed::new();
        for (rank, rule) in rules.enumerate() {
            let (hosts, prefixes) = (hosts(rule), prefixes(rule).unwrap_or_else(|| vec![""]));
            let pairs = hosts.as_ref().map_or(1, Vec::len) * prefixes.len();
            let prefixes = if pairs > PAIRS_MAX { vec![""] } else { prefixes };
            let filed = prefixes.iter().map(|prefix| (*prefix, rank));
            for host in hosts.iter().flatten() {
                match host {
                    HostKey::Exact(name) => exact.entry(*name).or_default().extend(filed.clone()),
                    HostKey::Wildcard(parent) => wildcards.entry(*parent).or_default().extend(filed.clone()),
                }
            }
            if hosts.is_none() {
                anywhere.extend(filed);
            }
        }
        let all = |map: HashMap<&str, Filed<'_>>| {
            map.into_iter().map(|(key, filed)| (Box::from(key), Prefixes::of(filed))).collect()
        };
        Self { hosts: all(exact), wildcards: all(wildcards), anywhere: Prefixes::of(anywhere) }
    }

    /// The lowest rank whose rule matches. `is_match` looks at the rule of a rank; it is asked about few of them.
    pub(super) fn first(&self, asked: &Asked<'_>, mut is_match: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut best = None;
        for prefixes in self.at_host(asked) {
            best = prefixes.first(asked.path(), best, &mut is_match);
        }
        best
    }

    /// The ranks of the rules that do not require another host, in order.
    pub(super) fn ranks_at_host(&self, asked: &Asked<'_>) -> Vec<usize> {
        let mut ranks: Vec<usize> = self.at_host(asked).flat_map(Prefixes::ranks).collect();
        ranks.sort_unstable();
        ranks.dedup();
        ranks
    }

    fn at_host(&self, asked: &Asked<'_>) -> impl Iterator<Item = &Prefixes> {
        let exact = self.hosts.get(asked.host());
        // Most tables have no wildcard, and need not look for the dot.
        let parent = if self.wildcards.is_empty() { None } else { asked.parent_domain() };
        let wildcard = parent.and_then(|parent| self.wildcards.get(parent));
        [exact, wildcard, Some(&self.anywhere)].into_iter().flatten()
    }
}

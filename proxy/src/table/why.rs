//! Why a request takes its route, and no other. For people; no request passes here.

use canary_config::name::ServiceName;
use canary_config::rule::{Priority, Rule};

use super::{Route, RoutingTable};
use crate::rules::{Asked, Explanation, explain};

/// So many of the routes that a request does not take are explained.
pub const PASSED_OVER_MAX: usize = 20;

/// Why a request takes its route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The route that it takes, if there is one.
    pub taken: Option<Considered>,
    /// Routes that would have come first, had their rules matched, in that order; without a taken one, any routes. Of
    /// more than [`PASSED_OVER_MAX`] those whose rules allow for the request's host, and of these the nearest.
    pub passed_over: Vec<Considered>,
    /// How many more there are of those.
    pub unmentioned: usize,
}

/// A route, and what its rule makes of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Considered {
    /// Whose route it is.
    pub service: ServiceName,
    /// Its rule.
    pub rule: Rule,
    /// The rank of its rule.
    pub priority: Priority,
    /// Why the rule matches, or why not.
    pub explanation: Explanation,
}

// === impl RoutingTable ===

impl RoutingTable {
    /// Says why this request takes the route that it takes.
    #[must_use]
    pub fn explain(&self, asked: &Asked<'_>) -> Why {
        let rank = self.rank(asked);
        let before = rank.unwrap_or(self.routes.len());
        let mut ranks: Vec<usize> = (0..before).collect();
        if before > PASSED_OVER_MAX {
            let at_host = self.index.ranks_at_host(asked);
            // The nearest first, and in front of them those that could have been meant.
            ranks.sort_by_key(|rank| (at_host.binary_search(rank).is_err(), before - rank));
            ranks.truncate(PASSED_OVER_MAX);
            ranks.sort_unstable();
        }
        let considered = |rank: usize| Considered::of(&self.routes[rank], asked);
        Why {
            taken: rank.map(considered),
            unmentioned: before - ranks.len(),
            passed_over: ranks.into_iter().map(considered).collect(),
        }
    }
}

// === impl Considered ===

impl Considered {
    fn of(route: &Route, asked: &Asked<'_>) -> Self {
        Self {
            service: route.service.clone(),
            rule: route.rule.clone(),
            priority: route.priority,
            explanation: explain(route.rule.matcher(), asked),
        }
    }
}

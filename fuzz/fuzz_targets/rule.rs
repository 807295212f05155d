//! Rules and requests of any bytes: a rule is read or refused at a place in it, what is read can be written and read
//! again, and the index of a table finds what a look at every rule finds.
//!
//! The input is cut at zero bytes: host, path, query, a header's value, and up to [`RULES_MAX`] rules.

#![no_main]

use std::sync::Arc;

use canary_config::rule::Rule;
use canary_proxy::pool::Pool;
use canary_proxy::rules::{Asked, Explanation, explain, matches};
use canary_proxy::table::{Route, RoutingTable};
use http::{HeaderMap, HeaderValue, Method};
use libfuzzer_sys::fuzz_target;

const RULES_MAX: usize = 6;
/// A longer rule is refused. A rule may be written longer than it was.
const RULE_LENGTH_MAX: usize = 4_096;

fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let mut part = || parts.next().unwrap_or_default();
    let (host, path, query, value) = (part(), part(), part(), part());
    let rules: Vec<Rule> = parts.take(RULES_MAX).filter_map(read).collect();
    let value = HeaderValue::from_str(value).ok();
    let headers = HeaderMap::from_iter(value.map(|value| ("x".parse().expect("a name"), value)));
    let client = Some([10, 0, 0, 1].into());
    let asked = Asked::new(host, path, Some(query), &Method::GET, &headers, client);
    look_up(&rules, &asked);
});

/// Reads a rule, and what it is shown as.
fn read(text: &str) -> Option<Rule> {
    let rule = match Rule::parse(text) {
        Ok(rule) => rule,
        Err(error) => {
            // Slicing ends the run where the column is beyond the text or within a character.
            assert!(text[error.column()..].starts_with(error.text()), "{text:?}: {error:?}");
            assert!(!error.message().is_empty());
            return None;
        }
    };
    for warning in rule.warnings() {
        assert!(!text[warning.column()..].is_empty(), "{text:?}: {warning:?}");
    }
    assert_eq!(Rule::parse(rule.text()).expect("it was read before").matcher(), rule.matcher());
    let shown = rule.matcher().to_string();
    if shown.len() <= RULE_LENGTH_MAX {
        let again = Rule::parse(&shown).unwrap_or_else(|error| panic!("{text:?} as {shown:?}: {error:?}"));
        assert_eq!(again.matcher(), rule.matcher(), "{text:?} as {shown:?}");
    }
    Some(rule)
}

/// Looks a request up in a table of these rules, in both ways.
fn look_up(rules: &[Rule], asked: &Asked<'_>) {
    let routes: Vec<_> = rules.iter().enumerate().map(|(number, rule)| Arc::new(route(number, rule))).collect();
    let rank = |route: &&Arc<Route>| (std::cmp::Reverse(route.priority), route.service.clone());
    let scanned = routes.iter().filter(|route| matches(route.rule.matcher(), asked)).min_by_key(rank);
    let table = RoutingTable::new(routes.clone());
    let found = table.route(asked);
    assert_eq!(found.map(|route| &route.service), scanned.map(|route| &route.service), "{asked:?} of {rules:?}");
    let why = table.explain(asked);
    assert_eq!(why.taken.map(|taken| taken.service), found.map(|route| route.service.clone()));
    for rule in rules {
        let is_match = matches!(explain(rule.matcher(), asked), Explanation::Matches { .. });
        assert_eq!(is_match, matches(rule.matcher(), asked));
    }
}

fn route(number: usize, rule: &Rule) -> Route {
    let stable = Pool { release: "v1".parse().expect("a name"), ready: Vec::new(), meter: Arc::default() };
    Route::new(format!("s{number}").parse().expect("a name"), rule.clone(), stable)
}

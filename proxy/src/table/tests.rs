//! The index against the plain look at one rule after the other, which is what it must never differ from.

use std::cell::Cell;
use std::sync::Arc;

use canary_config::rule::{Priority, Rule};
use http::{HeaderMap, Method};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, RngExt as _, SeedableRng as _};

use super::{Considered, PASSED_OVER_MAX, Route, RoutingTable};
use crate::pool::Pool;
use crate::rules::{self, Asked};

/// A route of the service `s<number>` that nobody serves.
fn route(number: usize, rule: &str, priority: Option<u32>) -> Arc<Route> {
    let rule = Rule::parse(rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
    let stable = Pool { release: "v1".parse().unwrap(), ready: Vec::new(), meter: Arc::default() };
    let route = Route::new(format!("s{number}").parse().unwrap(), rule, stable);
    Arc::new(Route { priority: priority.and_then(Priority::new).unwrap_or(route.priority), ..route })
}

fn table(rules: &[&str]) -> RoutingTable {
    RoutingTable::new(rules.iter().enumerate().map(|(number, rule)| route(number, rule, None)).collect())
}

fn service_of(table: &RoutingTable, host: &str, path: &str) -> Option<String> {
    let headers = HeaderMap::new();
    let asked = Asked::new(host, path, None, &Method::GET, &headers, None);
    table.route(&asked).map(|route| route.service.to_string())
}

/// The oracle: every rule in the order of its rank.
fn scan<'a>(table: &'a RoutingTable, asked: &Asked<'_>) -> Option<&'a Arc<Route>> {
    table.routes.iter().find(|route| rules::matches(route.rule.matcher(), asked))
}

/// How many rules are looked at for a request.
fn looked_at(table: &RoutingTable, host: &str, path: &str) -> usize {
    let (headers, count) = (HeaderMap::new(), Cell::new(0));
    let asked = Asked::new(host, path, None, &Method::GET, &headers, None);
    table.index.first(&asked, |rank| {
        count.set(count.get() + 1);
        rules::matches(table.routes[rank].rule.matcher(), &asked)
    });
    count.get()
}

#[test]
fn the_highest_priority_wins_then_the_first_service() {
    let table = RoutingTable::new(vec![
        route(1, "PathPrefix(`/`)", Some(1)),
        route(2, "Host(`a`)", None),
        route(3, "Host(`a`) && PathPrefix(`/x`)", None),
        route(4, "PathPrefix(`/first`)", Some(1_000)),
        route(5, "Path(`/b`) && Host(`b`)", Some(500)),
        route(6, "Host(`b`)", Some(500)),
    ]);
    for (host, path, service) in [
        ("a", "/", "s2"),
        ("A", "/x", "s3"),
        ("a", "/first", "s4"),
        ("c", "/", "s1"),
        // Equal in priority: the first by name.
        ("b", "/b", "s5"),
    ] {
        assert_eq!(service_of(&table, host, path).as_deref(), Some(service), "{host}{path}");
    }
}

#[test]
fn a_path_that_is_written_otherwise_does_not_go_round_a_rule() {
    let table = table(&["PathPrefix(`/admin`) && Host(`a`)", "Host(`a`)"]);
    for path in ["/admin", "/public/../admin", "/%61dmin/x", "//admin", "/./admin", "/x/%2e%2e/admin"] {
        assert_eq!(service_of(&table, "a", path).as_deref(), Some("s0"), "{path}");
    }
    assert_eq!(service_of(&table, "a", "/public/admin").as_deref(), Some("s1"));
    assert_eq!(service_of(&table, "b", "/admin"), None);
}

#[test]
fn the_rules_looked_at_do_not_grow_with_the_services() {
    let grown = |rule: fn(usize) -> String, host: &str, path: &str| {
        [1, 10, 1_000].map(|services| {
            let rules: Vec<_> = (0..services).map(rule).collect();
            looked_at(&table(&rules.iter().map(String::as_str).collect::<Vec<_>>()), host, path)
        })
    };
    assert_eq!(grown(|number| format!("Host(`s{number}.example`)"), "s0.example", "/"), [1; 3]);
    assert_eq!(grown(|number| format!("Host(`*.s{number}.example`)"), "x.s0.example", "/"), [1; 3]);
    assert_eq!(grown(|number| format!("Host(`a`) && PathPrefix(`/s{number}/`)"), "a", "/s0/x"), [1; 3]);
    assert_eq!(grown(|number| format!("PathPrefix(`/s{number}/`)"), "a", "/s0/x"), [1; 3]);
    assert_eq!(grown(|number| format!("(Host(`a`) || Host(`s{number}`)) && Path(`/{number}`)"), "a", "/0"), [1; 3]);
    assert_eq!(grown(|number| format!("Host(`s{number}`) || Host(`*.{number}`)"), "nobody", "/"), [0; 3]);
}

#[test]
fn the_index_outlives_a_change_of_weights_and_no_other() {
    let rules = ["Host(`a`)", "Host(`b`)"];
    let before = table(&rules);
    let routes = |rules: &[&str]| rules.iter().enumerate().map(|(number, rule)| route(number, rule, None)).collect();
    let is_kept = |after: &RoutingTable| Arc::ptr_eq(&before.index, &after.index);
    assert!(is_kept(&before.replaced_by(routes(&rules))));
    for (host, service) in [("a", "s0"), ("b", "s1")] {
        assert_eq!(service_of(&before.replaced_by(routes(&rules)), host, "/").as_deref(), Some(service));
    }
    let swapped = before.replaced_by(vec![route(0, "Host(`a`)", Some(1)), route(1, "Host(`b`)", Some(2))]);
    assert!(!is_kept(&swapped));
    assert_eq!(service_of(&swapped, "a", "/").as_deref(), Some("s0"));
    assert!(!is_kept(&before.replaced_by(routes(&rules[..1]))));
    assert!(!is_kept(&before.replaced_by(Vec::new())));
}

#[test]
fn a_rule_with_too_many_pairs_is_still_found() {
    let either = |names: Vec<String>| names.join(" || ");
    let hosts = either((0..40).map(|host| format!("Host(`h{host}`)")).collect());
    let paths = either((0..40).map(|path| format!("Path(`/{path}`)")).collect());
    let table = table(&[&format!("({hosts}) && ({paths})")]);
    assert_eq!(service_of(&table, "h39", "/39").as_deref(), Some("s0"));
    assert_eq!(service_of(&table, "h39", "/40"), None);
}

const HOSTS: [&str; 9] = ["a", "b", "a.b", "A.B", "x.a.b", "y.x.a.b", ".a.b", "", "[::1]"];
const PATHS: [&str; 16] = [
    "/", "", "*", "/a", "/a/", "/a/b", "/a/bc", "/ab", "//a//b", "/a/../b", "/%61/%62", "/a%2Fb", "/b/..", "/a!",
    "/b/c/d", "/%",
];
const CONDITIONS: [&str; 22] = [
    "Host(`a`)",
    "Host(`b`)",
    "Host(`a.b`)",
    "Host(`*.b`)",
    "Host(`*.a.b`)",
    "Host(`*`)",
    "Host(`a`, `b`)",
    "Host(`[::1]`)",
    "HostRegexp(`^.[.]`)",
    "Path(`/`)",
    "Path(`/a`)",
    "Path(`/a/b`)",
    "Path(`/a`, `/b`)",
    "PathPrefix(`/`)",
    "PathPrefix(`/a`)",
    "PathPrefix(`/a/`)",
    "PathPrefix(`/a/b`)",
    "PathPrefix(`/b`)",
    "PathPrefix(`/a%2Fb`)",
    "PathRegexp(`b$`)",
    "Method(`GET`)",
    "Query(`q`)",
];

fn any_rule(rng: &mut impl Rng, depth: u8) -> String {
    if depth == 0 || rng.random_bool(0.4) {
        return (*CONDITIONS.choose(rng).unwrap()).to_owned();
    }
    match rng.random_range(0..5) {
        0 => format!("!({})", any_rule(rng, depth - 1)),
        1 | 2 => format!("({}) || ({})", any_rule(rng, depth - 1), any_rule(rng, depth - 1)),
        _ => format!("({}) && ({})", any_rule(rng, depth - 1), any_rule(rng, depth - 1)),
    }
}

#[test]
fn the_index_never_differs_from_the_plain_look_at_every_rule() {
    const SEED: u64 = 3;
    const TABLES: usize = 400;
    let (mut rng, headers, mut found) = (SmallRng::seed_from_u64(SEED), HeaderMap::new(), 0);
    for round in 0..TABLES {
        let services = rng.random_range(0..30);
        let any_priority = |rng: &mut SmallRng| rng.random_bool(0.2).then(|| rng.random_range(1..50));
        let any_route = |number| {
            let rule = any_rule(&mut rng, 3);
            let priority = any_priority(&mut rng);
            route(number, &rule, priority)
        };
        let table = RoutingTable::new((0..services).map(any_route).collect());
        for (host, path) in HOSTS.iter().flat_map(|host| PATHS.iter().map(move |path| (host, path))) {
            let method = [Method::GET, Method::POST].choose(&mut rng).unwrap().clone();
            let query = [None, Some("q"), Some("x")].choose(&mut rng).copied().flatten();
            let asked = Asked::new(host, path, query, &method, &headers, None);
            let (indexed, scanned) = (table.route(&asked), scan(&table, &asked));
            assert_eq!(
                indexed.map(|route| &route.service),
                scanned.map(|route| &route.service),
                "seed {SEED}, round {round}: {method} {host}{path}?{query:?} of {:?}",
                table.routes.iter().map(|route| route.rule.text()).collect::<Vec<_>>()
            );
            found += usize::from(indexed.is_some());
        }
    }
    let asked = TABLES * HOSTS.len() * PATHS.len();
    assert!((asked / 4..asked).contains(&found), "{found} of {asked} requests were routed, which proves little");
}

#[test]
fn an_empty_table_routes_nothing() {
    assert_eq!(service_of(&RoutingTable::default(), "a", "/"), None);
    assert_eq!(service_of(&table(&[]), "", ""), None);
}

#[test]
fn a_choice_is_explained_by_what_was_taken_and_what_would_have_come_first() {
    let table = table(&["PathPrefix(`/`)", "Host(`a`) && PathPrefix(`/x`)", "Host(`b`) && Path(`/`)"]);
    let headers = HeaderMap::new();
    let why = |host| table.explain(&Asked::new(host, "/", None, &Method::GET, &headers, None));
    let shown =
        |considered: &Considered| format!("{}: {}", considered.service, considered.explanation.because().join(", "));
    let of_a = why("a");
    assert_eq!(of_a.taken.as_ref().map(shown).as_deref(), Some("s0: PathPrefix(`/`) matches `/`"));
    let passed_over: Vec<_> = of_a.passed_over.iter().map(shown).collect();
    assert_eq!(
        passed_over,
        ["s1: PathPrefix(`/x`) does not match `/`", "s2: Host(`b`) does not match `a`"],
        "the longest rule first"
    );
    assert_eq!(why("b").passed_over.len(), 1);
    assert_eq!((of_a.unmentioned, why("b").unmentioned), (0, 0));
}

#[test]
fn of_many_routes_those_are_explained_that_could_have_been_meant() {
    let rules: Vec<_> = (100..200).map(|number| format!("Host(`h{number}`) && Path(`/x`)")).collect();
    let table = table(&rules.iter().map(String::as_str).collect::<Vec<_>>());
    let headers = HeaderMap::new();
    let why = table.explain(&Asked::new("h103", "/", None, &Method::GET, &headers, None));
    assert_eq!((&why.taken, why.passed_over.len(), why.unmentioned), (&None, PASSED_OVER_MAX, 80));
    let services: Vec<_> = why.passed_over.iter().map(|considered| considered.service.as_str()).collect();
    assert!(services.contains(&"s3"), "{services:?}");
    assert!(services.contains(&"s99"), "the others are the nearest: {services:?}");
}

//! The rule grammar: what a rule means, and where and why a text is none.

use canary_config::rule::{Matcher, Rule};

fn host(name: &str) -> Matcher {
    Matcher::Host(name.into())
}

fn path(path: &str) -> Matcher {
    Matcher::Path(path.into())
}

fn prefix(path: &str) -> Matcher {
    Matcher::PathPrefix(path.into())
}

fn meaning(rule: &str) -> Matcher {
    Rule::parse(rule).unwrap_or_else(|error| panic!("{rule}: {error}")).matcher().clone()
}

#[test]
fn a_matcher_is_read_in_each_of_its_spellings() {
    for rule in ["Host(`a.example`)", "host(`a.example`)", "HOST(\"A.Example\")", " ( Host ( `a.example` ) ) "] {
        assert_eq!(meaning(rule), host("a.example"), "{rule}");
    }
    assert_eq!(meaning("Path(`/x`)"), path("/x"));
    assert_eq!(meaning("PATHPREFIX(`/`)"), prefix("/"));
    for literal in ["127.0.0.1", "[::1]", "localhost", "a_b.example", "xn--caf-dma.example"] {
        assert_eq!(meaning(&format!("Host(`{literal}`)")), host(literal));
    }
}

#[test]
fn and_binds_tighter_than_or_and_parentheses_tighter_than_both() {
    let (a, b, c) = (|| host("a"), || host("b"), || path("/c"));
    let rule =
        |text: &str| meaning(&text.replace('a', "Host(`a`)").replace('b', "Host(`b`)").replace('c', "Path(`/c`)"));
    assert_eq!(rule("a || b && c"), Matcher::Any(vec![a(), Matcher::All(vec![b(), c()])]));
    assert_eq!(rule("a && b || c"), Matcher::Any(vec![Matcher::All(vec![a(), b()]), c()]));
    assert_eq!(rule("(a || b) && c"), Matcher::All(vec![Matcher::Any(vec![a(), b()]), c()]));
}

#[test]
fn lists_within_lists_of_their_own_kind_are_flat() {
    let three = vec![host("a"), host("b"), host("c")];
    for (rule, flat) in [
        ("Host(`a`) || Host(`b`) || Host(`c`)", Matcher::Any(three.clone())),
        ("Host(`a`)||(Host(`b`)||((Host(`c`))))", Matcher::Any(three.clone())),
        ("(Host(`a`) && Host(`b`)) && Host(`c`)", Matcher::All(three)),
    ] {
        assert_eq!(meaning(rule), flat, "{rule}");
    }
}

#[test]
fn a_rule_keeps_its_text_without_the_space_around_it() {
    assert_eq!(Rule::parse("  Path(`/x`)\n").unwrap().text(), "Path(`/x`)");
}

#[test]
fn nesting_has_a_bound_that_holds() {
    let nested = |depth: usize| format!("{}Path(`/x`){}", "(".repeat(depth), ")".repeat(depth));
    assert!(Rule::parse(&nested(16)).is_ok());
    let error = Rule::parse(&nested(17)).unwrap_err();
    assert_eq!((error.column(), error.text()), (16, "("));
}

/// Refused at this byte, with this text, saying this.
const REFUSED: &[(&str, usize, &str, &str)] = include!("support/refused_rules.in");

#[test]
fn what_is_no_rule_is_refused_at_its_place_with_what_to_write() {
    let mut different = String::new();
    for (rule, column, text, message) in REFUSED {
        let error = Rule::parse(rule).expect_err(rule);
        if (error.column(), error.text(), error.message()) != (*column, *text, *message) {
            different += &format!("({rule:?}, {}, {:?}, {:?}),\n", error.column(), error.text(), error.message());
        }
    }
    assert!(different.is_empty(), "these say something else:\n{different}");
}

#[test]
fn every_matcher_of_traefik_that_is_missing_says_so() {
    for name in ["HostRegexp", "PathRegexp", "Method", "Header", "HeaderRegexp", "Query", "QueryRegexp", "ClientIP"] {
        for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let error = Rule::parse(&format!("Host(`a`) && {name}(`x`)")).unwrap_err();
            let says = format!("`{name}` is not available yet; write Host, Path or PathPrefix");
            assert_eq!((error.column(), error.text(), error.to_string()), (13, name.as_str(), says));
        }
    }
}

//! The rule grammar: what a rule means, and where and why a text is none.

use canary_config::rule::{Matcher, Priority, Rule};

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

/// What each matcher is written like, and how it is shown, which means the same.
const WRITTEN: &[(&str, &str)] = &[
    ("Host(`A.example`)", "Host(`a.example`)"),
    ("host(`*.A.example`)", "Host(`*.a.example`)"),
    ("HOST(\"*\")", "Host(`*`)"),
    ("hostregexp(`^(a|b)\\.example$`)", "HostRegexp(`^(a|b)\\.example$`)"),
    ("Path(`/x`)", "Path(`/x`)"),
    ("Pathprefix(`/.`)", "PathPrefix(`/.`)"),
    ("PATHREGEXP(`^/x/[0-9]{2}/\\x{41}\\p{L}$`)", "PathRegexp(`^/x/[0-9]{2}/\\x{41}\\p{L}$`)"),
    ("method(`M-SEARCH`)", "Method(`M-SEARCH`)"),
    ("Header(`X-Version`,`2; a=\"b\"`)", "Header(`x-version`, `2; a=\"b\"`)"),
    ("Headerregexp(\"X\", \"`\")", "HeaderRegexp(`x`, \"`\")"),
    ("Header(\"`\", `1`) || HeaderRegexp(\"`\", `1`)", "Header(\"`\", `1`) || HeaderRegexp(\"`\", `1`)"),
    ("Query(`debug`)", "Query(`debug`)"),
    ("Query(`a b`, `é`)", "Query(`a b`, `é`)"),
    ("QueryRegexp(`k`)", "Query(`k`)"),
    ("QueryRegexp(`k`, ``)", "QueryRegexp(`k`, ``)"),
    ("ClientIP(`10.0.0.0/8`)", "ClientIP(`10.0.0.0/8`)"),
    ("Clientip(`2001:db8::1`)", "ClientIP(`2001:db8::1/128`)"),
    ("clientip(`::ffff:10.0.0.1`)", "ClientIP(`10.0.0.1/32`)"),
    ("!Host(`a`) && !(Path(`/b`) || Path(`/c`))", "!Host(`a`) && !(Path(`/b`) || Path(`/c`))"),
    ("!!( !Host(`a`) )", "!!!Host(`a`)"),
    ("(Host(`a`) || Path(`/b`)) && (Path(`/c`))", "(Host(`a`) || Path(`/b`)) && Path(`/c`)"),
];

#[test]
fn a_matcher_is_shown_as_a_rule_that_means_the_same() {
    for (rule, shown) in WRITTEN {
        let matcher = meaning(rule);
        assert_eq!(matcher.to_string(), *shown);
        assert_eq!(meaning(shown), matcher, "{rule}");
        assert_eq!(Rule::parse(rule).unwrap().warnings(), [], "{rule}");
    }
}

#[test]
fn not_binds_tightest() {
    let (a, b) = (|| Box::new(host("a")), || host("b"));
    assert_eq!(meaning("!Host(`a`) && Host(`b`)"), Matcher::All(vec![Matcher::Not(a()), b()]));
    assert_eq!(meaning("!Host(`a`) || Host(`b`)"), Matcher::Any(vec![Matcher::Not(a()), b()]));
    assert_eq!(meaning("!(Host(`a`) && Host(`b`))"), Matcher::Not(Box::new(Matcher::All(vec![*a(), b()]))));
}

/// What Traefik 2 wrote, what it means, and what is said about it and where.
type Outdated = (&'static str, &'static str, &'static [(usize, &'static str)]);

const OUTDATED: &[Outdated] = &[
    (
        "Path(`/x`) && Host(`a`, `b`)",
        "Path(`/x`) && (Host(`a`) || Host(`b`))",
        &[(14, "several texts in one Host are from Traefik 2; write (Host(`a`) || Host(`b`))")],
    ),
    (
        "Method(`GET`,`HEAD`)",
        "Method(`GET`) || Method(`HEAD`)",
        &[(0, "several texts in one Method are from Traefik 2; write (Method(`GET`) || Method(`HEAD`))")],
    ),
    (
        "!PathPrefix(`/a`, `/b`, `/c`)",
        "!(PathPrefix(`/a`) || PathPrefix(`/b`) || PathPrefix(`/c`))",
        &[(
            1,
            "several texts in one PathPrefix are from Traefik 2; \
             write (PathPrefix(`/a`) || PathPrefix(`/b`) || PathPrefix(`/c`))",
        )],
    ),
    (
        "Headers(`a`, `b`) || headersregexp(`a`, `^b`)",
        "Header(`a`, `b`) || HeaderRegexp(`a`, `^b`)",
        &[
            (0, "`Headers` is from Traefik 2; write Header(`...`, `...`)"),
            (21, "`headersregexp` is from Traefik 2; write HeaderRegexp(`...`, `...`)"),
        ],
    ),
    ("HostHeader(`a`)", "Host(`a`)", &[(0, "`HostHeader` is from Traefik 2; write Host(`...`)")]),
];

#[test]
fn what_traefik_2_wrote_differently_is_read_with_a_warning() {
    for (rule, shown, says) in OUTDATED {
        let rule = Rule::parse(rule).unwrap();
        assert_eq!(rule.matcher().to_string(), *shown);
        let said: Vec<_> = rule.warnings().iter().map(|warning| (warning.column(), warning.message())).collect();
        assert_eq!(said, *says);
    }
}

#[test]
fn the_longest_rule_has_the_highest_priority_unless_it_is_given_one() {
    let priority = |text: &str| Priority::of(&Rule::parse(text).unwrap());
    assert_eq!(priority(" Path(`/x`) ").get(), 10);
    assert!(priority("PathPrefix(`/`)") > priority("Path(`/`)"));
    let given = [0, 1, 1_000_000, 1_000_001].map(|number| Priority::new(number).map(Priority::get));
    assert_eq!(given, [None, Some(1), Some(1_000_000), None]);
}

#[test]
fn nesting_has_a_bound_that_holds() {
    let nested = |depth: usize| format!("{}Path(`/x`){}", "(".repeat(depth), ")".repeat(depth));
    assert!(Rule::parse(&nested(16)).is_ok());
    let error = Rule::parse(&nested(17)).unwrap_err();
    assert_eq!((error.column(), error.text()), (16, "("));
    let negated = |depth: usize| format!("{}Path(`/x`)", "!".repeat(depth));
    assert!(Rule::parse(&negated(16)).is_ok());
    let error = Rule::parse(&negated(17)).unwrap_err();
    assert_eq!(
        (error.column(), error.message()),
        (16, "`!` nests too deep; write at most 16 `(` and `!` within each other")
    );
    // What is read as "or" is shown in parentheses, which nest as well.
    let error = Rule::parse(&format!("{}Path(`/x`, `/y`)", "!".repeat(16))).unwrap_err();
    assert_eq!((error.column(), error.text()), (16, "Path"));
}

#[test]
fn a_rule_has_a_bound_on_its_regular_expressions() {
    let rule = |count: usize| vec!["PathRegexp(`^/[0-9]+$`)"; count].join(" || ");
    assert!(Rule::parse(&rule(16)).is_ok());
    let error = Rule::parse(&rule(17)).unwrap_err();
    assert_eq!(error.message(), "the rule has more than 16 regular expressions; join some with `|`");
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

/// Every path of the grammar begins or ends with one of these.
const PIECES: [&str; 14] = ["`", "\"", "(", ")", "!", "&&", "|", ",", "{", "\\", "*", "é", "/", " "];

#[test]
fn a_rule_that_is_damaged_anywhere_is_read_or_refused_at_a_place_in_it() {
    let whole = WRITTEN.iter().map(|(rule, _)| *rule).collect::<Vec<_>>().join(" || ");
    for at in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        let (before, after) = whole.split_at(at);
        for damaged in PIECES.iter().map(|piece| format!("{before}{piece}{after}")).chain([before.to_owned()]) {
            let Err(error) = Rule::parse(&damaged) else { continue };
            assert!(damaged[error.column()..].starts_with(error.text()), "{damaged}: {error:?}");
            assert!(!error.message().is_empty());
        }
    }
}

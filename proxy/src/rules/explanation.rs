//! Why a rule matches a request, or why it does not, in words. For people; no request passes here.

use canary_config::quoted::{Excerpt, Quoted};
use canary_config::rule::Matcher;
use http::{HeaderName, HeaderValue};

use super::{Asked, matches, query};

/// So many reasons are given, and so many values of one header or parameter.
const REASONS_MAX: usize = 8;

/// Why a rule matches a request, or why it does not. The reasons are conditions of the rule, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explanation {
    /// It matches.
    Matches {
        /// The conditions that make it match: of an "or", those of its first side that does.
        because: Vec<String>,
    },
    /// It does not match.
    Fails {
        /// The first condition that fails: of an "or", that of each side.
        because: Vec<String>,
    },
}

// === impl Explanation ===

impl Explanation {
    /// The reasons, whichever they are for.
    #[must_use]
    pub fn because(&self) -> &[String] {
        match self {
            Self::Matches { because } | Self::Fails { because } => because,
        }
    }
}

/// Says why this request matches, or why not.
#[must_use]
pub fn explain(matcher: &Matcher, asked: &Asked<'_>) -> Explanation {
    let mut because = reasons(matcher, asked);
    let more = because.len().saturating_sub(REASONS_MAX);
    if more > 0 {
        because.truncate(REASONS_MAX);
        because.push(format!("and {more} more"));
    }
    if matches(matcher, asked) { Explanation::Matches { because } } else { Explanation::Fails { because } }
}

/// What makes this part match, or not.
fn reasons(matcher: &Matcher, asked: &Asked<'_>) -> Vec<String> {
    let is_match = |part: &&Matcher| matches(part, asked);
    let of_each = |parts: &[Matcher]| parts.iter().flat_map(|part| reasons(part, asked)).collect();
    match matcher {
        Matcher::All(parts) => match parts.iter().find(|part| !is_match(part)) {
            Some(failing) => reasons(failing, asked),
            None => of_each(parts),
        },
        Matcher::Any(parts) => match parts.iter().find(is_match) {
            Some(matching) => reasons(matching, asked),
            None => of_each(parts),
        },
        condition => vec![reason(condition, asked)],
    }
}

/// What one condition makes of the request.
fn reason(condition: &Matcher, asked: &Asked<'_>) -> String {
    let verb = if matches(condition, asked) { "matches" } else { "does not match" };
    let written = condition.to_string();
    let written = Excerpt(&written);
    match condition {
        Matcher::Not(inner) if matches!(**inner, Matcher::Not(_) | Matcher::All(_) | Matcher::Any(_)) => {
            format!("{written} {verb}, as {}", reasons(inner, asked).join(" and "))
        }
        Matcher::Not(inner) => format!("{written} {verb} {}", seen(inner, asked)),
        condition => format!("{written} {verb} {}", seen(condition, asked)),
    }
}

/// The part of the request that a condition looks at.
fn seen(condition: &Matcher, asked: &Asked<'_>) -> String {
    match condition {
        Matcher::Path(_) | Matcher::PathPrefix(_) | Matcher::PathRegexp(_) => Quoted(asked.path()).to_string(),
        Matcher::Method(_) => Quoted(asked.method.as_str()).to_string(),
        Matcher::Header(name, _) | Matcher::HeaderRegexp(name, _) => header(name, asked),
        Matcher::Query(key, _) | Matcher::QueryRegexp(key, _) => parameter(key, asked),
        Matcher::ClientIp(_) => asked.client.map_or("an unknown client".into(), |client| format!("`{client}`")),
        _ if asked.host().is_empty() => "a request without a host".into(),
        _ => Quoted(asked.host()).to_string(),
    }
}

fn header(name: &HeaderName, asked: &Asked<'_>) -> String {
    let values = asked.headers.get_all(name).iter().map(HeaderValue::as_bytes);
    list(values.map(String::from_utf8_lossy))
        .unwrap_or_else(|| format!("a request without the header {}", Quoted(name.as_str())))
}

fn parameter(key: &str, asked: &Asked<'_>) -> String {
    let values = query::values(asked.query, key).map(query::decoded);
    let values = values.map(|value| String::from_utf8_lossy(&value).into_owned());
    list(values).unwrap_or_else(|| format!("a request without the parameter {}", Quoted(key)))
}

/// Some values, if there is one.
fn list(values: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    let shown: Vec<_> = values.take(REASONS_MAX).map(|value| Quoted(value.as_ref()).to_string()).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

#[cfg(test)]
mod tests {
    use canary_config::rule::Rule;

    use super::super::tests::Request;
    use super::*;

    fn explained(rule: &str, request: &str) -> Vec<String> {
        let rule = Rule::parse(rule).unwrap();
        let explanation = explain(rule.matcher(), &Request::read(request).asked());
        let verdict = match &explanation {
            Explanation::Matches { .. } => "yes",
            Explanation::Fails { .. } => "no",
        };
        [&[verdict.to_owned()], explanation.because()].concat()
    }

    #[test]
    fn a_rule_is_explained_by_the_conditions_that_decide() {
        for (rule, request, says) in [
            ("Host(`a.example`)", "b.example:80", &["no", "Host(`a.example`) does not match `b.example`"][..]),
            ("Host(`a`)", "A", &["yes", "Host(`a`) matches `a`"]),
            ("Host(`a`)", "", &["no", "Host(`a`) does not match a request without a host"]),
            (
                "Host(`a`) && PathPrefix(`/x`) && Method(`GET`)",
                "POST a/y/..",
                &["no", "PathPrefix(`/x`) does not match `/`"],
            ),
            (
                "Host(`a`) && (Path(`/x`) || Path(`/y`))",
                "a/y",
                &["yes", "Host(`a`) matches `a`", "Path(`/y`) matches `/y`"],
            ),
            (
                "Host(`a`) || Query(`q`, `1`) || Header(`X`, `1`)",
                "b?q=2&q=%20",
                &[
                    "no",
                    "Host(`a`) does not match `b`",
                    "Query(`q`, `1`) does not match `2`, ` `",
                    "Header(`x`, `1`) does not match a request without the header `x`",
                ],
            ),
            ("!Method(`GET`)", "a", &["no", "!Method(`GET`) does not match `GET`"]),
            (
                "!(Host(`a`) || Method(`GET`))",
                "b",
                &["no", "!(Host(`a`) || Method(`GET`)) does not match, as Method(`GET`) matches `GET`"],
            ),
            (
                "!(Host(`a`) || Method(`PUT`))",
                "b",
                &[
                    "yes",
                    "!(Host(`a`) || Method(`PUT`)) matches, \
                     as Host(`a`) does not match `b` and Method(`PUT`) does not match `GET`",
                ],
            ),
            (
                "ClientIP(`::1`) || QueryRegexp(`q`, `^a`)",
                "a",
                &[
                    "no",
                    "ClientIP(`::1/128`) does not match an unknown client",
                    "QueryRegexp(`q`, `^a`) does not match a request without the parameter `q`",
                ],
            ),
            ("ClientIP(`::1`)", "a, from 10.0.0.1", &["no", "ClientIP(`::1/128`) does not match `10.0.0.1`"]),
            ("HeaderRegexp(`X`, `^a`)", "a, x: b, x: ab", &["yes", "HeaderRegexp(`x`, `^a`) matches `b`, `ab`"]),
        ] {
            assert_eq!(explained(rule, request), says, "{rule}: {request}");
        }
    }

    #[test]
    fn only_so_many_reasons_are_given() {
        let rule = vec!["Path(`/x`)"; 20].join(" || ");
        let said = explained(&rule, "a");
        assert_eq!((said.len(), said[9].as_str()), (REASONS_MAX + 2, "and 12 more"));
    }
}

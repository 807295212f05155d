//! What a request must have so that a rule can match it, as far as it can be looked up.

use canary_config::rule::Matcher;

/// A host, or a family of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostKey<'a> {
    /// This host.
    Exact(&'a str),
    /// One label in front of this domain.
    Wildcard(&'a str),
}

/// The hosts of which a request must have one; nothing, if it may have any.
pub(super) fn hosts(rule: &Matcher) -> Option<Vec<HostKey<'_>>> {
    one_of(rule, |condition| match condition {
        Matcher::Host(name) => Some(HostKey::Exact(name)),
        Matcher::HostWildcard(parent) => Some(HostKey::Wildcard(parent)),
        _ => None,
    })
}

/// The texts of which a request's path must begin with one; nothing, if it may begin anyhow.
pub(super) fn prefixes(rule: &Matcher) -> Option<Vec<&str>> {
    one_of(rule, |condition| match condition {
        Matcher::Path(prefix) | Matcher::PathPrefix(prefix) => Some(&**prefix),
        _ => None,
    })
}

/// The keys of which a rule requires one, where `key_of` knows the one that a condition requires.
fn one_of<'a, K>(rule: &'a Matcher, key_of: fn(&'a Matcher) -> Option<K>) -> Option<Vec<K>> {
    match rule {
        // Any part's keys will do, and the fewest are the best.
        Matcher::All(parts) => parts.iter().filter_map(|part| one_of(part, key_of)).min_by_key(Vec::len),
        Matcher::Any(parts) => {
            let each: Option<Vec<_>> = parts.iter().map(|part| one_of(part, key_of)).collect();
            each.map(|keys| keys.into_iter().flatten().collect())
        }
        // What must not be there is nothing to look up.
        Matcher::Not(_) => None,
        condition => key_of(condition).map(|key| vec![key]),
    }
}

#[cfg(test)]
mod tests {
    use canary_config::rule::Rule;

    use super::*;

    fn shown(rule: &str) -> (String, String) {
        let rule = Rule::parse(rule).unwrap();
        let host = |key: &HostKey<'_>| match key {
            HostKey::Exact(name) => (*name).to_owned(),
            HostKey::Wildcard(parent) => format!("*.{parent}"),
        };
        let any = || "any".to_owned();
        let hosts = hosts(rule.matcher()).map_or_else(any, |keys| keys.iter().map(host).collect::<Vec<_>>().join(" "));
        (hosts, prefixes(rule.matcher()).map_or_else(any, |keys| keys.join(" ")))
    }

    #[test]
    fn a_rule_requires_what_all_of_its_ways_require() {
        for (rule, hosts, prefixes) in [
            ("Host(`a`)", "a", "any"),
            ("Host(`*.a`) && Path(`/x`)", "*.a", "/x"),
            ("Host(`*`) && PathPrefix(`/x`)", "any", "/x"),
            ("Host(`a`) || Host(`b`) && PathPrefix(`/x`)", "a b", "any"),
            ("(Host(`a`) || Host(`b`)) && (Path(`/x`) || Path(`/y`))", "a b", "/x /y"),
            ("Host(`a`) && (Host(`b`) || Host(`c`))", "a", "any"),
            ("Host(`a`) || Method(`GET`)", "any", "any"),
            ("Host(`a`) || HostRegexp(`^b`)", "any", "any"),
            ("!Host(`a`) && PathPrefix(`/x`)", "any", "/x"),
            ("!(Host(`a`) && Path(`/x`))", "any", "any"),
            ("!!Host(`a`)", "any", "any"),
            ("Host(`a`) && !Path(`/x`)", "a", "any"),
        ] {
            assert_eq!(shown(rule), (hosts.to_owned(), prefixes.to_owned()), "{rule}");
        }
    }
}

//! Whether a request matches a rule. Pure, and allocates nothing unless a text must be decoded first.

mod asked;
mod explanation;
mod query;
#[cfg(test)]
pub(crate) mod tests;

use canary_config::rule::Matcher;
use http::HeaderValue;

pub use self::asked::{Asked, bare_host};
pub use self::explanation::{Explanation, explain};

/// Whether this request matches.
#[must_use]
pub fn matches(matcher: &Matcher, asked: &Asked<'_>) -> bool {
    match matcher {
        Matcher::Host(wanted) => asked.host() == &**wanted,
        Matcher::HostWildcard(wanted) => asked.parent_domain() == Some(wanted),
        Matcher::AnyHost => true,
        Matcher::HostRegexp(pattern) => pattern.is_match(asked.host().as_bytes()),
        Matcher::Path(wanted) => asked.path() == &**wanted,
        Matcher::PathPrefix(prefix) => asked.path().starts_with(&**prefix),
        Matcher::PathRegexp(pattern) => pattern.is_match(asked.path().as_bytes()),
        Matcher::Method(wanted) => asked.method.as_str() == &**wanted,
        Matcher::Header(name, wanted) => {
            asked.headers.get_all(name).iter().any(|value| value.as_bytes() == wanted.as_bytes())
        }
        Matcher::HeaderRegexp(name, pattern) => {
            asked.headers.get_all(name).iter().map(HeaderValue::as_bytes).any(|value| pattern.is_match(value))
        }
        Matcher::Query(key, wanted) => query::values(asked.query, key).any(|value| query::is(value, wanted)),
        Matcher::QueryRegexp(key, pattern) => {
            query::values(asked.query, key).any(|value| pattern.is_match(&query::decoded(value)))
        }
        Matcher::ClientIp(network) => asked.client.is_some_and(|client| network.contains(&client)),
        Matcher::Not(inner) => !matches(inner, asked),
        Matcher::All(all) => all.iter().all(|matcher| matches(matcher, asked)),
        Matcher::Any(any) => any.iter().any(|matcher| matches(matcher, asked)),
    }
}

//! The meaning of a rule.

use std::fmt;

use http::HeaderName;
use ipnet::IpNet;

use super::pattern::Pattern;

/// A tree of conditions on a request. It is written as a rule that means the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matcher {
    /// The request's host, without port and in lower case, equals this one.
    Host(Box<str>),
    /// The request's host is exactly one label in front of this domain.
    HostWildcard(Box<str>),
    /// Whatever the host is, and if there is none.
    AnyHost,
    /// The pattern occurs in the request's host, without port and in lower case.
    HostRegexp(Pattern),
    /// The request's path, as [`NormalPath`](super::NormalPath), equals this one.
    Path(Box<str>),
    /// The request's path, as [`NormalPath`](super::NormalPath), begins with these bytes.
    PathPrefix(Box<str>),
    /// The pattern occurs in the request's path, as [`NormalPath`](super::NormalPath).
    PathRegexp(Pattern),
    /// The request's method equals this one, byte for byte.
    Method(Box<str>),
    /// One of the fields of this name has exactly this value.
    Header(HeaderName, Box<str>),
    /// The pattern occurs in one of the fields of this name.
    HeaderRegexp(HeaderName, Pattern),
    /// One of the query's parameters of this name has, after decoding, exactly this value.
    Query(Box<str>, Box<str>),
    /// The pattern occurs, after decoding, in one of the query's parameters of this name.
    QueryRegexp(Box<str>, Pattern),
    /// The connection comes from this network. What the request itself says about its way is not looked at.
    ClientIp(IpNet),
    /// This does not hold.
    Not(Box<Matcher>),
    /// Every one of these holds.
    All(Vec<Matcher>),
    /// At least one of these holds.
    Any(Vec<Matcher>),
}

/// A text between the quotes that it can stand in.
struct Text<'a>(&'a str);

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "Host({})", Text(host)),
            Self::HostWildcard(parent) => write!(f, "Host({})", Text(&format!("*.{parent}"))),
            Self::AnyHost => f.write_str("Host(`*`)"),
            Self::HostRegexp(pattern) => write!(f, "HostRegexp({})", Text(pattern.as_str())),
            Self::Path(path) => write!(f, "Path({})", Text(path)),
            Self::PathPrefix(prefix) => write!(f, "PathPrefix({})", Text(prefix)),
            Self::PathRegexp(pattern) => write!(f, "PathRegexp({})", Text(pattern.as_str())),
            Self::Method(method) => write!(f, "Method({})", Text(method)),
            Self::Header(name, value) => write!(f, "Header({}, {})", Text(name.as_str()), Text(value)),
            Self::HeaderRegexp(name, pattern) => {
                write!(f, "HeaderRegexp({}, {})", Text(name.as_str()), Text(pattern.as_str()))
            }
            Self::Query(key, value) if value.is_empty() => write!(f, "Query({})", Text(key)),
            Self::Query(key, value) => write!(f, "Query({}, {})", Text(key), Text(value)),
            Self::QueryRegexp(key, pattern) => write!(f, "QueryRegexp({}, {})", Text(key), Text(pattern.as_str())),
            Self::ClientIp(network) => write!(f, "ClientIP(`{network}`)"),
            Self::Not(inner) if matches!(**inner, Self::All(_) | Self::Any(_)) => write!(f, "!({inner})"),
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::All(parts) => joined(f, parts, " && "),
            Self::Any(parts) => joined(f, parts, " || "),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Matcher], sign: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(sign)?;
        }
        match part {
            // `&&` binds tighter, so that only an "or" within an "and" needs parentheses.
            Matcher::Any(_) => write!(f, "({part})")?,
            part => write!(f, "{part}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.0.contains('`') { '"' } else { '`' };
        write!(f, "{quote}{}{quote}", self.0)
    }
}

//! Whether a request matches a rule. Pure, and allocates nothing.

use canary_config::rule::Matcher;

/// Whether a request with this host (see [`bare_host`]) and path matches.
#[must_use]
pub fn matches(matcher: &Matcher, host: &str, path: &str) -> bool {
    match matcher {
        Matcher::Host(wanted) => wanted.eq_ignore_ascii_case(host),
        Matcher::Path(wanted) => **wanted == *path,
        Matcher::PathPrefix(prefix) => path.starts_with(&**prefix),
        Matcher::All(all) => all.iter().all(|matcher| matches(matcher, host, path)),
        Matcher::Any(any) => any.iter().any(|matcher| matches(matcher, host, path)),
    }
}

/// The host of a `Host` field or an authority: without its port, and without the dot that ends a full name.
#[must_use]
pub fn bare_host(authority: &str) -> &str {
    let host = match authority.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_bare_without_port_and_final_dot() {
        for (authority, host) in [
            ("example.org", "example.org"),
            ("example.org:8080", "example.org"),
            ("example.org.", "example.org"),
            ("example.org.:443", "example.org"),
            ("[::1]:8080", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(bare_host(authority), host);
        }
    }

    #[test]
    fn conditions_combine_as_they_are_written() {
        let host = || Matcher::Host("a.example".into());
        let api = || Matcher::PathPrefix("/api".into());
        let all = Matcher::All(vec![host(), api()]);
        let any = Matcher::Any(vec![host(), Matcher::Path("/exact".into())]);
        assert!(matches(&all, "A.Example", "/api/users"));
        assert!(!matches(&all, "a.example", "/"));
        assert!(!matches(&all, "b.example", "/api"));
        assert!(matches(&any, "b.example", "/exact"));
        assert!(!matches(&any, "b.example", "/exact/"));
    }
}

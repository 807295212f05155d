//! What is wrong with a service, its rule, its releases and its probe.

use crate::support::{assert_refused, case};

#[test]
fn a_service_has_a_rule_and_releases_with_backends() {
    assert_refused(&[
        case(
            r#"rule = "PathPrefix(`/`)"
"#,
            "",
            r#"canaryd.toml:9:11: services.web: `rule` is missing; write rule = "PathPrefix(`/`)" to take every request"#,
        ),
        case(
            "[services.web]",
            r#"[services."-web"]"#,
            r#"canaryd.toml:9:11: services.-web: `-web` cannot be a name; use 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or a digit
canaryd.toml:9:11: services.-web: there is no release; write [services.-web.releases.v1] with backends = ["127.0.0.1:9001"]
canaryd.toml:13:11: services.web: `rule` is missing; write rule = "PathPrefix(`/`)" to take every request
canaryd.toml:13:11: services.web: `stable` is missing; write one of v1, v2"#,
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]
"#,
            "",
            r#"canaryd.toml:13:24: services.web.releases.v1: `backends` is missing; write backends = ["127.0.0.1:9001"]"#,
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            "backends = []",
            r#"canaryd.toml:14:12: services.web.releases.v1.backends: a release without a backend serves nobody; write one, such as ["127.0.0.1:9001"]"#,
        ),
        case(
            r#"[services.web.releases.v1]
backends = ["127.0.0.1:9001"]
[services.web.releases.v2]
backends = ["127.0.0.1:9002"]
"#,
            "",
            r#"canaryd.toml:9:11: services.web: there is no release; write [services.web.releases.v1] with backends = ["127.0.0.1:9001"]"#,
        ),
        case(
            "[services.web.releases.v2]",
            r#"[services.web.releases."v 2"]"#,
            r#"canaryd.toml:15:24: services.web.releases."v 2": `v 2` cannot be a name; use 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or a digit"#,
        ),
    ]);
}

#[test]
fn stable_is_one_of_the_releases() {
    assert_refused(&[
        case(
            r#"stable = "v1"
"#,
            "",
            "canaryd.toml:9:11: services.web: `stable` is missing; write one of v1, v2",
        ),
        case(
            r#"stable = "v1""#,
            r#"stable = "v3""#,
            "canaryd.toml:11:10: services.web.stable: `v3` is not a release of this service; write one of v1, v2",
        ),
        case(
            r#"stable = "v1""#,
            r#"stable = "V1""#,
            "canaryd.toml:11:10: services.web.stable: `V1` is not a release of this service; did you mean `v1`? write one of v1, v2",
        ),
        case(
            r#"stable = "v1""#,
            r#"stable = """#,
            "canaryd.toml:11:10: services.web.stable: `` is not a release of this service; write one of v1, v2",
        ),
    ]);
}

#[test]
fn a_rule_is_refused_at_the_place_within_it() {
    assert_refused(&[
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "Hots(`a`)""#,
            "canaryd.toml:10:9: services.web.rule: `Hots` is no matcher; did you mean `Host`?",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "Host(`a`) && Path(`x`)""#,
            "canaryd.toml:10:28: services.web.rule: `x` does not begin with a slash; write `/x`",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = '''
Host(`a`) ||
  Methods(`GET`)'''"#,
            "canaryd.toml:12:3: services.web.rule: `Methods` is no matcher; did you mean `Method`?",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "\u0048ost(`a`) || Hots(`b`)""#,
            "canaryd.toml:10:27: services.web.rule: `Hots` is no matcher; did you mean `Host`?",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = 'Host(`a`) || PathRegexp(`^/é`) || PathRegexp(`^/(\d+`)'"#,
            "canaryd.toml:10:36: services.web.rule: `é` is not ASCII, and paths are compared in percent-encoding; write it so, such as %C3%A9",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "PathRegexp(`^/(\\d+`)""#,
            r"canaryd.toml:10:23: services.web.rule: `^/(\d+` is no regular expression: unclosed group; write one of RE2's kind",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "PathPrefix(`/`)"
priority = 0"#,
            "canaryd.toml:11:12: services.web.priority: `0` is out of range; write 1 to 1000000",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "Path"
priority = 1_000_001"#,
            "canaryd.toml:10:13: services.web.rule: the rule ends too early; write Path(`...`)
canaryd.toml:11:12: services.web.priority: `1000001` is out of range; write 1 to 1000000",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "Host(`a`""#,
            "canaryd.toml:10:17: services.web.rule: the rule ends too early; close the parenthesis with `)`",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = """#,
            "canaryd.toml:10:9: services.web.rule: the rule is empty; write PathPrefix(`/`) to take every request",
        ),
        case(
            r#"rule = "PathPrefix(`/`)""#,
            r#"rule = "é""#,
            "canaryd.toml:10:9: services.web.rule: `é` cannot begin anything; write a matcher, such as PathPrefix(`/`)",
        ),
    ]);
}

#[test]
fn two_services_cannot_have_one_rule() {
    assert_refused(&[case(
        "[services.web.rollout]",
        r#"[services.api]
rule = "pathprefix( `/` )"
priority = 99
releases.v1.backends = ["127.0.0.1:9003"]
[services.web.rollout]"#,
        "canaryd.toml:18:8: services.api.rule: `pathprefix( `/` )` is already the rule of services.web.rule (10:8); change one of them",
    )]);
}

#[test]
fn a_probe_can_be_sent_and_ends() {
    assert_refused(&[
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { path = "healthz" }"#,
            r#"canaryd.toml:12:18: services.web.probe.path: `healthz` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { path = "/a b" }"#,
            r#"canaryd.toml:12:18: services.web.probe.path: `/a b` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { path = "/a\r\nHost: b" }"#,
            r#"canaryd.toml:12:18: services.web.probe.path: `/a\r\nHost: b` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { path = "/é" }"#,
            r#"canaryd.toml:12:18: services.web.probe.path: `/é` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { interval = "0s", timeout = "6m", rise = 0, fall = 101 }"#,
            r#"canaryd.toml:12:22: services.web.probe.interval: `0s` is too short; write at least "1ms"
canaryd.toml:12:38: services.web.probe.timeout: `6m` is too long; write at most "5m"
canaryd.toml:12:51: services.web.probe.rise: `0` is out of range; write 1 to 100
canaryd.toml:12:61: services.web.probe.fall: `101` is out of range; write 1 to 100"#,
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"timeouts = { connect = "0s", read = 1, keep_alive = "1y" }"#,
            r#"canaryd.toml:12:24: services.web.timeouts.connect: `0s` is too short; write at least "1ms"
canaryd.toml:12:37: services.web.timeouts.read: `1` has no unit; write a unit, such as "10s"
canaryd.toml:12:53: services.web.timeouts.keep_alive: `1y` is too long; write at most "30days""#,
        ),
    ]);
}

#[test]
fn parking_has_limits() {
    assert_refused(&[
        case(
            r#"stable = "v1""#,
            r#"stable = "v1"
parking = { timeout = "0s", requests = -1 }"#,
            r#"canaryd.toml:12:23: services.web.parking.timeout: `0s` is too short; write at least "1ms"
canaryd.toml:12:40: services.web.parking.requests: `-1` is out of range; write 0 to 1000000"#,
        ),
        case(
            r#"stable = "v1""#,
            r#"stable = "v1"
parking = { timeout = "61m", request = 1 }"#,
            r#"canaryd.toml:12:30: services.web.parking.request: there is no such key; did you mean `requests`? the keys here are timeout, requests"#,
        ),
        case(
            r#"stable = "v1""#,
            r#"stable = "v1"
parking = { timeout = "61m" }"#,
            r#"canaryd.toml:12:23: services.web.parking.timeout: `61m` is too long; write at most "1h""#,
        ),
    ]);
}

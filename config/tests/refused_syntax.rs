//! What is no TOML, and keys and types that are not ours.

use crate::support::{assert_refused, case};

#[test]
fn an_unknown_key_is_named_with_those_there_are() {
    assert_refused(&[
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"adress = "127.0.0.1:8080""#,
            "canaryd.toml:2:1: listen.web.adress: there is no such key; did you mean `address`? the keys here are address, trusted_proxies, health_path",
        ),
        case(
            "[metrics]",
            "[metric]",
            "canaryd.toml:5:2: metric: there is no such key; did you mean `metrics`? the keys here are listen, admin, metrics, store, access_log, proxy, limits, docker, services, freeze",
        ),
        case(
            "[store]",
            r#"[tls]
[store]"#,
            "canaryd.toml:7:2: tls: there is no such key; the keys here are listen, admin, metrics, store, access_log, proxy, limits, docker, services, freeze",
        ),
        case(
            "[store]",
            r#"[limits]
conections = 1
[store]"#,
            "canaryd.toml:8:1: limits.conections: there is no such key; did you mean `connections`? the keys here are connections, connections_per_ip, head_timeout, keep_alive, body_idle, head_bytes, head_fields, target_bytes",
        ),
        case(
            "[services.web.rollout]",
            "[services.web.rolout]",
            "canaryd.toml:17:15: services.web.rolout: there is no such key; did you mean `rollout`? the keys here are rule, priority, stable, probe, timeouts, releases, docker, rollout, rescue, parking, hooks, smoke, preview, critical",
        ),
        case(
            r#"probe = { path = "/healthz", interval = "1s" }"#,
            r#"probe = { path = "/", intervall = "1s" }"#,
            "canaryd.toml:12:23: services.web.probe.intervall: there is no such key; did you mean `interval`? the keys here are path, interval, timeout, rise, fall",
        ),
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#""so`cket\n" = 1"#,
            r#"canaryd.toml:4:1: admin."so`cket\n": there is no such key; did you mean `socket`? the keys here are socket, socket_group, socket_mode, address, bearer_token_file, hosts"#,
        ),
    ]);
}

#[test]
fn a_value_of_another_type_is_refused_with_the_right_one() {
    assert_refused(&[
        case(
            r#"address = "127.0.0.1:8080""#,
            "address = 8080",
            "canaryd.toml:2:11: listen.web.address: integer `8080` stands here; write text in double quotes",
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            r#"backends = "127.0.0.1:9001""#,
            r#"canaryd.toml:14:12: services.web.releases.v1.backends: string "127.0.0.1:9001" stands here; write an array in [ ]"#,
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            "backends = [9001]",
            "canaryd.toml:14:13: services.web.releases.v1.backends[0]: integer `9001` stands here; write text in double quotes",
        ),
        case(
            r#"[admin]
socket = "/run/canaryd/canaryd.sock""#,
            "admin = true",
            "canaryd.toml:3:1: listen.web.admin: there is no such key; the keys here are address, trusted_proxies, health_path",
        ),
        case(
            r#"[listen.web]
address = "127.0.0.1:8080""#,
            r#"listen.web = "127.0.0.1:80""#,
            r#"canaryd.toml:1:14: listen.web: string "127.0.0.1:80" stands here; write a table"#,
        ),
        case(
            r#"[listen.web]
address = "127.0.0.1:8080""#,
            "listen = []",
            "canaryd.toml:1:10: listen: an array stands here; write a table",
        ),
        case(
            "[store]",
            r#"[proxy]
workers = "two"
[store]"#,
            r#"canaryd.toml:8:11: proxy.workers: string "two" stands here; write a whole number"#,
        ),
        case(
            "[store]",
            r#"[proxy]
workers = 1.5
[store]"#,
            "canaryd.toml:8:11: proxy.workers: floating point `1.5` stands here; write a whole number",
        ),
        case(
            "[store]",
            r#"[proxy]
drain_timeout = true
[store]"#,
            r#"canaryd.toml:8:17: proxy.drain_timeout: boolean `true` stands here; write a duration, such as "10s""#,
        ),
        case(
            "[store]",
            r#"[proxy]
workers = 99999999999999999999
[store]"#,
            "canaryd.toml:8:11: proxy.workers: `99999999999999999999` is out of range; write 1 to 256",
        ),
        case(
            "steps = [10, 25, 100] ",
            "steps = 10 ",
            "canaryd.toml:19:9: services.web.rollout.steps: integer `10` stands here; write an array in [ ]",
        ),
        case(
            r#"probation = "10m""#,
            "probation = 1979-05-27",
            r#"canaryd.toml:23:13: services.web.rollout.probation: a table or a date stands here; write a duration, such as "10s""#,
        ),
    ]);
}

#[test]
fn a_key_stands_once() {
    assert_refused(&[
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1:8080"
address = "127.0.0.1:8081""#,
            "canaryd.toml:3:1: listen.web.address: `address` is here a second time (2:1 is the first); keep one of them",
        ),
        case(
            "[metrics]",
            "[admin]",
            "canaryd.toml:5:2: admin: `admin` is here a second time (3:2 is the first); keep one of them",
        ),
        case(
            "[services.web.releases.v2]",
            "[services.web.releases.v1]",
            "canaryd.toml:15:24: services.web.releases.v1: `v1` is here a second time (13:24 is the first); keep one of them",
        ),
    ]);
}

#[test]
fn what_is_not_toml_is_refused_at_its_place() {
    assert_refused(&[
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1:8080"#,
            r#"canaryd.toml:2:26: invalid basic string, expected `"`"#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            "address =",
            "canaryd.toml:2:10: string values must be quoted, expected literal string",
        ),
        case("[admin]", "[admin", "canaryd.toml:3:7: unclosed table, expected `]`"),
        case(
            r#"address = "127.0.0.1:8080""#,
            "é = 1",
            "canaryd.toml:2:1: invalid unquoted key, expected letters, numbers, `-`, `_`",
        ),
        case(r#"address = "127.0.0.1:8080""#, r#"address "x""#, "canaryd.toml:2:9: key with no value, expected `=`"),
        case(
            "steps = [10, 25, 100] ",
            "steps = [10, 25, 100 ",
            "canaryd.toml:20:1: missing comma between array elements, expected `,`",
        ),
        case(
            r#"alpha = 0.05
"#,
            r#"alpha = 0.05.5
"#,
            "canaryd.toml:24:13: invalid float",
        ),
        case(
            r#"alpha = 0.05
"#,
            r#"alpha = 0.05 ""#,
            "canaryd.toml:24:14: unexpected key or value, expected newline, `#`",
        ),
    ]);
}

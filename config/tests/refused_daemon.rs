//! What is wrong with the tables that concern the daemon alone.

use crate::support::{assert_refused, case, refused, with};

#[test]
fn nothing_to_listen_on_and_nothing_to_serve_is_refused() {
    assert_refused(&[
        case(
            r#"[listen.web]
address = "127.0.0.1:8080"
"#,
            "",
            r#"canaryd.toml:1:1: listen: nobody is listened to; write [listen.web] with address = "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            "",
            r#"canaryd.toml:1:9: listen.web: `address` is missing; write address = "0.0.0.0:8080""#,
        ),
        case(
            "[listen.web]",
            "[listen.we.b]",
            "canaryd.toml:1:12: listen.we.b: there is no such key; the keys here are address, trusted_proxies, health_path",
        ),
        case(
            "[listen.web]",
            r#"[listen."we b"]"#,
            r#"canaryd.toml:1:9: listen."we b": `we b` cannot be a name; use 1 to 63 letters, digits, `.`, `_` or `-`, beginning with a letter or a digit"#,
        ),
    ]);
}

#[test]
fn the_control_socket_can_be_made() {
    assert_refused(&[
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#"socket = """#,
            r#"canaryd.toml:4:10: admin.socket: `` is no path; write one, such as "/run/canaryd/canaryd.sock""#,
        ),
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#"socket = "/run/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx""#,
            "canaryd.toml:4:10: admin.socket: the path has 125 bytes; write one of at most 107",
        ),
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#"socket_mode = "660"
socket_group = "a b""#,
            r#"canaryd.toml:5:16: admin.socket_group: `a b` is not a group; write the name of one, such as "docker""#,
        ),
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#"socket_mode = "0999""#,
            r#"canaryd.toml:4:15: admin.socket_mode: `0999` is not a mode; write octal digits, such as "0660""#,
        ),
        case(
            r#"socket = "/run/canaryd/canaryd.sock""#,
            r#"socket_mode = "1777""#,
            r#"canaryd.toml:4:15: admin.socket_mode: `1777` is not a mode; write octal digits, such as "0660""#,
        ),
    ]);
}

#[test]
fn the_access_log_goes_where_one_can_look() {
    assert_refused(&[
        case(
            "[store]",
            r#"[access_log]
output = "stderr"
[store]"#,
            r#"canaryd.toml:8:10: access_log.output: `stderr` is not an output; write "stdout", "off" or a path that begins with a slash"#,
        ),
        case(
            "[store]",
            r#"[access_log]
output = "log/access"
[store]"#,
            r#"canaryd.toml:8:10: access_log.output: `log/access` is not an output; write "stdout", "off" or a path that begins with a slash"#,
        ),
    ]);
}

#[test]
fn a_count_has_bounds() {
    assert_refused(&[
        case(
            "[store]",
            r#"[proxy]
workers = 0
[store]"#,
            "canaryd.toml:8:11: proxy.workers: `0` is out of range; write 1 to 256",
        ),
        case(
            "[store]",
            r#"[proxy]
workers = 257
[store]"#,
            "canaryd.toml:8:11: proxy.workers: `257` is out of range; write 1 to 256",
        ),
        case(
            "[store]",
            r#"[proxy]
workers = -1
drain_timeout = "31days"
[store]"#,
            r#"canaryd.toml:8:11: proxy.workers: `-1` is out of range; write 1 to 256
canaryd.toml:9:17: proxy.drain_timeout: `31days` is too long; write at most "30days""#,
        ),
        case(
            "[store]",
            r#"[limits]
connections = 0
connections_per_ip = 9223372036854775807
[store]"#,
            r#"canaryd.toml:8:15: limits.connections: `0` is out of range; write 1 to 1000000
canaryd.toml:9:22: limits.connections_per_ip: `9223372036854775807` is out of range; write 1 to 1000000"#,
        ),
        case(
            "[store]",
            r#"[limits]
head_bytes = 1048577
head_fields = 257
[store]"#,
            r#"canaryd.toml:8:14: limits.head_bytes: `1048577` is out of range; write 1024 to 1048576
canaryd.toml:9:15: limits.head_fields: `257` is out of range; write 8 to 256"#,
        ),
        case(
            "[store]",
            r#"[limits]
head_bytes = 4096
target_bytes = 4097
[store]"#,
            "canaryd.toml:9:16: limits.target_bytes: `4097` is out of range; write 64 to 4096",
        ),
    ]);
}

#[test]
fn a_duration_has_a_unit_and_bounds() {
    assert_refused(&[
        case(
            "[store]",
            r#"[limits]
head_timeout = 10
[store]"#,
            r#"canaryd.toml:8:16: limits.head_timeout: `10` has no unit; write a unit, such as "10s""#,
        ),
        case(
            "[store]",
            r#"[limits]
head_timeout = 2.5
[store]"#,
            r#"canaryd.toml:8:16: limits.head_timeout: `2.5` has no unit; write a unit, such as "10s""#,
        ),
        case(
            "[store]",
            r#"[limits]
head_timeout = "10"
[store]"#,
            r#"canaryd.toml:8:16: limits.head_timeout: `10` has no unit; write a unit, such as "10s""#,
        ),
        case(
            "[store]",
            r#"[limits]
head_timeout = "0s"
[store]"#,
            r#"canaryd.toml:8:16: limits.head_timeout: `0s` is too short; write at least "1ms""#,
        ),
        case(
            "[store]",
            r#"[limits]
keep_alive = "soon"
[store]"#,
            r#"canaryd.toml:8:14: limits.keep_alive: `soon` is not a duration; write one such as "250ms" or "1m30s""#,
        ),
        case(
            "[store]",
            r#"[limits]
body_idle = "31days"
[store]"#,
            r#"canaryd.toml:8:13: limits.body_idle: `31days` is too long; write at most "30days""#,
        ),
        case(
            "[store]",
            r#"[limits]
body_idle = "99999999999999999999999s"
[store]"#,
            r#"canaryd.toml:8:13: limits.body_idle: `99999999999999999999999s` is too long; write at most "30days""#,
        ),
        case(
            "[store]",
            r#"[limits]
body_idle = "-5s"
[store]"#,
            r#"canaryd.toml:8:13: limits.body_idle: `-5s` is not a duration; write one such as "250ms" or "1m30s""#,
        ),
        case(
            "[store]",
            r#"[limits]
body_idle = ""
[store]"#,
            r#"canaryd.toml:8:13: limits.body_idle: `` is not a duration; write one such as "250ms" or "1m30s""#,
        ),
    ]);
}

#[test]
fn a_store_has_a_path() {
    assert_refused(&[case(
        r#"path = "/var/lib/canaryd/canaryd.db""#,
        r#"path = """#,
        r#"canaryd.toml:8:8: store.path: `` is no path; write one, such as "/var/lib/canaryd/canaryd.db""#,
    )]);
}

#[test]
fn the_metrics_page_collides_by_its_default_too() {
    let text = with("[metrics]\naddress = \"127.0.0.1:9901\"\n", "").replace(":8080", ":9901");
    let says = "canaryd.toml:1:1: metrics.address: `127.0.0.1:9901` is taken by listen.web.address (2:11); \
                give each its own address";
    assert_eq!(refused(&text), says);
}

#[test]
fn everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
    let text = with("127.0.0.1:8080", "localhost")
        .replace("Prefix(`/`)", "Prefix(`/`) &&")
        .replace("interval = \"1s\"", "interval = 1")
        .replace("[10, 25, 100]", "[25, 10]");
    let says = [
        "canaryd.toml:2:11: listen.web.address: `localhost` is not an address; \
         write an IP address and a port, such as \"0.0.0.0:8080\"",
        "canaryd.toml:10:27: services.web.rule: the rule ends too early; write a matcher, such as PathPrefix(`/`)",
        "canaryd.toml:12:41: services.web.probe.interval: `1` has no unit; write a unit, such as \"10s\"",
        "canaryd.toml:19:14: services.web.rollout.steps[1]: 10% does not exceed the step before it (25%); \
         weights must rise",
        "canaryd.toml:19:14: services.web.rollout.steps[1]: the last step must be 100, not 10%; write 100 after it",
    ];
    assert_eq!(refused(&text), says.join("\n"));
}

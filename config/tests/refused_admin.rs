//! What is wrong with the control interface over TCP, and with the health of the services.

use crate::support::{assert_refused, case};

#[test]
fn orders_over_tcp_need_an_address_and_a_token() {
    assert_refused(&[
        case(
            "[admin]",
            r#"[admin]
address = "127.0.0.1:9902""#,
            r#"canaryd.toml:4:11: admin.address: orders over TCP need a token; write bearer_token_file = "token", and the token into that file, or remove this"#,
        ),
        case(
            "[admin]",
            r#"[admin]
bearer_token_file = "token""#,
            r#"canaryd.toml:4:21: admin.bearer_token_file: nobody is listened to over TCP; write address = "127.0.0.1:9902", or remove this"#,
        ),
        case(
            "[admin]",
            r#"[admin]
hosts = ["edge.example.com"]"#,
            r#"canaryd.toml:4:9: admin.hosts: nobody is listened to over TCP; write address = "127.0.0.1:9902", or remove this"#,
        ),
        case(
            "[admin]",
            r#"[admin]
address = "127.0.0.1:9902"
bearer_token_file = "no-such-file""#,
            "canaryd.toml:5:21: admin.bearer_token_file: the file `no-such-file` cannot be read: it does not exist; create it or give the path of another",
        ),
        case(
            "[admin]",
            r#"[admin]
address = "localhost"
bearer_token_file = "no-such-file""#,
            r#"canaryd.toml:4:11: admin.address: `localhost` is not an address; write an IP address and a port, such as "127.0.0.1:9902"
canaryd.toml:5:21: admin.bearer_token_file: the file `no-such-file` cannot be read: it does not exist; create it or give the path of another"#,
        ),
    ]);
}

#[test]
fn the_control_interface_has_an_address_of_its_own() {
    assert_refused(&[
        case(
            "[admin]",
            r#"[admin]
address = "127.0.0.1:8080""#,
            r#"canaryd.toml:4:11: admin.address: `127.0.0.1:8080` is taken by listen.web.address (2:11); give each its own address
canaryd.toml:4:11: admin.address: orders over TCP need a token; write bearer_token_file = "token", and the token into that file, or remove this"#,
        ),
        case(
            "[admin]",
            r#"[admin]
address = "0.0.0.0:9901""#,
            r#"canaryd.toml:4:11: admin.address: `0.0.0.0:9901` is taken by metrics.address (7:11); give each its own address
canaryd.toml:4:11: admin.address: orders over TCP need a token; write bearer_token_file = "token", and the token into that file, or remove this"#,
        ),
    ]);
}

#[test]
fn a_host_is_a_name_without_a_port() {
    assert_refused(&[
        case(
            "[admin]",
            r#"[admin]
address = "127.0.0.1:9902"
hosts = ["Edge.example.com", "10.0.0.1", "[::1]", "edge:9902", "", "a..b", "::1", "*.example.com", "é"]"#,
            r#"canaryd.toml:4:11: admin.address: orders over TCP need a token; write bearer_token_file = "token", and the token into that file, or remove this
canaryd.toml:5:51: admin.hosts[3]: `edge:9902` is not a host; write a name or an IP address without port, such as "edge.example.com"
canaryd.toml:5:64: admin.hosts[4]: `` is not a host; write a name or an IP address without port, such as "edge.example.com"
canaryd.toml:5:68: admin.hosts[5]: `a..b` is not a host; write a name or an IP address without port, such as "edge.example.com"
canaryd.toml:5:76: admin.hosts[6]: `::1` is not a host; write a name or an IP address without port, such as "edge.example.com"
canaryd.toml:5:83: admin.hosts[7]: `*.example.com` is not a host; write a name or an IP address without port, such as "edge.example.com"
canaryd.toml:5:100: admin.hosts[8]: `é` is not a host; write a name or an IP address without port, such as "edge.example.com""#,
        ),
        case(
            "[admin]",
            r#"[admin]
address = "127.0.0.1:9902"
hosts = "edge""#,
            r#"canaryd.toml:5:9: admin.hosts: string "edge" stands here; write an array in [ ]"#,
        ),
    ]);
}

#[test]
fn a_health_path_is_a_path_alone() {
    assert_refused(&[
        case(
            "[listen.web]",
            r#"[listen.web]
health_path = "healthz""#,
            r#"canaryd.toml:2:15: listen.web.health_path: `healthz` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            "[listen.web]",
            r#"[listen.web]
health_path = "/healthz?full=1""#,
            "canaryd.toml:2:15: listen.web.health_path: `/healthz?full=1` has a query, and only the path is compared; write the path alone",
        ),
        case(
            "[listen.web]",
            r#"[listen.web]
health_path = "/a b""#,
            r#"canaryd.toml:2:15: listen.web.health_path: `/a b` is not a path; write a slash and visible ASCII, such as "/healthz""#,
        ),
        case(
            "[listen.web]",
            r#"[listen.web]
health_path = true"#,
            "canaryd.toml:2:15: listen.web.health_path: boolean `true` stands here; write text in double quotes",
        ),
    ]);
}

#[test]
fn critical_is_yes_or_no() {
    assert_refused(&[
        case(
            "[services.web]",
            r#"[services.web]
critical = "yes""#,
            r#"canaryd.toml:10:12: services.web.critical: string "yes" stands here; write true or false"#,
        ),
        case(
            "[services.web]",
            r#"[services.web]
critical = 1"#,
            "canaryd.toml:10:12: services.web.critical: integer `1` stands here; write true or false",
        ),
    ]);
}

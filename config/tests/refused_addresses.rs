//! Addresses that cannot be bound or reached, and those that are in two places.

use crate::support::{assert_refused, case};

#[test]
fn an_address_is_an_ip_address_and_a_port() {
    assert_refused(&[
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "localhost:8080""#,
            r#"canaryd.toml:2:11: listen.web.address: `localhost:8080` has a host name in place of an IP address; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1""#,
            r#"canaryd.toml:2:11: listen.web.address: `127.0.0.1` has no port; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "[::1]""#,
            r#"canaryd.toml:2:11: listen.web.address: `[::1]` has no port; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "::1""#,
            r#"canaryd.toml:2:11: listen.web.address: `::1` has no port; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = ":8080""#,
            r#"canaryd.toml:2:11: listen.web.address: `:8080` has no IP address; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "8080""#,
            r#"canaryd.toml:2:11: listen.web.address: `8080` is not an address; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "http://127.0.0.1:8080""#,
            r#"canaryd.toml:2:11: listen.web.address: `http://127.0.0.1:8080` is a URL; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1:70000""#,
            r#"canaryd.toml:2:11: listen.web.address: `127.0.0.1:70000` has a port outside 0 to 65535; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1:""#,
            r#"canaryd.toml:2:11: listen.web.address: `127.0.0.1:` has no port; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "fe80::zz:80""#,
            r#"canaryd.toml:2:11: listen.web.address: `fe80::zz:80` has a host name in place of an IP address; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = """#,
            r#"canaryd.toml:2:11: listen.web.address: `` is not an address; write an IP address and a port, such as "0.0.0.0:8080""#,
        ),
        case(
            r#"address = "127.0.0.1:9901""#,
            r#"address = "localhost:9901""#,
            r#"canaryd.toml:6:11: metrics.address: `localhost:9901` has a host name in place of an IP address; write an IP address and a port, such as "127.0.0.1:9901""#,
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            r#"backends = ["app:9001"]"#,
            r#"canaryd.toml:14:13: services.web.releases.v1.backends[0]: `app:9001` has a host name in place of an IP address; write an IP address and a port, such as "127.0.0.1:9001""#,
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            r#"backends = ["127.0.0.1:9003", "127.0.0.1:0"]"#,
            "canaryd.toml:14:31: services.web.releases.v1.backends[1]: `127.0.0.1:0` has port 0, which nobody answers on; write the port that the backend has",
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            r#"backends = ["0.0.0.0:9001"]"#,
            r#"canaryd.toml:14:13: services.web.releases.v1.backends[0]: `0.0.0.0:9001` means every address of a host; write the one of the backend, such as "127.0.0.1:9001""#,
        ),
    ]);
}

#[test]
fn an_address_belongs_to_one_place_only() {
    assert_refused(&[
        case(
            "[admin]",
            r#"[listen.other]
address = "127.0.0.1:8080"
[admin]"#,
            "canaryd.toml:4:11: listen.other.address: `127.0.0.1:8080` is taken by listen.web.address (2:11); give each its own address",
        ),
        case(
            "[admin]",
            r#"[listen.other]
address = "0.0.0.0:8080"
[admin]"#,
            "canaryd.toml:4:11: listen.other.address: `0.0.0.0:8080` is taken by listen.web.address (2:11); give each its own address",
        ),
        case(
            r#"address = "127.0.0.1:9901""#,
            r#"address = "127.0.0.1:8080""#,
            "canaryd.toml:6:11: metrics.address: `127.0.0.1:8080` is taken by listen.web.address (2:11); give each its own address",
        ),
        case(
            r#"address = "127.0.0.1:8080""#,
            r#"address = "127.0.0.1:9901""#,
            "canaryd.toml:6:11: metrics.address: `127.0.0.1:9901` is taken by listen.web.address (2:11); give each its own address",
        ),
        case(
            r#"backends = ["127.0.0.1:9001"]"#,
            r#"backends = ["127.0.0.1:9001", "127.0.0.1:9001"]"#,
            "canaryd.toml:14:31: services.web.releases.v1.backends[1]: `127.0.0.1:9001` is already in services.web.releases.v1.backends[0] (14:13); remove one of them",
        ),
        case(
            r#"backends = ["127.0.0.1:9002"]"#,
            r#"backends = ["127.0.0.1:9001"]"#,
            "canaryd.toml:16:13: services.web.releases.v2.backends[0]: `127.0.0.1:9001` is already in services.web.releases.v1.backends[0] (14:13); remove one of them",
        ),
        case(
            r#"backends = ["127.0.0.1:9002"]"#,
            r#"backends = ["127.0.0.1:8080"]"#,
            "canaryd.toml:16:13: services.web.releases.v2.backends[0]: `127.0.0.1:8080` would send requests back to listen.web.address (2:11); write the backend's own address",
        ),
    ]);
}

#[test]
fn trusted_proxies_are_networks() {
    assert_refused(&[case(
        r#"address = "127.0.0.1:8080""#,
        r#"address = "127.0.0.1:8080"
trusted_proxies = ["10.0.0.0/8", "proxy", "10.1.2.3/8"]"#,
        r#"canaryd.toml:3:34: listen.web.trusted_proxies[1]: `proxy` is not a network; write one such as "10.0.0.0/8", or an IP address
canaryd.toml:3:43: listen.web.trusted_proxies[2]: `10.1.2.3/8` has bits behind its prefix; write "10.0.0.0/8""#,
    )]);
}

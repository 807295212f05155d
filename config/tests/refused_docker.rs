//! What is wrong with `[docker]`: which Engine, and what is done there.

use crate::support::{assert_refused, case, refused, with};

#[test]
fn a_mode_is_one_of_two() {
    assert_refused(&[
        case(
            "[store]",
            r#"[docker]
mode = "discovery"
[store]"#,
            r#"canaryd.toml:8:8: docker.mode: `discovery` is not a choice; did you mean "discover"? write "discover" or "provision""#,
        ),
        case(
            "[store]",
            r#"[docker]
mode = "swarm"
keep_releases = 101
[store]"#,
            r#"canaryd.toml:8:8: docker.mode: `swarm` is not a choice; write "discover" or "provision"
canaryd.toml:9:17: docker.keep_releases: `101` is out of range; write 0 to 100"#,
        ),
    ]);
}

#[test]
fn an_engine_is_at_a_socket_or_at_a_port() {
    for (host, says) in [
        (
            "npipe:////./pipe/docker",
            r#"`npipe:////./pipe/docker` is not an Engine; write "unix:///var/run/docker.sock" or "tcp://127.0.0.1:2375""#,
        ),
        (
            "/var/run/docker.sock",
            r#"`/var/run/docker.sock` is not an Engine; write "unix:///var/run/docker.sock" or "tcp://127.0.0.1:2375""#,
        ),
        (
            "unix://docker.sock",
            r#"`unix://docker.sock` is no socket; write its whole path, such as "unix:///var/run/docker.sock""#,
        ),
        ("tcp://docker", r#"`tcp://docker` names no host and port; write both, such as "tcp://127.0.0.1:2375""#),
        ("tcp://docker:0", r#"`tcp://docker:0` names no host and port; write both, such as "tcp://127.0.0.1:2375""#),
        ("tcp://:2375", r#"`tcp://:2375` names no host and port; write both, such as "tcp://127.0.0.1:2375""#),
        (
            "tcp://user@docker:2375",
            r#"`tcp://user@docker:2375` names no host and port; write both, such as "tcp://127.0.0.1:2375""#,
        ),
        (
            "https://docker.example.com:2376/",
            r#"`https://docker.example.com:2376/` is written otherwise here; write "tcp://docker.example.com:2376""#,
        ),
        (
            "ssh://deploy@docker",
            r#"`ssh://deploy@docker` cannot be spoken to; forward its socket and write "unix:///var/run/docker.sock" or "tcp://127.0.0.1:2375""#,
        ),
    ] {
        let said = refused(&with("[store]", &format!("[docker]\nhost = \"{host}\"\n[store]")));
        assert_eq!(said, format!("canaryd.toml:8:8: docker.host: {says}"), "{host}");
    }
    let long = format!("unix:///{}", "x".repeat(107));
    let said = refused(&with("[store]", &format!("[docker]\nhost = \"{long}\"\n[store]")));
    assert_eq!(said, "canaryd.toml:8:8: docker.host: the path has 108 bytes; write one of at most 107");
}

#[test]
fn tls_is_whole_and_for_tcp() {
    assert_refused(&[
        case(
            "[store]",
            r#"[docker]
tls = { ca = "Cargo.toml", cert = "Cargo.toml", key = "Cargo.toml" }
[store]"#,
            r#"canaryd.toml:8:7: docker.tls: a socket of this machine has no TLS; write host = "tcp://HOST:PORT", or remove this"#,
        ),
        case(
            "[store]",
            r#"[docker]
host = "tcp://docker:2376"
tls = { cert = "Cargo.toml" }
[store]"#,
            r#"canaryd.toml:9:7: docker.tls: TLS needs all of ca, cert and key; write ca = "ca.pem" and key = "key.pem" too"#,
        ),
        case(
            "[store]",
            r#"[docker]
host = "tcp:/docker:2376"
tls = { ca = "no-such-file", cert = "src", key = "" }
[store]"#,
            r#"canaryd.toml:8:8: docker.host: `tcp:/docker:2376` is not an Engine; write "unix:///var/run/docker.sock" or "tcp://127.0.0.1:2375"
canaryd.toml:9:14: docker.tls.ca: the file `no-such-file` cannot be read: it does not exist; create it or give the path of another
canaryd.toml:9:37: docker.tls.cert: the file `src` cannot be read: it is a folder; give the path of a file in it
canaryd.toml:9:50: docker.tls.key: `` is no path; write one, such as "key.pem""#,
        ),
        case(
            "[store]",
            r#"[docker]
registry_auth_file = "no-such-file"
[store]"#,
            "canaryd.toml:8:22: docker.registry_auth_file: the file `no-such-file` cannot be read: it does not exist; create it or give the path of another",
        ),
    ]);
}

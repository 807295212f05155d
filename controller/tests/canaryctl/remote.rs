//! canaryd at an address, with a token.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::canaryctl::fake::{Answer, Ended, Fake, canaryctl};
use crate::canaryctl::fixture::overview;

const TOKEN: &str = "b9f3e6c0";

/// A file with a token that these may read.
fn token_file(text: &str, mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    (folder, path)
}

fn fake() -> Fake {
    Fake::remote([Answer::ok(&overview())])
}

#[test]
fn the_token_goes_with_every_request_to_an_address() {
    let (_folder, path) = token_file(&format!("{TOKEN}\n"), 0o600);
    let fake = fake();
    let url = format!("http://{}", fake.address());
    let path = path.to_str().unwrap();
    let flags = canaryctl(&["--url", &url, "--token-file", path, "status"]).output().unwrap();
    let environment = canaryctl(&["status"]).env("CANARYD_URL", &url).env("CANARYD_TOKEN_FILE", path).output().unwrap();
    for ended in [flags, environment].map(Ended::from) {
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    }
    for request in fake.asked() {
        assert_eq!(request.authorization, Some(format!("Bearer {TOKEN}")));
        assert_eq!(request.host, Some(fake.address().to_string()));
    }
}

#[test]
fn a_socket_gets_no_token() {
    let (_folder, path) = token_file(TOKEN, 0o600);
    let fake = Fake::saying([Answer::ok(&overview())]);
    let ended: Ended = fake.command(&["status"]).env("CANARYD_TOKEN_FILE", path).output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let request = fake.next_asked();
    assert_eq!((request.authorization, request.host.as_deref()), (None, Some("canaryd")));
}

#[test]
fn a_token_that_everybody_can_read_is_warned_of() {
    let (_folder, path) = token_file(TOKEN, 0o644);
    let fake = fake();
    let ended: Ended = fake.command(&["status"]).env("CANARYD_TOKEN_FILE", &path).output().unwrap().into();
    let warning = format!("warning: everybody on this host can read the token file {}", path.display());
    assert!(ended.stderr.starts_with(&warning), "{}", ended.stderr);
    assert_eq!((ended.code, fake.asked().len()), (0, 1));
}

#[test]
fn a_bad_token_file_is_a_wrong_command_line_and_never_shown() {
    for text in ["", "\n", "two secrets", "secret\n\n", "s\u{e9}cret", &"s".repeat(4_097)] {
        let (_folder, path) = token_file(text, 0o600);
        let fake = fake();
        let ended: Ended = fake.command(&["status"]).env("CANARYD_TOKEN_FILE", &path).output().unwrap().into();
        assert_eq!((ended.code, fake.asked().len()), (2, 0), "{}", ended.stderr);
        assert!(ended.stderr.starts_with("error: the token file "), "{}", ended.stderr);
        assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
    }
    let ended: Ended = fake().command(&["status", "--token-file", "/nowhere"]).output().unwrap().into();
    assert!(ended.stderr.contains("cannot be read: No such file"), "{}", ended.stderr);
    assert_eq!(ended.code, 2);
}

#[test]
fn a_wrong_token_ends_with_3() {
    let denied = Answer::problem("401 Unauthorized", "unauthorized", "a bearer token is needed");
    let ended = Fake::remote([denied]).run(&["status"]);
    let stderr = "\
error: a bearer token is needed
hint: name the file with its token by --token-file
";
    assert_eq!((ended.code, ended.stderr.as_str()), (3, stderr));
}

#[test]
fn nobody_at_the_address_ends_with_3() {
    // Nobody listens on a port that was bound and closed again, and the system hands it out last.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let ended: Ended = canaryctl(&["status", "--url", &url]).output().unwrap().into();
    let error = format!("error: canaryd is unreachable at {url}: Connection refused");
    assert!(ended.stderr.starts_with(&error), "{}", ended.stderr);
    assert_eq!(ended.code, 3);
}

#[test]
fn https_is_refused_and_not_sent_in_the_clear() {
    let ended: Ended = canaryctl(&["status", "--url", "https://127.0.0.1:1"]).output().unwrap().into();
    assert!(ended.stderr.starts_with("error: the URL https://127.0.0.1:1: https is not available yet\nhint: "));
    assert_eq!(ended.code, 2);
    let ended: Ended = canaryctl(&["status", "--url", "http://a:1", "--socket", "/b"]).output().unwrap().into();
    assert_eq!(ended.code, 2);
}

//! The file itself, and the files that it names.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use canary_config::daemon::{Config, RemoteAdmin};
use canary_config::file::Reading;
use tempfile::TempDir;

use crate::support::{GOOD, with};

/// A folder with a `canaryd.toml`, and what loading that says, with the folder's own path taken out.
struct Folder(TempDir);

impl Folder {
    fn with_config(content: impl AsRef<[u8]>) -> Self {
        let folder = Self(TempDir::new().unwrap());
        fs::write(folder.config(), content).unwrap();
        folder
    }

    /// The good file, with a token file of this content beside it.
    fn with_token(token: impl AsRef<[u8]>) -> Self {
        let folder = Self::with_config(with("[store]", "bearer_token_file = \"token\"\n[store]"));
        fs::write(folder.0.path().join("token"), token).unwrap();
        folder
    }

    /// The good file with this in `[admin]`, and a token file beside it that only its owner may read.
    fn with_admin(keys: &str) -> Self {
        let folder = Self::with_config(with("[metrics]", &format!("{keys}[metrics]")));
        folder.write_token("s3cret-of-the-edge\n", 0o600);
        folder
    }

    fn write_token(&self, token: &str, mode: u32) {
        let path = self.0.path().join("token");
        fs::write(&path, token).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    fn warned(&self) -> String {
        let reading = Reading::of_file(&self.config());
        assert!(reading.result.is_ok(), "{reading:?}");
        reading.warnings.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("canaryd.toml")
    }

    fn load(&self) -> Result<Config, String> {
        Config::load(&self.config())
            .map_err(|errors| errors.to_string().replace(&format!("{}/", self.0.path().display()), ""))
    }

    fn token(&self) -> Result<String, String> {
        self.load().map(|config| config.metrics.bearer_token.unwrap().expose().to_owned())
    }
}

#[test]
fn the_file_of_the_documentation_loads_from_disk() {
    assert_eq!(Folder::with_config(GOOD).load(), Config::parse(GOOD, Path::new("")).map_err(|e| e.to_string()));
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_what_helps() {
    let folder = Folder::with_config("");
    let said = |path: &str| Config::load(&folder.0.path().join(path)).unwrap_err().to_string();
    let path = folder.0.path().display();
    assert_eq!(
        said("none.toml"),
        format!("{path}/none.toml: the file cannot be read: it does not exist; create it or give the path of another")
    );
    assert_eq!(said(""), format!("{path}/: the file cannot be read: it is a folder; give the path of a file in it"));
    let large = Folder::with_config("#".repeat(1024 * 1024 + 1)).load().unwrap_err();
    assert_eq!(large, "canaryd.toml: the file has more than 1048576 bytes; give the path of a configuration");
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_where_that_begins() {
    let said = Folder::with_config(b"[listen]\n# caf\xe9\n").load().unwrap_err();
    assert_eq!(said, "canaryd.toml:2:6: the file is not UTF-8 from here on; save it as UTF-8");
}

#[test]
fn a_relative_path_begins_at_the_folder_of_the_file() {
    let folder = Folder::with_config(with("/var/lib/canaryd/canaryd.db", "state/canaryd.db"));
    assert_eq!(folder.load().unwrap().store.path, folder.0.path().join("state/canaryd.db"));
}

#[test]
fn a_token_is_the_content_of_its_file_without_the_line_end() {
    for content in ["s3cret-of-the-edge", "s3cret-of-the-edge\n", "s3cret-of-the-edge\r\n"] {
        assert_eq!(Folder::with_token(content).token().as_deref(), Ok("s3cret-of-the-edge"), "{content:?}");
    }
    let longest = "x".repeat(4_096);
    assert_eq!(Folder::with_token(format!("{longest}\r\n")).token(), Ok(longest));
}

#[test]
fn a_token_that_nobody_could_send_is_refused_and_never_shown() {
    let said = |token: &[u8]| Folder::with_token(token).token().unwrap_err();
    let begin = "canaryd.toml:7:21: metrics.bearer_token_file: the file `token`";
    let one_word = format!("{begin} holds more than one word of ASCII; write the token alone into it");
    for empty in [&b""[..], b"\n", b"\r\n"] {
        assert_eq!(said(empty), format!("{begin} is empty; write the token into it"));
    }
    for not_one_word in [&b"s3cret-of-the-edge\n\n"[..], b" s3cret-of-the-edge", b"s3\0cret", "s3crét".as_bytes()] {
        assert_eq!(said(not_one_word), one_word);
    }
    let long = said("x".repeat(4_097).as_bytes());
    assert_eq!(long, format!("{begin} holds more than 4096 bytes; write a shorter token into it"));
    let not_text = said(b"s3cret-of-the-edge\xff");
    assert_eq!(not_text, format!("{begin} cannot be read: it is not UTF-8; save it as UTF-8"));
}

#[test]
fn a_token_file_that_is_missing_is_named() {
    let folder = Folder::with_token("");
    fs::remove_file(folder.0.path().join("token")).unwrap();
    assert_eq!(
        folder.token().unwrap_err(),
        "canaryd.toml:7:21: metrics.bearer_token_file: the file `token` cannot be read: it does not exist; \
         create it or give the path of another"
    );
}

#[test]
fn a_preview_has_a_secret_that_a_cookie_can_carry() {
    let folder = Folder::with_config(with("stable = \"v1\"", "stable = \"v1\"\npreview.secret_file = \"token\""));
    let secret = || folder.load().unwrap().services.into_values().next().unwrap().preview;
    folder.write_token("0123456789abcdef\n", 0o600);
    assert_eq!(secret().unwrap().expose(), "0123456789abcdef");
    assert_eq!(folder.warned(), "");
    folder.write_token("abc", 0o600);
    assert_eq!(
        folder.warned(),
        "canaryd.toml:12:23: warning: services.web.preview.secret_file: the secret in the file `token` is short enough \
         to be guessed; write one of at least 16 letters and digits"
    );
    for content in ["0123456789abcde;", "\"0123456789abcd\"", "0123456789,abcde", "0123456789\\abcde"] {
        folder.write_token(content, 0o600);
        assert_eq!(
            folder.load().unwrap_err(),
            "canaryd.toml:12:23: services.web.preview.secret_file: the file `token` holds a quote, comma, semicolon or \
             backslash, which a cookie cannot carry; write a secret of letters and digits into it"
        );
    }
    assert!(!format!("{:?}", folder.load()).contains("abcde"));
}

#[test]
fn a_configuration_never_shows_its_token() {
    assert!(!format!("{:?}", Folder::with_token("s3cret-of-the-edge").load()).contains("s3cret-of-the-edge"));
    let remote = Folder::with_admin("address = \"127.0.0.1:9902\"\nbearer_token_file = \"token\"\n");
    assert!(!format!("{:?}", remote.load()).contains("s3cret-of-the-edge"));
}

#[test]
fn orders_are_taken_over_tcp_from_those_who_have_the_token() {
    let keys = "address = \"127.0.0.1:0\"\nbearer_token_file = \"token\"\nhosts = [\"Edge.Example.com\", \"[::1]\"]\n";
    let folder = Folder::with_admin(keys);
    let RemoteAdmin { address, bearer_token, hosts } = folder.load().unwrap().admin.remote.unwrap();
    assert_eq!((address.to_string().as_str(), bearer_token.expose()), ("127.0.0.1:0", "s3cret-of-the-edge"));
    assert_eq!(hosts, ["edge.example.com".into(), "[::1]".into()]);
    assert_eq!(folder.warned(), "");
    assert_eq!(Folder::with_admin("").load().unwrap().admin.remote, None);
}

#[test]
fn a_control_interface_for_the_network_is_warned_of() {
    let keys = "address = \"0.0.0.0:9902\"\nbearer_token_file = \"token\"\n";
    assert_eq!(
        Folder::with_admin(keys).warned(),
        "canaryd.toml:5:11: warning: admin.address: no request names this address as its host; write those that they \
         name, such as hosts = [\"edge.example.com\"]\n\
         canaryd.toml:5:11: warning: admin.address: the token and every order cross the network in the clear; write a \
         loopback address, or let only a proxy with TLS reach this one"
    );
    let keys = "address = \"10.0.0.1:9902\"\nbearer_token_file = \"token\"\n";
    assert_eq!(Folder::with_admin(keys).warned().lines().count(), 1);
}

#[test]
fn a_token_that_everybody_may_read_is_warned_of() {
    let folder = Folder::with_token("s3cret-of-the-edge");
    for (mode, warned) in [
        (0o600, ""),
        (0o640, ""),
        (
            0o644,
            "canaryd.toml:7:21: warning: metrics.bearer_token_file: every user of this host may read the file `token`; \
             chmod it to 0600 or 0640",
        ),
    ] {
        folder.write_token("s3cret-of-the-edge", mode);
        assert_eq!(folder.warned(), warned, "{mode:o}");
    }
}

#[test]
fn a_token_that_can_be_guessed_is_warned_of() {
    let folder = Folder::with_token("s3cret");
    for (token, warned) in [
        ("0123456789abcdef", ""),
        (
            "0123456789abcde",
            "canaryd.toml:7:21: warning: metrics.bearer_token_file: the secret in the file `token` is short enough to be \
             guessed; write one of at least 16 letters and digits",
        ),
    ] {
        folder.write_token(token, 0o600);
        assert_eq!(folder.warned(), warned);
    }
}

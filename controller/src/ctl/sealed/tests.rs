//! Encrypted files are read with the right identity, and say nothing otherwise.

use std::io::Write as _;

use age::armor::{ArmoredWriter, Format};
use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use age::{Encryptor, Recipient};
use tempfile::TempDir;

use super::*;

const TEXT: &str = "TOKEN=hunter2\n";

fn sealed(identity: &Identity, format: Format) -> Vec<u8> {
    let recipient = identity.to_public();
    let encryptor = Encryptor::with_recipients([&recipient as &dyn Recipient].into_iter()).unwrap();
    let armored = ArmoredWriter::wrap_output(Vec::new(), format).unwrap();
    let mut writer = encryptor.wrap_output(armored).unwrap();
    writer.write_all(TEXT.as_bytes()).unwrap();
    writer.finish().unwrap().finish().unwrap()
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn key(folder: &TempDir, name: &str, identity: &Identity) -> PathBuf {
    written(folder, name, identity.to_string().expose_secret().as_bytes())
}

#[tokio::test]
async fn what_age_has_encrypted_is_read_whatever_it_is_called() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::generate());
    let key = key(&folder, "key.txt", &identity);
    for (name, format) in [("app.env.age", Format::Binary), ("app.env", Format::AsciiArmor), ("b.env", Format::Binary)]
    {
        let file = written(&folder, name, &sealed(&identity, format));
        let opened = open(&file, Some(&key), Asked::Nothing).await.unwrap();
        assert_eq!((opened.text.expose(), opened.readers), (TEXT, Readers::Some));
        assert!(!format!("{opened:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn what_cannot_be_decrypted_says_which_file_and_no_value() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::generate());
    let (key, other) = (key(&folder, "key.txt", &identity), key(&folder, "other.txt", &Identity::generate()));
    let file = written(&folder, "app.env.age", &sealed(&identity, Format::Binary));
    let plain = written(&folder, "plain.age", TEXT.as_bytes());
    for (file, key, says) in [
        (&file, &other, "no identity of"),
        (&plain, &key, "no identity of"),
        (&file, &plain, "it is no file of age identities"),
    ] {
        let failure = open(file, Some(key), Asked::Nothing).await.unwrap_err();
        let shown = format!("{failure:?}");
        assert!(failure.exit == Exit::Usage && shown.contains(says) && !shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_file_is_known_by_what_is_in_it() {
    let kind = |name: &str, text: &str, asked| Kind::of(Path::new(name), text.as_bytes(), asked);
    assert_eq!(kind("app.env", TEXT, Asked::Nothing), Kind::Plain);
    assert_eq!(kind("app.env", "A=ENC[x]\nsops_mac=ENC[y]\n", Asked::Nothing), Kind::Sops(Some("dotenv")));
    assert_eq!(kind("app.yaml", "A: ENC[x]\nsops:\n    mac: y\n", Asked::Nothing), Kind::Sops(None));
    assert_eq!(kind("app.json", r#"{"A": "ENC[x]", "sops": {}}"#, Asked::Nothing), Kind::Sops(None));
    assert_eq!(kind("app.env", TEXT, Asked::Sops), Kind::Sops(None));
    assert_eq!(kind("app.env.age", TEXT, Asked::Nothing), Kind::Age);
}

//! What needs no canaryd, or only a file of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use canary_controller::rollout::Rollout;
use canary_controller::store::{Opened, Record, open};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::canaryctl::fake::{Answer, Ended, Fake, canaryctl};
use crate::canaryctl::golden::assert_golden;

const STORE: &str = "SQLite format 3\0 and much more";

const GOOD: &str = "\
[listen.web]
address = \"127.0.0.1:0\"
[services.web]
rule = \"PathPrefix(`/`)\"
stable = \"v1\"
[services.web.releases.v1]
backends = [\"127.0.0.1:9001\"]
";

/// A step that leaves nothing to the rollout as a whole.
const STEP: &str = "{ weight = 10, min_duration = \"1m\", max_duration = \"2m\" }";

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn files(folder: &TempDir) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

fn backup(fake: &Fake, target: &Path, args: &[&str]) -> Ended {
    fake.run(&[&["backup", target.to_str().unwrap()], args].concat())
}

#[test]
fn a_backup_is_a_file_of_its_owner_alone() {
    let (folder, fake) = (folder(), Fake::saying([Answer::http("200 OK", STORE)]));
    let target = folder.path().join("b.db");
    let ended = backup(&fake, &target, &[]);
    let stdout = format!("✔ {}: {} bytes\n", target.display(), STORE.len());
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, stdout, String::new()));
    assert_eq!(fs::read_to_string(&target).unwrap(), STORE);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(files(&folder), ["b.db"]);
    assert_eq!(fake.asked_lines(), ["GET /v1/backup"]);
}

#[test]
fn a_file_is_replaced_only_by_force() {
    let (folder, fake) = (folder(), Fake::saying([Answer::http("200 OK", STORE)]));
    let target = folder.path().join("b.db");
    fs::write(&target, "older").unwrap();
    let ended = backup(&fake, &target, &[]);
    let stderr = format!(
        "error: {} is there already\nhint: name another file, or replace this one with --force\n",
        target.display()
    );
    assert_eq!((ended.code, ended.stderr, fake.asked().len()), (2, stderr, 0));
    assert_eq!(fs::read_to_string(&target).unwrap(), "older");
    let ended = backup(&fake, &target, &["--force", "--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report, json!({ "file": target, "bytes": STORE.len() }));
    assert_eq!(fs::read_to_string(&target).unwrap(), STORE);
}

#[test]
fn what_is_no_file_is_never_replaced() {
    let (folder, fake) = (folder(), Fake::saying([Answer::http("200 OK", STORE)]));
    let ended = backup(&fake, folder.path(), &["--force"]);
    assert_eq!((ended.code, ended.stderr), (2, format!("error: {} is no file; name one\n", folder.path().display())));
    assert!(folder.path().is_dir());
}

#[test]
fn half_a_backup_is_none() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nSQLite".to_vec();
    for (answer, code) in [
        (Answer::Bytes(half), 1),
        (Answer::problem("503 Service Unavailable", "store-unavailable", "the store is closed"), 4),
    ] {
        let (folder, fake) = (folder(), Fake::saying([answer]));
        let ended = backup(&fake, &folder.path().join("b.db"), &[]);
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert_eq!(files(&folder), Vec::<String>::new());
    }
}

#[test]
fn a_backup_that_cannot_be_written_ends_with_2() {
    let fake = Fake::saying([Answer::http("200 OK", STORE)]);
    let ended = backup(&fake, Path::new("/nowhere/b.db"), &[]);
    assert!(ended.stderr.starts_with("error: /nowhere/b.db cannot be written: No such file"), "{}", ended.stderr);
    assert_eq!(ended.code, 2);
}

#[test]
fn a_backup_can_go_to_a_pipe() {
    let fake = Fake::saying([Answer::http("200 OK", STORE)]);
    let ended: Ended = fake.command(&["backup", "-"]).stdout(Stdio::piped()).output().unwrap().into();
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, STORE, ""));
}

/// A folder with a store in which `web` is at v1, and a backup of it.
fn backup_and_store() -> (TempDir, PathBuf, PathBuf) {
    let folder = folder();
    let (backup, store) = (folder.path().join("backup"), folder.path().join("canaryd.db"));
    let Ok(Opened::Ready { store: mut opened, .. }) = open(&store, SystemTime::UNIX_EPOCH) else { panic!("a store") };
    let services = [("web".parse().unwrap(), Rollout::new("v1".parse().unwrap()).save())].into();
    opened.record(&Record { services, ..Record::default() }).unwrap();
    fs::write(&backup, opened.backup().unwrap()).unwrap();
    (folder, backup, store)
}

fn restore(backup: &Path, store: &Path, args: &[&str]) -> Ended {
    let (backup, store) = (backup.to_str().unwrap(), store.to_str().unwrap());
    canaryctl(&[&["restore", backup, "--store", store], args].concat()).output().unwrap().into()
}

#[test]
fn a_backup_takes_the_place_of_the_store() {
    let (folder, backup, store) = backup_and_store();
    let ended = restore(&backup, &store, &[]);
    let before = files(&folder).into_iter().find(|name| name.contains(".replaced-")).unwrap();
    let stdout = ended.stdout.replace(folder.path().to_str().unwrap(), "FOLDER").replace(&before, "BEFORE");
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    assert_golden("restored", &stdout);
    let ended = restore(&backup, &store, &["--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["stables"], json!([{ "service": "web", "release": "v1" }]));
    assert_eq!((&report["store"], &report["damaged"]), (&json!(store), &json!(0)));
}

#[test]
fn the_store_is_where_the_configuration_says() {
    let (folder, backup, store) = backup_and_store();
    let config = folder.path().join("canaryd.toml");
    fs::write(&config, format!("{GOOD}[store]\npath = \"{}\"\n", store.display())).unwrap();
    let args = ["restore", backup.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let ended: Ended = canaryctl(&args).output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    fs::write(&config, "nothing").unwrap();
    let ended: Ended = canaryctl(&args).output().unwrap().into();
    assert!(ended.stderr.ends_with("hint: mend it, or name the store with --store PATH\n"), "{}", ended.stderr);
    assert_eq!(ended.code, 2);
}

#[test]
fn what_cannot_be_restored_changes_nothing() {
    let (folder, backup, store) = backup_and_store();
    let bad = folder.path().join("bad");
    fs::write(&bad, "no store").unwrap();
    let ended = restore(&bad, &store, &[]);
    assert!(ended.stderr.starts_with(&format!("error: the backup {} cannot be restored: ", bad.display())));
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    let running = open(&store, SystemTime::UNIX_EPOCH).unwrap();
    let was = fs::read(&store).unwrap();
    let ended = restore(&backup, &store, &[]);
    assert!(ended.stderr.contains("is in use by a running canaryd; stop canaryd first\n"), "{}", ended.stderr);
    assert_eq!(ended.code, 4);
    assert!(fs::read(&store).unwrap() == was, "the store has changed");
    drop(running);
}

fn lint(text: &str, args: &[&str]) -> (Ended, String) {
    let folder = folder();
    let file = folder.path().join("canaryd.toml");
    fs::write(&file, text).unwrap();
    let ended: Ended = canaryctl(&[&["lint", file.to_str().unwrap()], args].concat()).output().unwrap().into();
    (ended, file.display().to_string())
}

#[test]
fn a_good_file_is_called_good() {
    let (ended, file) = lint(GOOD, &["--strict"]);
    assert_eq!((ended.code, ended.stdout, ended.stderr), (0, format!("✔ {file}: good\n"), String::new()));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let bad = GOOD.replace("127.0.0.1:0", "nowhere").replace("\"v1\"", "\"v9\"");
    let (ended, file) = lint(&bad, &[]);
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!((ended.code, ended.stderr.as_str(), lines.len()), (2, "", 3), "{}", ended.stdout);
    assert!(lines[0].starts_with(&format!("error: {file}:2:11: listen.web.address: ")), "{}", lines[0]);
    assert_eq!(lines[2], format!("✖ {file}: 2 errors"));
    let (ended, file) = lint(&bad, &["--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &report["file"], &report["warnings"]), (2, &json!(file), &json!([])));
    assert_eq!(report["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn a_warning_is_an_error_to_the_strict_only() {
    let text = format!("{GOOD}[services.web.rollout]\nmin_duration = \"1m\"\nsteps = [{STEP}, 100]\n");
    let (ended, file) = lint(&text, &[]);
    assert!(ended.stdout.starts_with(&format!("warning: {file}:9:16: services.web.rollout.min_duration: ")));
    assert!(ended.stdout.ends_with(&format!("\n⚠ {file}: good, with 1 warning\n")), "{}", ended.stdout);
    assert_eq!(ended.code, 0);
    let (ended, _) = lint(&text, &["--strict", "--json"]);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &report["errors"], &report["warnings"][0]["line"]), (2, &json!([]), &json!(9)));
}

#[test]
fn the_file_of_the_image_is_looked_at_if_none_is_named() {
    let ended: Ended = canaryctl(&["lint"]).output().unwrap().into();
    assert!(ended.stdout.contains("/etc/canaryd/canaryd.toml"), "{}", ended.stdout);
}

#[test]
fn man_pages_that_cannot_be_written_end_with_2() {
    let ended: Ended = canaryctl(&["man", "/proc/nowhere"]).output().unwrap().into();
    assert!(ended.stderr.starts_with("error: the man pages cannot be written to /proc/nowhere: "), "{}", ended.stderr);
    assert_eq!(ended.code, 2);
}

//! The store in a process of its own, which is killed, or whose disk fills up or becomes read-only.
//!
//! The child is this test binary again, told by an environment variable what to do.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use canary_controller::rollout::Stop;
use canary_controller::store::{PaperKind, Record, Store, StoreError, restore};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::fixture::{
    NOW, beside, degraded, folder, freezes, generation, idle, names_in, numbered, paper, ready, record, service,
    services, stables, store_in,
};
use super::history::{all, numbers};
use super::restore::backup_and_store;

const TASK: &str = "CANARYD_STORE_TEST_TASK";
const FOLDER: &str = "CANARYD_STORE_TEST_FOLDER";

#[test]
fn the_child_does_what_it_is_told() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    match std::env::var(TASK).unwrap().as_str() {
        "record" => record_for_ever(&folder.join("canaryd.db")),
        "fill" => fill_the_disk(&folder),
        "restore" => restore_for_ever(&folder),
        "read-only" => make_it_read_only(&folder),
        task => panic!("{task}"),
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let folder = folder();
    let path = store_in(&folder);
    let mut rng = StdRng::seed_from_u64(0x5707);
    let mut seed = None;
    for round in 0..30 {
        let acknowledged = record_and_kill(&path, rng.random_range(1..60), rng.random_range(0..2_000));
        let (mut store, loaded) = ready(&path);
        assert_eq!(loaded.stop, Stop::Unclean, "round {round}");
        let last = loaded.services[&service("web")].generation.get();
        // The record that was under way when the kill came may be there, whole, or not.
        assert!(last == acknowledged || last == acknowledged + 1, "round {round}: {last} after {acknowledged}");
        let expected: Vec<_> = (1..=last).rev().take(1_000).collect();
        assert_eq!(numbers(&mut *store, &all()), expected, "round {round}");
        assert_eq!(loaded.papers, [paper("web", last, PaperKind::Evidence, "[1]")], "round {round}");
        assert_eq!(store.account(&service("web"), generation(last)).unwrap().as_deref(), Some("[1]"), "round {round}");
        assert_eq!(seed.get_or_insert(loaded.seed.clone()), &loaded.seed, "round {round}");
    }
}

#[test]
fn a_kill_at_any_moment_of_a_restore_leaves_the_old_store_or_the_new_one() {
    let seed = 0x5708;
    let mut rng = StdRng::seed_from_u64(seed);
    for round in 0..60 {
        let (folder, _, store) = backup_and_store();
        let old = content(&store);
        kill_while_restoring(folder.path(), rng.random_range(0..2), rng.random_range(0..1_500));
        let (_, loaded) = ready(&store);
        let stable = loaded.services[&service("web")].stable.clone();
        match stable.as_str() {
            "v5" => assert_eq!((loaded.stop, loaded.freezes), (Stop::Orderly, Vec::new()), "round {round}"),
            "v1" => {
                assert_eq!((loaded.stop, loaded.freezes), (Stop::Unclean, freezes()), "round {round}");
                assert_eq!(content(&beside(&store, ".replaced-0")), old, "round {round}");
            }
            other => panic!("round {round}: {other}"),
        }
        let is_left = |name: &String| name.contains(".restoring") || name.contains(".setting-aside");
        assert!(!names_in(folder.path()).iter().any(is_left), "round {round}");
    }
}

#[test]
fn a_full_disk_loses_nothing_and_is_survived() {
    in_a_small_disk("fill");
}

#[test]
fn a_read_only_disk_loses_nothing_and_is_survived() {
    in_a_small_disk("read-only");
}

// === the parent ===

fn child(task: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "store::child::the_child_does_what_it_is_told", "--nocapture"]);
    command.env(TASK, task).env(FOLDER, folder);
    command
}

/// Lets a child record until it has acknowledged so many more, kills it a little later, and says which was the last
/// that it acknowledged.
fn record_and_kill(path: &Path, more: usize, micros: u64) -> u64 {
    let mut child = child("record", path.parent().unwrap()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut last = 0;
    for _ in 0..more {
        last = next_acknowledged(&mut said).expect("the child records for ever");
    }
    // The moment of the kill is what is random here; nothing waits for it.
    let (_never, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_micros(micros));
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    while let Some(number) = next_acknowledged(&mut said) {
        last = number;
    }
    last
}

/// Kills a child that restores over and over, a little after it has said so often that it begins.
fn kill_while_restoring(folder: &Path, times: usize, micros: u64) {
    let mut child = child("restore", folder).stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let begun = said.lines().map(Result::unwrap).filter(|line| line == "restoring").take(times + 1).count();
    assert_eq!(begun, times + 1, "the child restores for ever");
    let (_never, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(Duration::from_micros(micros));
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}

fn content(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// The next number that the child has acknowledged. What the test harness says between is left out.
fn next_acknowledged(said: &mut impl BufRead) -> Option<u64> {
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        if let Some(number) = line.strip_prefix("kept ").and_then(|rest| rest.strip_suffix('\n')) {
            return Some(number.parse().unwrap());
        }
        line.clear();
    }
    None
}

/// Runs a child whose folder is a disk of its own, which is gone with it.
fn in_a_small_disk(task: &str) {
    let folder = folder();
    let script = "mount -t tmpfs -o size=192k tmpfs \"$0\" && exec \"$@\"";
    let child = child(task, folder.path());
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script]).arg(folder.path()).arg(child.get_program()).args(child.get_args());
    command.env(TASK, task).env(FOLDER, folder.path());
    let output = command.output().expect("this test needs `unshare` (util-linux)");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success() && text(&output.stdout).contains("all is well"),
        "this test needs `unshare -rm` (user namespaces), and the child to succeed:\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

// === the child ===

fn say(text: &str) {
    // The harness may have begun a line.
    std::io::stdout().write_all(format!("\n{text}\n").as_bytes()).unwrap();
}

fn record_for_ever(path: &Path) {
    let (mut store, loaded) = ready(path);
    let first = loaded.services.get(&service("web")).map_or(0, |saved| saved.generation.get()) + 1;
    for number in first.. {
        let papers = [PaperKind::Evidence, PaperKind::Account].map(|kind| paper("web", number, kind, "[1]"));
        store.record(&Record { papers: papers.to_vec(), ..numbered("web", number) }).unwrap();
        say(&format!("kept {number}"));
    }
}

/// Restores the backup, and then again.
fn restore_for_ever(folder: &Path) {
    for second in 0.. {
        say("restoring");
        restore(&folder.join("backup"), &folder.join("canaryd.db"), NOW + Duration::from_secs(second)).unwrap();
    }
}

/// Records numbers from `first` on until one is refused; says which was the last that was kept, and the refusal.
fn record_until_refused(store: &mut dyn Store, first: u64) -> (u64, StoreError) {
    (first..).find_map(|number| Some((number - 1, store.record(&numbered("web", number)).err()?))).unwrap()
}

fn fill_the_disk(folder: &Path) {
    let (path, filler) = (folder.join("canaryd.db"), folder.join("filler"));
    let (mut store, _) = ready(&path);
    store.record(&record("api", idle("a1", 1))).unwrap();
    let backup = store.backup().unwrap();
    std::fs::write(&filler, [7; 64 * 1024]).unwrap();
    let (last, error) = record_until_refused(&mut *store, 1);
    let message = format!(
        "the store {} cannot be written: database or disk is full; free some space on that disk",
        path.display()
    );
    assert_eq!(error.to_string(), message);
    assert!(last > 10, "{last} fit on the disk");
    assert!(store.check().is_err(), "nothing has been freed yet");
    assert_eq!(numbers(&mut *store, &all()), (1..=last).rev().collect::<Vec<_>>(), "while it is full");
    assert_eq!(store.backup().map(|bytes| bytes.len() as u64), Ok(path.metadata().unwrap().len()));
    drop(store);

    // A restore on the full disk changes nothing.
    let (elsewhere, before) = (super::fixture::folder(), names_in(folder));
    let from = elsewhere.path().join("backup");
    std::fs::write(&from, backup).unwrap();
    let refused = restore(&from, &path, NOW).unwrap_err();
    assert!(refused.to_string().ends_with("; free some space on that disk"), "{refused}");
    assert_eq!(names_in(folder), before);

    // A start on the full disk says so, and knows what is stable.
    std::fs::write(&filler, [7; 256 * 1024]).unwrap_err();
    let (reason, last_stables) = degraded(&path);
    assert_eq!(reason, format!("{message}, then restart canaryd"));
    assert_eq!(last_stables, stables([("web", "v1"), ("api", "a1")]));
    let other = folder.join("other.db");
    assert!(degraded(&other).0.ends_with("then restart canaryd"));
    assert!(!names_in(folder).iter().any(|name| name.starts_with("other.db.new")), "what was begun is removed");

    std::fs::remove_file(&filler).unwrap();
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.services, services([("web", idle("v1", last)), ("api", idle("a1", 1))]));
    std::fs::write(&filler, [7; 64 * 1024]).unwrap();
    let (last, _) = record_until_refused(&mut *store, last + 1);
    std::fs::remove_file(&filler).unwrap();
    store.check().unwrap();
    store.record(&numbered("web", last + 1)).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.services[&service("web")].generation, generation(last + 1));
    assert_eq!(numbers(&mut *store, &all()), (1..=last + 1).rev().take(1_000).collect::<Vec<_>>());
    say("all is well");
}

fn mount(arguments: &[&str], folder: &Path) {
    assert!(Command::new("mount").args(arguments).arg(folder).status().unwrap().success());
}

fn make_it_read_only(folder: &Path) {
    let path = folder.join("canaryd.db");
    let (mut store, _) = ready(&path);
    store.record(&numbered("web", 1)).unwrap();
    // A disk with files open for writing cannot be made read-only, so it is covered by its own read-only view.
    mount(&["--bind", folder.to_str().unwrap()], folder);
    mount(&["-o", "remount,bind,ro"], folder);
    let message = format!(
        "the store {} cannot be written: Read-only file system (os error 30); \
         make the file and its folder writable for canaryd",
        path.display()
    );
    assert_eq!(store.record(&numbered("web", 2)).unwrap_err().to_string(), message);
    assert_eq!(store.check().unwrap_err().to_string(), message);
    assert_eq!(numbers(&mut *store, &all()), [1]);
    drop(store);

    let (reason, last_stables) = degraded(&path);
    assert_eq!(reason, format!("{message}, then restart canaryd"));
    assert_eq!(last_stables, stables([("web", "v1")]));
    let (reason, last_stables) = degraded(&folder.join("other.db"));
    assert!(reason.contains("cannot be made: Read-only file system"), "{reason}");
    assert!(last_stables.is_empty());

    assert!(Command::new("umount").arg(folder).status().unwrap().success());
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.services, services([("web", idle("v1", 1))]));
    mount(&["--bind", folder.to_str().unwrap()], folder);
    mount(&["-o", "remount,bind,ro"], folder);
    assert!(store.record(&numbered("web", 2)).is_err());
    assert!(Command::new("umount").arg(folder).status().unwrap().success());
    store.check().unwrap();
    store.record(&numbered("web", 2)).unwrap();
    assert_eq!(numbers(&mut *store, &all()), [2, 1]);
    say("all is well");
}

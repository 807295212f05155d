//! A store that is lost, damaged, too new or out of reach is never mistaken for one that is in order.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use canary_controller::rollout::Stop;
use canary_controller::store::{Opened, StoreError, open};
use rusqlite::Connection;

use super::fixture::{
    NOW, beside, degraded, folder, idle, names_in, numbered, ready, record, services, stables, store_in,
};

/// A store in which `web` has come to v5.
fn with_v5(path: &Path) {
    ready(path).0.record(&record("web", idle("v5", 5))).unwrap();
}

#[test]
fn a_second_process_is_told_that_the_store_is_in_use() {
    let folder = folder();
    let path = store_in(&folder);
    let (store, _) = ready(&path);
    let locked = open(&path, NOW).err().unwrap();
    let expected = format!(
        "the store {} is in use by another canaryd; stop it, or give this one a store of its own",
        path.display()
    );
    assert_eq!(locked.to_string(), expected);
    drop(store);
    ready(&path);
}

#[test]
fn a_process_without_a_store_keeps_the_place_all_the_same() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    fs::write(&path, "no store").unwrap();
    let opened = open(&path, NOW).unwrap();
    assert!(matches!(opened, Opened::Degraded { .. }));
    assert!(open(&path, NOW).is_err());
    drop(opened);
    ready(&path);
}

#[test]
fn a_store_that_is_gone_begins_anew_with_the_releases_of_the_snapshot() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    fs::remove_file(&path).unwrap();
    let (_, loaded) = ready(&path);
    assert_eq!(loaded.services, services([("web", idle("v5", 0))]));
    assert_eq!(loaded.stop, Stop::Orderly);
}

#[test]
fn an_unreadable_store_is_set_aside_and_its_snapshot_serves() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    fs::write(&path, "no store").unwrap();
    fs::write(beside(&path, "-shm"), "no index").unwrap();
    let (reason, last) = degraded(&path);
    let expected = format!(
        "the store {0} is unreadable: file is not a database; it is kept as {0}.unreadable-0; \
         restart canaryd to begin a new one",
        path.display()
    );
    assert_eq!(reason, expected);
    assert_eq!(last, stables([("web", "v5")]));
    let names = ["canaryd.db.lock", "canaryd.db.routes", "canaryd.db.unreadable-0", "canaryd.db.unreadable-0-shm"];
    assert_eq!(names_in(folder.path()), names);
    assert_eq!(fs::read(beside(&path, ".unreadable-0")).unwrap(), b"no store");
    assert_eq!(ready(&path).1.services, services([("web", idle("v5", 0))]), "after a restart");
}

#[test]
fn a_second_unreadable_store_does_not_take_the_place_of_the_first() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    for text in ["first", "second"] {
        fs::write(&path, text).unwrap();
        degraded(&path);
    }
    assert_eq!(fs::read(beside(&path, ".unreadable-0")).unwrap(), b"first");
    assert_eq!(fs::read(beside(&path, ".unreadable-0-2")).unwrap(), b"second");
}

#[test]
fn an_empty_file_is_not_a_new_store() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    fs::write(&path, "").unwrap();
    let (reason, last) = degraded(&path);
    assert!(reason.contains("its version is 0, which no canaryd has written"), "{reason}");
    assert_eq!(last, stables([("web", "v5")]));
}

#[test]
fn a_closed_store_refuses_everything_with_its_reason() {
    let folder = folder();
    let path = store_in(&folder);
    fs::write(&path, "no store").unwrap();
    let Opened::Degraded { reason, mut store, .. } = open(&path, NOW).unwrap() else { panic!("it was opened") };
    let closed = StoreError::Closed(reason);
    assert_eq!(store.record(&numbered("web", 1)), Err(closed.clone()));
    assert_eq!(store.history(&super::history::all()), Err(closed.clone()));
    assert_eq!(store.mark_orderly_stop(), Err(closed.clone()));
    assert_eq!(store.load(), Err(closed.clone()));
    assert_eq!(store.check(), Err(closed));
}

#[test]
fn a_newer_store_is_left_as_it_is() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    let newer = "ALTER TABLE services ADD COLUMN tomorrow TEXT; PRAGMA user_version = 4";
    Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    let before = fs::read(&path).unwrap();
    let (reason, last) = degraded(&path);
    let expected = format!(
        "the store {} has version 4, and this canaryd knows only 3; start the newer canaryd again",
        path.display()
    );
    assert_eq!(reason, expected);
    assert_eq!(last, stables([("web", "v5")]));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names_in(folder.path()), ["canaryd.db", "canaryd.db.lock", "canaryd.db.routes"]);
}

#[test]
fn the_journal_of_a_store_that_is_gone_does_not_touch_the_new_one() {
    let folder = folder();
    let path = store_in(&folder);
    with_v5(&path);
    fs::remove_file(&path).unwrap();
    fs::write(beside(&path, "-journal"), "an orphan").unwrap();
    assert_eq!(ready(&path).1.services, services([("web", idle("v5", 0))]));
    assert_eq!(fs::read(beside(&path, ".unreadable-0-journal")).unwrap(), b"an orphan");
}

#[test]
fn what_is_no_file_is_left_where_it_is() {
    let folder = folder();
    let path = store_in(&folder);
    fs::create_dir(&path).unwrap();
    assert!(degraded(&path).0.contains("cannot be opened"));
    assert!(path.is_dir());
    let link = folder.path().join("link.db");
    symlink("/nowhere/at/all.db", &link).unwrap();
    assert!(degraded(&link).0.contains("cannot be opened"));
    assert!(link.is_symlink());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = folder();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let path = in_the_way.join("canaryd.db");
    let (reason, last) = degraded(&path);
    let begin = format!("the store {} cannot be made: ", path.display());
    assert!(reason.starts_with(&begin) && reason.ends_with("then restart canaryd"), "{reason}");
    assert!(last.is_empty());
}

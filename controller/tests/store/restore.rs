//! A backup takes the place of the store whole, or nothing changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use canary_controller::rollout::{Position, Stop};
use canary_controller::store::{Record, Restored, Snapshot, StoreError, restore};
use rusqlite::Connection;
use tempfile::TempDir;

use super::fixture::{
    NOW, beside, entry, folder, freezes, idle, names_in, numbered, ready, record, saved, services, stables, store_in,
    under_way,
};
use super::history::{all, numbers};

/// A folder with a backup in which `web` is at v1 and under way, and a store that has gone on to v5 since.
pub(super) fn backup_and_store() -> (TempDir, PathBuf, PathBuf) {
    let folder = folder();
    let (backup, store) = (folder.path().join("backup"), store_in(&folder));
    let (mut opened, _) = ready(&store);
    let under_way = record("web", saved("v1", 1, under_way(Position::Step(1))));
    opened.record(&Record { entries: vec![entry(1)], freezes: Some(freezes()), ..under_way }).unwrap();
    fs::write(&backup, opened.backup().unwrap()).unwrap();
    let since = Record { freezes: Some(Vec::new()), ..record("web", idle("v5", 5)) };
    opened.record(&Record { entries: vec![entry(2), entry(3)], ..since }).unwrap();
    opened.mark_orderly_stop().unwrap();
    (folder, backup, store)
}

/// Everything in a folder.
fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names_in(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// Tries to restore, sees that nothing has changed, and gives the words.
fn refused(backup: &Path, store: &Path) -> String {
    let folder = store.parent().unwrap();
    let before = content(folder);
    let error = restore(backup, store, NOW).unwrap_err().to_string();
    assert_eq!(content(folder), before, "{error}");
    error
}

fn owner_and_mode(path: &Path) -> (u32, u32) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.uid(), metadata.mode() & 0o777)
}

/// Gives a file to another user, which only root can, and says whose it is now.
fn owned_by_another(path: &Path) -> u32 {
    let own = fs::metadata("/proc/self").unwrap().uid();
    if own != 0 {
        return own;
    }
    chown(path, Some(1), Some(1)).unwrap();
    1
}

#[test]
fn a_restored_store_says_what_it_said_then_and_no_rollout_resumes_where_it_was() {
    let (folder, backup, store) = backup_and_store();
    let was = fs::read(&store).unwrap();
    let restored = restore(&backup, &store, NOW).unwrap();
    let expected = Restored {
        stables: stables([("web", "v1")]),
        newest_at: Some("1970-01-01T00:00:01.000Z".to_owned()),
        damaged: 0,
        set_aside: Some(beside(&store, ".replaced-0")),
        warning: None,
    };
    assert_eq!(restored, expected);
    assert_eq!(fs::read(beside(&store, ".replaced-0")).unwrap(), was);
    assert_eq!(Snapshot::of(&store).read(), Ok(Some(stables([("web", "v1")]))));
    let (mut opened, loaded) = ready(&store);
    assert_eq!(loaded.stop, Stop::Unclean);
    assert_eq!(loaded.freezes, freezes());
    let under_way = saved("v1", 1, under_way(Position::Step(1)));
    assert_eq!(loaded.services, services([("web", under_way)]));
    assert_eq!(numbers(&mut *opened, &all()), [1]);
    opened.record(&numbered("web", 4)).unwrap();
    assert_eq!(opened.last_entry(), 4, "the numbers 2 and 3 were given before");
    let names = ["backup", "canaryd.db", "canaryd.db.lock", "canaryd.db.replaced-0", "canaryd.db.routes"];
    assert_eq!(names_in(folder.path()), names);
}

#[test]
fn a_backup_can_be_restored_where_nothing_is() {
    let (folder, backup, _) = backup_and_store();
    let store = folder.path().join("deep/down/canaryd.db");
    let restored = restore(&backup, &store, NOW).unwrap();
    assert_eq!(restored.set_aside, None);
    assert_eq!(ready(&store).1.freezes, freezes());
}

#[test]
fn what_was_set_aside_can_be_restored_in_its_turn() {
    let (_folder, backup, store) = backup_and_store();
    let aside = restore(&backup, &store, NOW).unwrap().set_aside.unwrap();
    let restored = restore(&aside, &store, NOW).unwrap();
    assert_eq!(restored.set_aside, Some(beside(&store, ".replaced-0-2")));
    assert_eq!(ready(&store).1.services, services([("web", idle("v5", 5))]));
}

#[test]
fn a_store_that_is_in_use_is_not_replaced() {
    let (_folder, backup, store) = backup_and_store();
    let (opened, _) = ready(&store);
    let expected = format!("the store {} is in use by a running canaryd; stop canaryd first", store.display());
    assert_eq!(refused(&backup, &store), expected);
    drop(opened);
    restore(&backup, &store, NOW).unwrap();
}

#[test]
fn a_backup_that_is_cut_short_or_has_too_much_is_refused_at_every_length() {
    let (_folder, backup, store) = backup_and_store();
    let whole = fs::read(&backup).unwrap();
    let lengths = (0..200).chain((200..whole.len()).step_by(509)).chain([whole.len() - 1, whole.len() + 1]);
    for length in lengths {
        let mut bytes = whole.clone();
        bytes.resize(length, 0);
        fs::write(&backup, bytes).unwrap();
        let error = restore(&backup, &store, NOW).unwrap_err();
        assert!(matches!(error, StoreError::Backup { .. }), "{length}: {error}");
    }
    let words = refused(&backup, &store);
    let (has, should) = (whole.len() + 1, whole.len());
    assert!(words.contains(&format!("it has {has} bytes and should have {should}; copy it again")), "{words}");
    assert_eq!(ready(&store).1.services, services([("web", idle("v5", 5))]));
}

#[test]
fn a_backup_that_is_none_is_refused_in_words_that_help() {
    let (folder, _, store) = backup_and_store();
    let path = |name: &str| folder.path().join(name);
    let database = |name: &str, words: &str| Connection::open(path(name)).unwrap().execute_batch(words).unwrap();
    fs::write(path("letter"), "a letter").unwrap();
    fs::write(path("empty"), "").unwrap();
    database("bookmarks", "CREATE TABLE bookmarks (url TEXT)");
    database("newer", &format!("{}; PRAGMA user_version = 4", include_str!("version_3.sql")));
    database("unsealed", &format!("{}; DELETE FROM services", include_str!("version_2.sql")));
    let none = "it is no store of canaryd; make one with `canaryctl backup FILE`";
    let newer = "it has version 4, and this canaryctl knows only 3; restore it with the newer one";
    for (name, found) in [
        ("letter", none),
        ("empty", none),
        ("nowhere", "No such file or directory (os error 2)"),
        ("bookmarks", "it is a database of another program"),
        ("newer", newer),
        ("unsealed", "the seal over all services and freezes does not match them"),
        ("canaryd.db", "it is the store itself"),
    ] {
        let backup = path(name);
        let expected = format!("the backup {} cannot be restored: {found}; nothing has changed", backup.display());
        assert_eq!(refused(&backup, &store), expected);
    }
    let error = restore(Path::new("/dev/null"), &store, NOW).unwrap_err().to_string();
    assert!(error.contains("it is no file"), "{error}");
}

#[test]
fn a_backup_of_an_older_version_is_brought_to_the_present_one() {
    let (folder, _, store) = backup_and_store();
    let backup = folder.path().join("old");
    Connection::open(&backup).unwrap().execute_batch(include_str!("version_1.sql")).unwrap();
    let before = fs::read(&backup).unwrap();
    let restored = restore(&backup, &store, NOW).unwrap();
    assert_eq!(restored.stables, stables([("api", "a1"), ("web", "v1")]));
    assert_eq!(fs::read(&backup).unwrap(), before);
    let (opened, loaded) = ready(&store);
    assert_eq!((loaded.stop, opened.last_entry()), (Stop::Unclean, 3));
}

#[test]
fn a_damaged_line_of_the_audit_trail_is_counted_and_forbids_nothing() {
    let (_folder, backup, store) = backup_and_store();
    Connection::open(&backup).unwrap().execute("UPDATE audit SET note = 'no'", []).unwrap();
    let restored = restore(&backup, &store, NOW).unwrap();
    assert_eq!((restored.damaged, restored.newest_at), (1, None));
}

#[test]
fn a_store_that_is_damaged_is_replaced_with_all_that_belongs_to_it() {
    let (folder, backup, store) = backup_and_store();
    fs::write(&store, "no store").unwrap();
    fs::write(beside(&store, "-shm"), "no index").unwrap();
    restore(&backup, &store, NOW).unwrap();
    assert_eq!(fs::read(beside(&store, ".replaced-0")).unwrap(), b"no store");
    assert_eq!(fs::read(beside(&store, ".replaced-0-shm")).unwrap(), b"no index");
    assert!(!names_in(folder.path()).contains(&"canaryd.db-shm".to_owned()));
    assert_eq!(ready(&store).1.freezes, freezes());
}

#[test]
fn a_file_of_another_program_is_not_replaced() {
    let (folder, backup, _) = backup_and_store();
    let store = folder.path().join("letter");
    fs::write(&store, "a letter").unwrap();
    fs::write(beside(&store, ".lock"), "").unwrap();
    let words = refused(&backup, &store);
    assert!(words.starts_with(&format!("the file {} is no store of canaryd: ", store.display())), "{words}");
}

#[test]
fn a_link_to_the_store_goes_on_leading_to_it() {
    let (folder, backup, store) = backup_and_store();
    let link = folder.path().join("link.db");
    symlink(&store, &link).unwrap();
    let restored = restore(&backup, &link, NOW).unwrap();
    assert_eq!(restored.set_aside, Some(beside(&store, ".replaced-0")));
    assert!(link.is_symlink());
    assert_eq!(ready(&store).1.freezes, freezes());
}

#[test]
fn a_restored_store_can_be_read_by_whom_the_old_one_could() {
    let (_folder, backup, store) = backup_and_store();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o640)).unwrap();
    restore(&backup, &store, NOW).unwrap();
    assert_eq!(fs::metadata(&store).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(ready(&store).1.freezes, freezes());
}

#[test]
fn what_is_made_beside_a_store_belongs_to_its_owner() {
    let (_folder, backup, store) = backup_and_store();
    fs::remove_file(beside(&store, ".lock")).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o640)).unwrap();
    let owner = owned_by_another(&store);
    restore(&backup, &store, NOW).unwrap();
    for suffix in ["", ".lock", ".routes"] {
        assert_eq!(owner_and_mode(&beside(&store, suffix)), (owner, 0o640), "{suffix}");
    }
}

#[test]
fn what_is_made_beside_a_new_store_belongs_to_the_owner_of_the_folder() {
    let (folder, backup, _) = backup_and_store();
    let present = folder.path().join("present");
    fs::create_dir(&present).unwrap();
    fs::set_permissions(&present, fs::Permissions::from_mode(0o777)).unwrap();
    let owner = owned_by_another(&present);
    let store = present.join("deep/down/canaryd.db");
    restore(&backup, &store, NOW).unwrap();
    for made in [present.join("deep"), present.join("deep/down"), store.clone(), beside(&store, ".routes")] {
        assert_eq!(owner_and_mode(&made).0, owner, "{}", made.display());
    }
    let store = present.join("canaryd.db");
    restore(&backup, &store, NOW).unwrap();
    assert_eq!(owner_and_mode(&beside(&store, ".lock")), (owner, 0o660), "others could keep canaryd from starting");
}

#[test]
fn a_file_that_a_link_leads_to_is_not_given_away() {
    let (folder, backup, store) = backup_and_store();
    let (other, was) = (folder.path().join("other"), folder.path().join("was"));
    for (path, suffix) in [(&other, ".lock"), (&was, ".routes.new")] {
        fs::write(path, "of another").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(beside(&store, suffix)).unwrap_or_default();
        symlink(path, beside(&store, suffix)).unwrap();
    }
    fs::set_permissions(&store, fs::Permissions::from_mode(0o644)).unwrap();
    owned_by_another(&store);
    let before = [&other, &was].map(|path| owner_and_mode(path));
    restore(&backup, &store, NOW).unwrap();
    assert_eq!([&other, &was].map(|path| owner_and_mode(path)), before);
    assert_eq!([&other, &was].map(|path| fs::read(path).unwrap()), [b"of another", b"of another"]);
}

#[test]
fn what_an_attempt_left_behind_is_no_obstacle() {
    let (folder, backup, store) = backup_and_store();
    fs::write(beside(&store, ".restoring"), "half").unwrap();
    fs::write(beside(&store, ".restoring-journal"), "half").unwrap();
    fs::write(beside(&store, ".setting-aside"), "half").unwrap();
    restore(&backup, &store, NOW).unwrap();
    let names = ["backup", "canaryd.db", "canaryd.db.lock", "canaryd.db.replaced-0", "canaryd.db.routes"];
    assert_eq!(names_in(folder.path()), names);
}

//! The routes snapshot says what was stable, or nothing.

use std::fs;

use canary_controller::store::{Snapshot, SnapshotError};

use super::fixture::{beside, degraded, entry, folder, idle, names_in, ready, record, services, stables, store_in};

#[test]
fn the_snapshot_follows_every_change_of_a_stable_release() {
    let folder = folder();
    let path = store_in(&folder);
    let says = || Snapshot::of(&path).read().unwrap();
    assert_eq!(says(), None);
    let (mut store, _) = ready(&path);
    assert_eq!(says(), Some(stables([])));
    store.record(&record("web", idle("v1", 0))).unwrap();
    assert_eq!(says(), Some(stables([("web", "v1")])));
    store.record(&record("api", idle("a1", 0))).unwrap();
    store.record(&record("web", idle("v2", 1))).unwrap();
    assert_eq!(says(), Some(stables([("web", "v2"), ("api", "a1")])));
}

#[test]
fn a_start_mends_the_snapshot() {
    let folder = folder();
    let path = store_in(&folder);
    ready(&path).0.record(&record("web", idle("v1", 1))).unwrap();
    fs::write(beside(&path, ".routes"), "{}").unwrap();
    ready(&path);
    assert_eq!(Snapshot::of(&path).read(), Ok(Some(stables([("web", "v1")]))));
}

#[test]
fn a_snapshot_that_is_damaged_at_any_byte_is_right_or_rejected() {
    let folder = folder();
    let mut snapshot = Snapshot::of(&store_in(&folder));
    let truth = stables([("web", "v1.2.3"), ("api", "a1"), ("pay", "2024-11-03")]);
    snapshot.keep(&truth);
    let whole = fs::read(snapshot.path()).unwrap();
    let verdict = |bytes: &[u8]| {
        fs::write(snapshot.path(), bytes).unwrap();
        snapshot.read()
    };
    assert_eq!(verdict(&whole), Ok(Some(truth.clone())));
    for at in 0..whole.len() {
        assert!(matches!(verdict(&whole[..at]), Err(SnapshotError::Unreadable { .. })), "cut at {at}");
        for byte in 0..=u8::MAX {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            match verdict(&damaged) {
                Ok(stables) => assert_eq!(stables, Some(truth.clone()), "{byte} at {at}"),
                Err(SnapshotError::Unreadable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn with_store_and_snapshot_damaged_both_are_set_aside() {
    let folder = folder();
    let path = store_in(&folder);
    ready(&path).0.record(&record("web", idle("v5", 5))).unwrap();
    fs::write(&path, "no store").unwrap();
    fs::write(beside(&path, ".routes"), "no snapshot").unwrap();
    let (reason, last) = degraded(&path);
    assert!(last.is_empty());
    let end = format!(
        "; the routes snapshot {0} is unreadable: expected ident at line 1 column 2; it is kept as {0}.unreadable-0; \
         restart canaryd to begin a new one, with the configured releases",
        beside(&path, ".routes").display()
    );
    assert!(reason.ends_with(&end), "{reason}");
    assert!(ready(&path).1.services.is_empty(), "after a restart");
}

#[test]
fn a_store_that_is_gone_does_not_begin_anew_over_a_damaged_snapshot() {
    let folder = folder();
    let path = store_in(&folder);
    fs::write(beside(&path, ".routes"), "no snapshot").unwrap();
    let (reason, _) = degraded(&path);
    assert!(reason.starts_with(&format!("the store {} is gone; the routes snapshot ", path.display())), "{reason}");
    assert_eq!(names_in(folder.path()), ["canaryd.db.lock", "canaryd.db.routes.unreadable-0"]);
    ready(&path);
}

#[test]
fn a_snapshot_that_cannot_be_written_fails_no_record_and_is_made_good_later() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    let in_the_way = beside(&path, ".routes.new");
    fs::create_dir(&in_the_way).unwrap();
    let mut first = record("web", idle("v2", 1));
    first.entries.push(entry(1));
    store.record(&first).unwrap();
    let begin = format!("the routes snapshot {} cannot be written: ", beside(&path, ".routes").display());
    assert!(store.warning().unwrap().starts_with(&begin));
    assert_eq!(Snapshot::of(&path).read(), Ok(Some(stables([]))));
    fs::remove_dir(&in_the_way).unwrap();
    store.check().unwrap();
    assert_eq!(store.warning(), None);
    assert_eq!(Snapshot::of(&path).read(), Ok(Some(stables([("web", "v2")]))));
    drop(store);
    assert_eq!(ready(&path).1.services, services([("web", idle("v2", 1))]));
}

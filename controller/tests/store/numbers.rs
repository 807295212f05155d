//! The numbers of the audit trail: they rise, and none is given twice, whatever becomes of the lines.

use std::fs;
use std::time::Duration;

use canary_controller::store::{AUDIT_ROWS_MAX, Opened, Record, Store, open};
use rusqlite::Connection;

use super::fixture::{NOW, entry, folder, idle, numbered, ready, record, store_in};
use super::history::all;

/// The number that the next line gets.
fn next(store: &mut dyn Store) -> i64 {
    store.record(&numbered("web", 1)).unwrap();
    let newest = store.history(&all()).unwrap()[0].id;
    assert_eq!(store.last_entry(), newest);
    newest
}

#[test]
fn the_last_number_outlives_the_process_and_the_line() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    assert_eq!(store.last_entry(), 0);
    store.record(&record("web", idle("v1", 1))).unwrap();
    assert_eq!(store.last_entry(), 0, "nothing was told");
    store.record(&Record { entries: vec![entry(1), entry(2)], ..Record::default() }).unwrap();
    assert_eq!(store.last_entry(), 2);
    drop(store);
    for (number, loss) in [(3, "DELETE FROM audit WHERE id = 2"), (4, "DELETE FROM audit")] {
        Connection::open(&path).unwrap().execute(loss, []).unwrap();
        let (mut store, _) = ready(&path);
        assert_eq!(store.last_entry(), number - 1, "{loss}");
        assert_eq!(next(&mut *store), number, "{loss}");
    }
}

#[test]
fn a_line_whose_number_is_damaged_neither_takes_a_number_nor_drives_out_others() {
    for damaged in [i64::MIN, -1, 0, 4, i64::MAX] {
        let folder = folder();
        let path = store_in(&folder);
        let (mut store, _) = ready(&path);
        (1..=3).for_each(|number| store.record(&numbered("web", number)).unwrap());
        drop(store);
        Connection::open(&path).unwrap().execute("UPDATE audit SET id = ?1 WHERE id = 3", [damaged]).unwrap();
        let (mut store, _) = ready(&path);
        assert_eq!(next(&mut *store), 4, "{damaged}");
        let ids: Vec<_> = store.history(&all()).unwrap().iter().map(|entry| entry.id).collect();
        assert_eq!(ids, [4, 2, 1], "{damaged}");
        let beyond = "SELECT count(*) FROM audit WHERE id > 4";
        let beyond: u32 = Connection::open(&path).unwrap().query_row(beyond, [], |row| row.get(0)).unwrap();
        assert_eq!(beyond, 0, "{damaged}");
    }
}

#[test]
fn a_store_that_was_lost_begins_beyond_the_numbers_that_it_gave() {
    let folder = folder();
    let path = store_in(&folder);
    next(&mut *ready(&path).0);
    fs::remove_file(&path).unwrap();
    let later = NOW + Duration::from_secs(1_790_000_000);
    let Opened::Ready { mut store, .. } = open(&path, later).unwrap() else { panic!("it is in order") };
    assert_eq!(next(&mut *store), 1_790_000_001);
    let entries = (0..u64::from(AUDIT_ROWS_MAX)).map(entry).collect();
    store.record(&Record { entries, ..Record::default() }).unwrap();
    let rows = "SELECT count(*) FROM audit";
    let kept: u32 = Connection::open(&path).unwrap().query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, AUDIT_ROWS_MAX);
}

#[test]
fn a_gap_in_the_numbers_drives_no_line_out() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    (1..=3).for_each(|number| store.record(&numbered("web", number)).unwrap());
    let bytes = store.backup().unwrap();
    drop(store);
    let backup = folder.path().join("backup");
    fs::write(&backup, bytes).unwrap();
    let elsewhere = folder.path().join("elsewhere/canaryd.db");
    canary_controller::store::restore(&backup, &elsewhere, NOW + Duration::from_secs(1_790_000_000)).unwrap();
    let (mut store, _) = ready(&elsewhere);
    assert_eq!(next(&mut *store), 1_790_000_001);
    let ids: Vec<_> = store.history(&all()).unwrap().iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [1_790_000_001, 3, 2, 1]);
}

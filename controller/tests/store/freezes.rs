//! The freezes by an operator's word.

use canary_controller::store::Record;
use rusqlite::Connection;

use super::fixture::{degraded, folder, freezes, idle, names_in, numbered, ready, record, services, stables, store_in};

fn frozen() -> Record {
    Record { freezes: Some(freezes()), ..numbered("web", 1) }
}

#[test]
fn freezes_come_back_as_they_were_until_others_take_their_place() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, loaded) = ready(&path);
    assert!(loaded.freezes.is_empty());
    store.record(&frozen()).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.freezes, freezes());
    store.record(&record("api", idle("a1", 1))).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.freezes, freezes(), "a record that says nothing of them changes nothing");
    let last = freezes().split_off(1);
    store.record(&Record { freezes: Some(last.clone()), ..Record::default() }).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.freezes, last);
    store.record(&Record { freezes: Some(Vec::new()), ..Record::default() }).unwrap();
    drop(store);
    let (_, loaded) = ready(&path);
    assert!(loaded.freezes.is_empty());
    assert_eq!(loaded.services, services([("web", idle("v1", 1)), ("api", idle("a1", 1))]));
}

#[test]
fn a_freeze_that_was_changed_lost_or_added_by_others_is_found() {
    for vandalism in [
        "UPDATE freezes SET kept = replace(kept, 'freeze', 'lift')",
        "UPDATE freezes SET kept = replace(kept, '2026', '2025')",
        "DELETE FROM freezes WHERE number = 1",
        "DELETE FROM freezes",
        "INSERT INTO freezes SELECT 3, kept, crc32 FROM freezes WHERE number = 1",
        "UPDATE freezes SET number = 3 WHERE number = 1",
        "UPDATE seal SET last_entry = NULL",
        "UPDATE seal SET last_entry = 0",
    ] {
        let folder = folder();
        let path = store_in(&folder);
        ready(&path).0.record(&frozen()).unwrap();
        let changed = Connection::open(&path).unwrap().execute(vandalism, []).unwrap();
        assert!(changed > 0, "{vandalism}");
        let (reason, last) = degraded(&path);
        assert!(reason.contains("is unreadable: the "), "{vandalism}: {reason}");
        assert_eq!(last, stables([("web", "v1")]), "{vandalism}");
        assert!(names_in(folder.path()).contains(&"canaryd.db.unreadable-0".to_owned()), "{vandalism}");
    }
}

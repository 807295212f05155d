//! A backup is the whole store as it is between two records.

use std::fs;
use std::sync::mpsc::channel;

use canary_controller::rollout::Stop;
use canary_controller::store::{ClosedStore, Keeper, Loaded, PaperKind, Record, Store, StoreError};
use rusqlite::Connection;

use super::fixture::{
    entry, folder, freezes, generation, idle, names_in, numbered, paper, ready, record, service, services, store_in,
};
use super::history::{all, numbers};

#[test]
fn a_backup_says_what_the_store_says_and_leaves_nothing_behind() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, Loaded { seed, .. }) = ready(&path);
    let papers = [PaperKind::Evidence, PaperKind::Account].map(|kind| paper("web", 1, kind, "{\"a\":1}"));
    store.record(&Record { freezes: Some(freezes()), papers: papers.to_vec(), ..numbered("web", 1) }).unwrap();
    let bytes = store.backup().unwrap();
    assert_eq!(bytes, fs::read(&path).unwrap());
    assert_eq!(names_in(folder.path()), ["canaryd.db", "canaryd.db.lock", "canaryd.db.routes"]);
    store.record(&numbered("web", 2)).unwrap();

    let copy = folder.path().join("copy.db");
    fs::write(&copy, bytes).unwrap();
    let (mut copied, loaded) = ready(&copy);
    let services = services([("web", idle("v1", 1))]);
    let (answered, papers) = (Vec::new(), papers[..1].to_vec());
    assert_eq!(loaded, Loaded { services, stop: Stop::Unclean, freezes: freezes(), answered, papers, seed });
    assert_eq!(copied.account(&service("web"), generation(1)).unwrap().as_deref(), Some("{\"a\":1}"));
    assert_eq!(numbers(&mut *copied, &all()), [1]);
    assert_eq!(numbers(&mut *store, &all()), [2, 1]);
}

#[test]
fn a_backup_comes_between_the_records_that_are_asked_for_around_it() {
    let folder = folder();
    let (keeper, handle) = Keeper::start(ready(&store_in(&folder)).0, |_| {}).unwrap();
    let (tell, told) = channel();
    for number in 1..=20 {
        handle.record(numbered("web", number), |result| result.unwrap()).unwrap();
        let tell = tell.clone();
        handle.backup(move |result| tell.send((number, result.unwrap())).unwrap()).unwrap();
    }
    keeper.stop();
    drop(tell);
    for (number, bytes) in told {
        let copy = folder.path().join(format!("copy-{number}.db"));
        fs::write(&copy, bytes).unwrap();
        let (mut copied, loaded) = ready(&copy);
        assert_eq!(loaded.services, services([("web", idle("v1", number))]));
        assert_eq!(numbers(&mut *copied, &all()), (1..=number).rev().collect::<Vec<_>>());
    }
}

#[test]
fn no_backup_is_made_of_a_store_that_is_damaged() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.record(&record("web", idle("v1", 1))).unwrap();
    Connection::open(&path).unwrap().execute("UPDATE services SET saved = '{}'", []).unwrap();
    let error = store.backup().unwrap_err().to_string();
    assert!(error.starts_with(&format!("the store {} is unreadable: the seal", path.display())), "{error}");
}

#[test]
fn a_damaged_line_of_the_audit_trail_forbids_no_backup() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.record(&Record { entries: vec![entry(1), entry(2)], ..Record::default() }).unwrap();
    Connection::open(&path).unwrap().execute("UPDATE audit SET note = '3' WHERE id = 1", []).unwrap();
    assert_eq!(store.backup().unwrap(), fs::read(&path).unwrap());
}

#[test]
fn a_store_that_is_closed_has_no_backup() {
    let reason = "the store is gone; restart canaryd".to_owned();
    let mut store = ClosedStore::new(reason.clone(), None);
    assert_eq!(store.backup(), Err(StoreError::Closed(reason)));
}

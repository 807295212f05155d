//! What is recorded is there when the store is opened again.

use canary_controller::rollout::Stop;
use canary_controller::store::SqliteStore;

use super::fixture::{
    beside, every_saved, folder, idle, names_in, numbered, ready, record, services, stables, store_in,
};

#[test]
fn a_first_start_finds_nothing_and_takes_the_last_stop_for_an_orderly_one() {
    let folder = folder();
    let (_store, loaded) = ready(&folder.path().join("deep/down/canaryd.db"));
    assert!(loaded.services.is_empty());
    assert_eq!(loaded.stop, Stop::Orderly);
}

#[test]
fn every_kind_of_rollout_comes_back_as_it_was() {
    for saved in every_saved() {
        let folder = folder();
        let (mut store, _) = ready(&store_in(&folder));
        store.record(&record("web", saved.clone())).unwrap();
        drop(store);
        assert_eq!(ready(&store_in(&folder)).1.services, services([("web", saved)]));
    }
}

#[test]
fn the_last_record_of_each_service_counts() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    for (name, saved) in [("web", idle("v1", 1)), ("api", idle("a1", 1)), ("web", idle("v2", 2))] {
        store.record(&record(name, saved)).unwrap();
    }
    drop(store);
    let (_, loaded) = ready(&store_in(&folder));
    assert_eq!(loaded.services, services([("web", idle("v2", 2)), ("api", idle("a1", 1))]));
}

#[test]
fn only_a_stop_that_was_marked_is_orderly_and_only_once() {
    let folder = folder();
    let path = store_in(&folder);
    assert_eq!(ready(&path).1.stop, Stop::Orderly, "the first start");
    assert_eq!(ready(&path).1.stop, Stop::Unclean, "nothing was marked");
    ready(&path).0.mark_orderly_stop().unwrap();
    assert_eq!(ready(&path).1.stop, Stop::Orderly, "it was marked");
    assert_eq!(ready(&path).1.stop, Stop::Unclean, "the mark was for one start");
}

#[test]
fn a_check_keeps_the_mark_and_a_record_takes_it_back() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.mark_orderly_stop().unwrap();
    store.check().unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.stop, Stop::Orderly);
    store.mark_orderly_stop().unwrap();
    store.record(&numbered("web", 1)).unwrap();
    drop(store);
    assert_eq!(ready(&path).1.stop, Stop::Unclean);
}

#[test]
fn between_two_records_one_file_holds_everything() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.record(&numbered("web", 1)).unwrap();
    let expected = ["canaryd.db", "canaryd.db.lock", "canaryd.db.routes"];
    assert_eq!(names_in(folder.path()), expected);
    let copy = folder.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    drop(store);
    assert_eq!(ready(&copy).1, ready(&path).1);
}

#[test]
fn a_new_store_appears_whole_or_not_at_all() {
    let folder = folder();
    let path = store_in(&folder);
    std::fs::write(beside(&path, ".new"), "what an attempt left behind").unwrap();
    SqliteStore::create(&path, &stables([("web", "v9")]), 0).unwrap();
    assert_eq!(names_in(folder.path()), ["canaryd.db"]);
    assert_eq!(ready(&path).1.services, services([("web", idle("v9", 0))]));
}

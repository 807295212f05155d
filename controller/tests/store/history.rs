//! The audit trail.

use canary_controller::store::{AUDIT_ROWS_MAX, Entry, HISTORY_LIMIT_MAX, HistoryQuery, Order, Record, Store};
use rusqlite::Connection;

use super::fixture::{entry, folder, generation, idle, key, numbered, ready, record, service, store_in};

pub(super) fn all() -> HistoryQuery {
    HistoryQuery { service: None, generation: None, order: Order::NewestFirst, limit: usize::MAX }
}

pub(super) fn of_service(name: &str, limit: usize) -> HistoryQuery {
    HistoryQuery { service: Some(service(name)), limit, ..all() }
}

/// The numbers of the lines, newest first.
pub(super) fn numbers(store: &mut dyn Store, query: &HistoryQuery) -> Vec<u64> {
    let entries = store.history(query).unwrap();
    entries.iter().map(|entry| entry.note.as_deref().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_newest_lines_come_first_and_no_more_than_were_asked_for() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    for (name, number) in [("web", 1), ("api", 2), ("web", 3), ("web", 4)] {
        store.record(&numbered(name, number)).unwrap();
    }
    assert_eq!(numbers(&mut *store, &all()), [4, 3, 2, 1]);
    assert_eq!(numbers(&mut *store, &HistoryQuery { limit: 2, ..all() }), [4, 3]);
    assert_eq!(numbers(&mut *store, &of_service("web", 2)), [4, 3]);
    assert_eq!(numbers(&mut *store, &of_service("api", 9)), [2]);
    assert!(numbers(&mut *store, &of_service("pay", 9)).is_empty());
}

#[test]
fn the_lines_of_one_rollout_or_after_a_number_can_be_asked_for() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    for (name, number) in [("web", 1), ("api", 2), ("web", 2), ("web", 3), ("api", 3)] {
        store.record(&numbered(name, number)).unwrap();
    }
    let mut ids = |query| store.history(&query).unwrap().iter().map(|entry| entry.id).collect::<Vec<_>>();
    let of_two = HistoryQuery { generation: Some(generation(2)), ..all() };
    assert_eq!(ids(of_two.clone()), [3, 2]);
    assert_eq!(ids(HistoryQuery { service: Some(service("web")), ..of_two.clone() }), [3]);
    assert_eq!(ids(HistoryQuery { order: Order::After(2), ..of_two }), [3]);
    assert_eq!(ids(HistoryQuery { order: Order::After(1), limit: 3, ..all() }), [2, 3, 4]);
    assert_eq!(ids(HistoryQuery { order: Order::After(i64::MIN), ..all() }), [1, 2, 3, 4, 5]);
    assert!(ids(HistoryQuery { order: Order::After(5), ..all() }).is_empty());
    assert!(ids(HistoryQuery { limit: 0, ..all() }).is_empty());
}

#[test]
fn a_line_may_be_about_all_services_and_about_no_rollout() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    let entries = vec![Entry { service: None, transition: None, command: Some("freeze".to_owned()), ..entry(1) }];
    store.record(&Record { entries, ..Record::default() }).unwrap();
    let line = store.history(&all()).unwrap().remove(0);
    assert_eq!((line.service, line.transition, line.command.as_deref()), (None, None, Some("freeze")));
    assert!(store.history(&of_service("web", 9)).unwrap().is_empty());
}

#[test]
fn a_line_says_all_that_was_recorded() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    store.record(&numbered("web", 61)).unwrap();
    let Entry { at: _, service, actor, command, note, key: _, transition, evidence } = entry(61);
    let line = store.history(&all()).unwrap().remove(0);
    assert_eq!((line.id, line.at.as_str(), line.service), (1, "1970-01-01T00:01:01.000Z", service));
    assert_eq!((line.actor, line.command, line.note), (actor, command, note));
    assert_eq!((line.transition, line.evidence), (transition, evidence));
}

#[test]
fn a_service_that_is_first_seen_has_no_story() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    store.record(&record("web", idle("v1", 0))).unwrap();
    assert!(store.history(&all()).unwrap().is_empty());
}

#[test]
fn evidence_that_is_infinite_is_kept_as_the_greatest_number() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    let mut entry = entry(1);
    entry.evidence.as_mut().unwrap().ln_abort = f64::INFINITY;
    store.record(&Record { entries: vec![entry], ..Record::default() }).unwrap();
    let line = store.history(&all()).unwrap().remove(0);
    let evidence = line.evidence.map(|evidence| evidence.ln_abort);
    assert_eq!((line.note.as_deref(), evidence), (Some("1"), Some(f64::MAX)));
}

#[test]
fn a_line_that_was_changed_is_left_out() {
    let texts = ["at", "service", "actor", "command", "note", "transition", "evidence", "key"];
    let changes = texts.map(|column| format!("{column} = substr({column}, 2)"));
    let numbers_and_nothing = ["id = 4", "generation = 4", "key = NULL", "note = NULL"].map(str::to_owned);
    for change in changes.into_iter().chain(numbers_and_nothing) {
        let folder = folder();
        let (mut store, _) = ready(&store_in(&folder));
        for number in 1..=3 {
            let entries = vec![Entry { key: Some(key("a-key")), ..entry(number) }];
            store.record(&Record { entries, ..Record::default() }).unwrap();
        }
        let vandal = Connection::open(store_in(&folder)).unwrap();
        vandal.execute(&format!("UPDATE audit SET {change} WHERE id = 2"), []).unwrap();
        assert_eq!(numbers(&mut *store, &all()), [3, 1], "{change}");
        let two = HistoryQuery { order: Order::After(0), limit: 2, ..all() };
        assert_eq!(numbers(&mut *store, &two), [1, 3], "{change}: it takes nobody's place");
    }
}

#[test]
fn the_oldest_lines_go_when_there_are_too_many() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    let entries: Vec<_> = (1..=u64::from(AUDIT_ROWS_MAX)).map(entry).collect();
    store.record(&Record { entries, ..Record::default() }).unwrap();
    let witness = Connection::open(store_in(&folder)).unwrap();
    let count = || {
        let bounds = "SELECT count(*), min(id), max(id) FROM audit";
        witness.query_row(bounds, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    assert_eq!(count(), (AUDIT_ROWS_MAX, 1, AUDIT_ROWS_MAX));
    store.record(&numbered("web", 2)).unwrap();
    store.record(&numbered("web", 3)).unwrap();
    assert_eq!(count(), (AUDIT_ROWS_MAX, 3, AUDIT_ROWS_MAX + 2));
    assert_eq!(store.history(&all()).unwrap().len(), HISTORY_LIMIT_MAX);
}

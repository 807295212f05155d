//! Commands with a key: what was done is known after a restart.

use canary_controller::rollout::Reason;
use canary_controller::store::{ANSWERED_MAX, Answered, Entry, Record};
use rusqlite::Connection;

use super::fixture::{entry, folder, key, ready, service, store_in};

/// A line of a command with a key.
fn done(command: &str, name: &str, number: u64, with: &str) -> Entry {
    let (command, service, key) = (Some(command.to_owned()), Some(service(name)), Some(key(with)));
    Entry { command, service, key, ..entry(number) }
}

fn record_of(entries: Vec<Entry>) -> Record {
    Record { entries, ..Record::default() }
}

fn keys_of(answered: &[Answered]) -> Vec<&str> {
    answered.iter().map(|answered| answered.key.as_str()).collect()
}

#[test]
fn every_command_with_a_key_comes_back_with_all_that_it_moved() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, loaded) = ready(&path);
    assert!(loaded.answered.is_empty());
    let freeze = Entry { service: None, transition: None, ..done("freeze", "web", 4, "k-2") };
    let without_a_key = Entry { key: None, ..done("abort", "web", 3, "-") };
    store.record(&record_of(vec![done("start", "web", 1, "k-1"), done("start", "api", 2, "k-1")])).unwrap();
    store.record(&record_of(vec![without_a_key])).unwrap();
    store.record(&record_of(vec![freeze])).unwrap();
    drop(store);
    let moves = vec![(Some(service("web")), entry(1).transition), (Some(service("api")), entry(2).transition)];
    let start = Answered { key: key("k-1"), command: "start".to_owned(), moves };
    let freeze = Answered { key: key("k-2"), command: "freeze".to_owned(), moves: vec![(None, None)] };
    assert_eq!(ready(&path).1.answered, [start, freeze]);
}

#[test]
fn only_the_newest_keys_are_remembered() {
    let folder = folder();
    let path = store_in(&folder);
    let names: Vec<_> = (0..ANSWERED_MAX + 3).map(|number| format!("k-{number}")).collect();
    let entries = names.iter().flat_map(|name| [done("start", "web", 1, name), done("start", "api", 1, name)]);
    ready(&path).0.record(&record_of(entries.collect())).unwrap();
    let answered = ready(&path).1.answered;
    assert_eq!(keys_of(&answered), names[3..]);
    assert!(answered.iter().all(|answered| answered.moves.len() == 2));
}

#[test]
fn a_command_whose_line_is_damaged_is_not_taken_for_done() {
    let folder = folder();
    let path = store_in(&folder);
    let names = ["k-1", "k-2", "k-3"];
    let entries = names.map(|name| done("promote", "web", 1, name));
    ready(&path).0.record(&record_of(entries.into())).unwrap();
    Connection::open(&path).unwrap().execute("UPDATE audit SET key = 'k-9' WHERE key = 'k-2'", []).unwrap();
    assert_eq!(keys_of(&ready(&path).1.answered), ["k-1", "k-3"]);
}

#[test]
fn a_command_that_was_taken_back_does_not_count_as_done_until_it_is_done_again() {
    let folder = folder();
    let path = store_in(&folder);
    let mut back = Entry { command: None, ..done("-", "web", 2, "k-1") };
    back.transition.as_mut().expect("a change").reason = Reason::Overtaken;
    let others = done("promote", "web", 3, "k-2");
    ready(&path).0.record(&record_of(vec![done("start", "web", 1, "k-1"), back, others])).unwrap();
    assert_eq!(keys_of(&ready(&path).1.answered), ["k-2"]);
    ready(&path).0.record(&record_of(vec![done("start", "web", 4, "k-1")])).unwrap();
    let answered = ready(&path).1.answered;
    assert_eq!((keys_of(&answered), answered[1].moves.len()), (vec!["k-2", "k-1"], 1));
}

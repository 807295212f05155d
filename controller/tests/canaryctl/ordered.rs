//! An order is sent again when nobody knows what became of it, and is done once.

use crate::canaryctl::answers::started;
use crate::canaryctl::fake::{Answer, Fake};

fn cut() -> Answer {
    Answer::Bytes(Vec::new())
}

fn on_its_way() -> Answer {
    Answer::problem("409 Conflict", "in-progress", "a command with it is still on its way; try again")
}

#[test]
fn every_call_is_an_order_of_its_own_unless_it_has_a_name() {
    let fake = Fake::saying([Answer::ok(&started())]);
    for args in [&["abort", "web"][..], &["abort", "web"], &["abort", "web", "--idempotency-key", "CHG-1042"]] {
        assert_eq!(fake.run(args).code, 0);
    }
    let keys: Vec<_> = fake.asked().into_iter().map(|request| request.key.unwrap()).collect();
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[2], "CHG-1042");
}

#[test]
fn a_connection_that_breaks_is_tried_again_with_the_same_name() {
    let fake = Fake::saying([cut(), cut(), Answer::ok(&started())]);
    let ended = fake.run(&["abort", "web", "--reason", "r"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|request| *request == asked[0]), "{asked:?}");
}

#[test]
fn a_connection_that_breaks_again_and_again_is_a_failure() {
    let fake = Fake::saying([cut()]);
    let ended = fake.run(&["abort", "web"]);
    let stderr = "\
error: the connection ended before canaryd's answer did
hint: a command may be done or not; `canaryctl status` shows it
";
    assert_eq!((ended.code, ended.stderr.as_str()), (1, stderr));
    assert_eq!(fake.asked().len(), 3);
}

#[test]
fn a_refusal_is_not_argued_with() {
    let fake = Fake::saying([cut(), Answer::problem("409 Conflict", "refused", "no rollout is under way")]);
    assert_eq!(fake.run(&["abort", "web"]).code, 4);
    assert_eq!(fake.asked().len(), 2);
}

#[test]
fn an_order_that_is_still_on_its_way_is_waited_for() {
    let fake = Fake::saying([cut(), on_its_way(), on_its_way(), cut(), Answer::ok(&started())]);
    let ended = fake.run(&["abort", "web"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let asked = fake.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|request| *request == asked[0]), "{asked:?}");
}

#[test]
fn nobody_is_told_that_nothing_has_changed_while_an_order_is_on_its_way() {
    let fake = Fake::saying([cut(), on_its_way()]);
    let ended = fake.run(&["abort", "web"]);
    let stderr = "\
error: a command with it is still on its way; try again
hint: it may be done or not; see `canaryctl history`
";
    assert_eq!((ended.code, ended.stderr.as_str()), (1, stderr));
    assert_eq!(fake.asked().len(), 7);
}

#[test]
fn a_look_is_not_repeated() {
    let fake = Fake::saying([cut()]);
    assert_eq!(fake.run(&["status"]).code, 1);
    assert_eq!(fake.asked().len(), 1);
}

//! The papers beside the rollouts, and the seed: they are kept like everything, and never cost the rest.

use canary_controller::rollout::{Position, Stop};
use canary_controller::store::{ACCOUNTS_MAX, PAPER_BYTES_MAX, Paper, PaperKind, Record, Store};
use rusqlite::Connection;

use super::fixture::{
    beside, folder, generation, idle, numbered, paper, ready, record, saved, service, services, store_in, under_way,
};

/// More than any generation here.
const GENERATION_MAX: u64 = 40;

fn evidence(name: &str, number: u64, body: &str) -> Paper {
    paper(name, number, PaperKind::Evidence, body)
}

fn account(name: &str, number: u64, body: &str) -> Paper {
    paper(name, number, PaperKind::Account, body)
}

fn record_of(papers: &[Paper]) -> Record {
    Record { papers: papers.to_vec(), ..Record::default() }
}

/// The generations of which there is an account, and what each says.
fn accounts(store: &mut dyn Store, name: &str) -> Vec<(u64, String)> {
    let all = (0..GENERATION_MAX).map(|number| (number, store.account(&service(name), generation(number)).unwrap()));
    all.filter_map(|(number, body)| Some((number, body?))).collect()
}

#[test]
fn papers_come_back_until_others_take_their_place() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, loaded) = ready(&path);
    assert!(loaded.papers.is_empty());
    store
        .record(&record_of(&[evidence("web", 1, "[1]"), account("web", 1, "[2]"), evidence("api", 1, "[3]")]))
        .unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.papers, [evidence("api", 1, "[3]"), evidence("web", 1, "[1]")]);
    assert_eq!(accounts(&mut *store, "web"), [(1, "[2]".to_owned())]);
    assert!(accounts(&mut *store, "api").is_empty());
    store.record(&record_of(&[evidence("web", 1, "[4]"), account("web", 1, "[5]"), evidence("api", 1, "")])).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.papers, [evidence("web", 1, "[4]")]);
    assert_eq!(accounts(&mut *store, "web"), [(1, "[5]".to_owned())]);
    store.record(&record_of(&[account("web", 1, "")])).unwrap();
    assert!(accounts(&mut *store, "web").is_empty());
}

#[test]
fn only_the_evidence_of_the_newest_try_of_a_service_is_kept() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.record(&record_of(&[evidence("web", 1, "[1]"), evidence("api", 1, "[2]")])).unwrap();
    store.record(&record_of(&[evidence("web", 2, "[3]")])).unwrap();
    drop(store);
    assert_eq!(ready(&path).1.papers, [evidence("api", 1, "[2]"), evidence("web", 2, "[3]")]);
}

#[test]
fn the_accounts_of_the_oldest_rollouts_go_when_there_are_too_many() {
    let folder = folder();
    let (mut store, _) = ready(&store_in(&folder));
    let newest = u64::from(ACCOUNTS_MAX) + 3;
    store.record(&record_of(&[account("api", 1, "[1]"), evidence("web", 1, "[1]")])).unwrap();
    for number in 1..=newest {
        store.record(&record_of(&[account("web", number, "[1]")])).unwrap();
    }
    let kept: Vec<_> = accounts(&mut *store, "web").into_iter().map(|(number, _)| number).collect();
    assert_eq!(kept, (4..=newest).collect::<Vec<_>>());
    assert_eq!(accounts(&mut *store, "api").len(), 1, "each service has its own");
    drop(store);
    assert_eq!(ready(&store_in(&folder)).1.papers, [evidence("web", 1, "[1]")]);
}

#[test]
fn a_process_goes_on_from_the_account_of_what_is_under_way() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    store.record(&record("web", saved("v1", 1, under_way(Position::Step(1))))).unwrap();
    store.record(&record("api", idle("a1", 2))).unwrap();
    let papers =
        [account("api", 2, "[1]"), account("web", 9, "[2]"), account("web", 1, "[3]"), evidence("web", 1, "[4]")];
    store.record(&record_of(&papers)).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.papers, [evidence("web", 1, "[4]"), account("web", 1, "[3]")]);
    assert_eq!(accounts(&mut *store, "web"), [(1, "[3]".to_owned()), (9, "[2]".to_owned())]);
}

#[test]
fn what_is_only_told_leaves_an_orderly_stop_what_it_was() {
    let folder = folder();
    let path = store_in(&folder);
    let stop_after = |papers: &[Paper]| {
        let (mut store, _) = ready(&path);
        store.mark_orderly_stop().unwrap();
        store.record(&record_of(papers)).unwrap();
        drop(store);
        ready(&path).1.stop
    };
    assert_eq!(stop_after(&[account("web", 1, "[1]")]), Stop::Orderly);
    assert_eq!(stop_after(&[account("web", 1, ""), account("api", 2, "[1]")]), Stop::Orderly);
    assert_eq!(stop_after(&[account("web", 1, "[1]"), evidence("web", 1, "[2]")]), Stop::Unclean);
    let (mut store, _) = ready(&path);
    store.record(&record_of(&[account("web", 1, "[1]")])).unwrap();
    drop(store);
    assert_eq!(ready(&path).1.stop, Stop::Unclean, "it was not orderly before");
}

#[test]
fn a_paper_that_is_too_long_is_left_out_and_what_came_with_it_is_kept() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, _) = ready(&path);
    let longest = "1".repeat(PAPER_BYTES_MAX);
    store.record(&record_of(&[evidence("web", 1, &longest)])).unwrap();
    drop(store);
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.papers, [evidence("web", 1, &longest)]);
    let papers = vec![evidence("web", 1, &format!("{longest}1"))];
    store.record(&Record { papers, ..numbered("web", 1) }).unwrap();
    drop(store);
    let (_, loaded) = ready(&path);
    assert_eq!(loaded.services, services([("web", idle("v1", 1))]));
    assert!(loaded.papers.is_empty(), "what it was to replace is out of date");
}

#[test]
fn a_paper_that_was_changed_is_left_out_and_the_rest_is_trusted() {
    let columns = ["service = 'pay'", "generation = 7", "body = '[9]'", "crc32 = crc32 + 1", "kind = 'letter'"];
    for change in columns {
        for kind in ["evidence", "account"] {
            let folder = folder();
            let path = store_in(&folder);
            let (mut store, _) = ready(&path);
            let papers = vec![evidence("web", 2, "[1]"), account("web", 2, "[2]"), account("web", 3, "[3]")];
            store.record(&Record { papers, ..record("web", idle("v1", 3)) }).unwrap();
            drop(store);
            let vandalism = format!("UPDATE papers SET {change} WHERE generation = 2 AND kind = '{kind}'");
            assert_eq!(Connection::open(&path).unwrap().execute(&vandalism, []).unwrap(), 1, "{vandalism}");
            let (mut store, loaded) = ready(&path);
            assert_eq!(loaded.services, services([("web", idle("v1", 3))]), "{vandalism}");
            let expected = if kind == "account" { vec![evidence("web", 2, "[1]")] } else { Vec::new() };
            assert_eq!(loaded.papers, expected, "{vandalism}");
            let left = [(2, "[2]".to_owned()), (3, "[3]".to_owned())];
            let first = usize::from(kind == "account");
            assert_eq!(accounts(&mut *store, "web"), left[first..], "{vandalism}");
            assert!(accounts(&mut *store, "pay").is_empty(), "{vandalism}");
        }
    }
}

#[test]
fn evidence_that_comes_back_or_goes_without_a_word_takes_all_evidence_with_it() {
    let again = "INSERT INTO papers SELECT * FROM gone";
    for vandalism in [again, "DELETE FROM papers WHERE service = 'api'", "DELETE FROM papers"] {
        let folder = folder();
        let path = store_in(&folder);
        let (mut store, _) = ready(&path);
        store.record(&record_of(&[evidence("web", 1, "[1]"), evidence("api", 1, "[2]")])).unwrap();
        let vandal = Connection::open(&path).unwrap();
        vandal.execute_batch("CREATE TABLE gone AS SELECT * FROM papers WHERE service = 'web'").unwrap();
        store.record(&record_of(&[evidence("web", 1, "")])).unwrap();
        drop(store);
        assert!(vandal.execute(vandalism, []).unwrap() > 0, "{vandalism}");
        assert!(ready(&path).1.papers.is_empty(), "{vandalism}");
        let (mut store, loaded) = ready(&path);
        assert!(loaded.papers.is_empty(), "{vandalism}: it is gone for good");
        store.record(&record_of(&[evidence("api", 2, "[3]")])).unwrap();
        drop(store);
        assert_eq!(ready(&path).1.papers, [evidence("api", 2, "[3]")], "{vandalism}");
    }
}

#[test]
fn the_seed_lives_as_long_as_the_store() {
    let folder = folder();
    let path = store_in(&folder);
    let (mut store, loaded) = ready(&path);
    store.record(&numbered("web", 1)).unwrap();
    drop(store);
    assert_eq!(ready(&path).1.seed, loaded.seed);
    std::fs::remove_file(&path).unwrap();
    assert_ne!(ready(&path).1.seed, loaded.seed, "a store that is lost takes its secret with it");
    for vandalism in ["upper(seed) || ''", "'00'", "NULL"] {
        let other = beside(&path, ".other");
        ready(&other).0.record(&numbered("web", 1)).unwrap();
        let change = format!("UPDATE seal SET seed = {vandalism}");
        Connection::open(&other).unwrap().execute(&change, []).unwrap();
        let (reason, _) = super::fixture::degraded(&other);
        assert!(reason.contains("the seal"), "{vandalism}: {reason}");
    }
}

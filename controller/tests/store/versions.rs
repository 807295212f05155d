//! Stores that other versions of canaryd wrote.

use std::fs;
use std::path::Path;
use std::time::Duration;

use canary_config::plan::{Gate, OnBusy};
use canary_controller::api::RolloutSummary;
use canary_controller::rollout::{PhaseName, Position, Reason, State, Stop};
use canary_controller::store::{PaperKind, SCHEMA_VERSION};
use rusqlite::Connection;

use super::fixture::{
    aborted, beside, degraded, entry, folder, freezes, generation, idle, key, names_in, numbered, paper, ready,
    release, saved, service, services, store_in, under_way,
};
use super::history::{all, numbers};

fn filled(path: &Path, with: &str) {
    Connection::open(path).unwrap().execute_batch(with).unwrap();
}

fn version(path: &Path) -> i32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_version_1_can_be_read_and_goes_on_as_the_present_one() {
    let folder = folder();
    let path = store_in(&folder);
    filled(&path, include_str!("version_1.sql"));
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.stop, Stop::Orderly);
    let web = saved("v1", 7, aborted("v2", Reason::NeverReady));
    assert_eq!(loaded.services, services([("api", idle("a1", 3)), ("web", web)]));
    assert!(loaded.freezes.is_empty() && loaded.answered.is_empty());
    assert_eq!(numbers(&mut *store, &all()), [7]);
    assert_eq!(store.last_entry(), 1);
    store.record(&numbered("web", 8)).unwrap();
    assert_eq!(numbers(&mut *store, &all()), [8, 7]);
    drop(store);
    assert_eq!(version(&path), SCHEMA_VERSION);
    let (mut store, again) = ready(&path);
    assert_eq!(again.stop, Stop::Unclean);
    assert_eq!(again.seed, loaded.seed, "it was made once");
    assert_eq!(numbers(&mut *store, &all()), [8, 7]);
}

#[test]
fn a_damaged_store_of_version_1_is_set_aside_as_it_was_found() {
    for damage in ["DELETE FROM services WHERE name = 'api'", "UPDATE seal SET stop = 'never'", "DELETE FROM seal"] {
        let folder = folder();
        let path = store_in(&folder);
        filled(&path, include_str!("version_1.sql"));
        filled(&path, damage);
        let found = fs::read(&path).unwrap();
        let (reason, _) = degraded(&path);
        assert_eq!(fs::read(beside(&path, ".unreadable-0")).unwrap(), found, "{damage}: {reason}");
        assert_eq!(names_in(folder.path()), ["canaryd.db.lock", "canaryd.db.unreadable-0"], "{damage}");
    }
}

#[test]
fn rollouts_that_version_1_left_under_way_go_on() {
    let folder = folder();
    let path = store_in(&folder);
    filled(&path, include_str!("version_1_rollouts.sql"));
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.services.len(), 4);
    let State::UnderWay { trial, position, .. } = &loaded.services[&service("api")].state else { panic!("{loaded:?}") };
    assert_eq!((position, &trial.canary), (&Position::Step(0), &release("v2")));
    let day = Duration::from_secs(24 * 60 * 60);
    let gates: Vec<_> = trial.plan.steps.iter().map(|step| step.gate).collect();
    assert_eq!(gates, [Gate::Manual { deadline: day }, Gate::Evidence]);
    assert_eq!((trial.plan.on_busy, trial.plan.drain_timeout), (OnBusy::Reject, Duration::from_secs(30)));
    assert!(trial.peers.is_empty());
    assert_eq!(loaded.services[&service("web")], saved("v1", 1, aborted("v2", Reason::Command)));
    let ids: Vec<_> = store.history(&all()).unwrap().iter().map(|entry| entry.id).collect();
    assert_eq!(ids, (1..=9).rev().collect::<Vec<_>>());
    let RolloutSummary { began_at, phase, weight_max_bp, .. } = store.rollouts(&service("web"), 9).unwrap().remove(0);
    assert_eq!(
        (began_at.as_deref(), phase, weight_max_bp.bp()),
        (Some("1970-01-01T00:00:05.000Z"), PhaseName::Aborted, 1_000)
    );
}

#[test]
fn a_store_of_version_2_can_be_read() {
    let folder = folder();
    let path = store_in(&folder);
    filled(&path, include_str!("version_2.sql"));
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.stop, Stop::Orderly);
    let web = saved("v1", 8, under_way(Position::PausedAt(1)));
    assert_eq!(loaded.services, services([("api", idle("a1", 3)), ("web", web)]));
    assert_eq!(loaded.freezes, freezes());
    let answered = &loaded.answered[0];
    assert_eq!((loaded.answered.len(), &answered.key, answered.command.as_str()), (1, &key("a-key"), "promote"));
    assert_eq!(answered.moves, [(Some(service("web")), entry(8).transition)]);
    assert_eq!(numbers(&mut *store, &all()), [8, 7]);
    assert_eq!(store.last_entry(), 2);
    assert!(loaded.papers.is_empty());
    drop(store);
    let (_, again) = ready(&path);
    assert_eq!((again.services, again.freezes, again.seed), (loaded.services, loaded.freezes, loaded.seed));
}

#[test]
fn a_store_of_version_3_can_be_read() {
    let folder = folder();
    let path = store_in(&folder);
    filled(&path, include_str!("version_3.sql"));
    let (mut store, loaded) = ready(&path);
    assert_eq!(loaded.stop, Stop::Orderly);
    let web = saved("v1", 8, under_way(Position::PausedAt(1)));
    assert_eq!(loaded.services, services([("api", idle("a1", 3)), ("web", web)]));
    assert_eq!(loaded.freezes, freezes());
    assert_eq!(loaded.papers, [paper("web", 8, PaperKind::Evidence, "{\"arms\":[]}")]);
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(7 * at).unwrap());
    assert_eq!(loaded.seed.expose(), &seed);
    let account = store.account(&service("web"), generation(7)).unwrap();
    assert_eq!(account.as_deref(), Some("{\"requests\":[]}"));
    assert_eq!(numbers(&mut *store, &all()), [8, 7]);
    assert_eq!(store.last_entry(), 2);
}

//! The thread of the store.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use canary_config::name::ServiceName;
use canary_controller::api::{HistoryEntry, RolloutSummary, StoreHealth};
use canary_controller::rollout::{Generation, Saved, Stop};
use canary_controller::store::{
    ClosedStore, HistoryQuery, Keeper, Loaded, PaperKind, QUEUE_LIMIT, Record, Seed, Store, StoreError, StoreHandle,
};

use super::fixture::{beside, folder, generation, idle, numbered, paper, ready, record, service, services, store_in};
use super::history::{all, of_service};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A store that does each thing only when it is given leave, and fails when the leave is one to fail.
struct OnLeave {
    leave: Receiver<Result<(), StoreError>>,
}

impl OnLeave {
    fn wait(&self) -> Result<(), StoreError> {
        self.leave.recv().unwrap_or(Ok(()))
    }
}

impl Store for OnLeave {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        Ok(loaded(BTreeMap::new(), Seed::fresh()))
    }

    fn record(&mut self, _: &Record) -> Result<(), StoreError> {
        self.wait()
    }

    fn history(&mut self, _: &HistoryQuery) -> Result<Vec<HistoryEntry>, StoreError> {
        self.wait().map(|()| Vec::new())
    }

    fn rollouts(&mut self, _: &ServiceName, _: usize) -> Result<Vec<RolloutSummary>, StoreError> {
        self.wait().map(|()| Vec::new())
    }

    fn account(&mut self, _: &ServiceName, _: Generation) -> Result<Option<String>, StoreError> {
        self.wait().map(|()| None)
    }

    fn last_entry(&self) -> i64 {
        0
    }

    fn backup(&mut self) -> Result<Vec<u8>, StoreError> {
        self.wait().map(|()| Vec::new())
    }

    fn mark_orderly_stop(&mut self) -> Result<(), StoreError> {
        self.wait()
    }

    fn check(&mut self) -> Result<(), StoreError> {
        self.wait()
    }
}

fn start(store: Box<dyn Store>) -> (Keeper, StoreHandle, Receiver<StoreHealth>) {
    let (tell, health) = channel();
    let (keeper, handle) = Keeper::start(store, move |health| tell.send(health).unwrap()).unwrap();
    (keeper, handle, health)
}

fn on_leave() -> (Keeper, StoreHandle, Receiver<StoreHealth>, Sender<Result<(), StoreError>>) {
    let (give, leave) = channel();
    let (keeper, handle, health) = start(Box::new(OnLeave { leave }));
    (keeper, handle, health, give)
}

/// What is loaded after an orderly stop where nothing but rollouts was kept.
fn loaded(services: BTreeMap<ServiceName, Saved>, seed: Seed) -> Loaded {
    Loaded { services, stop: Stop::Orderly, freezes: Vec::new(), answered: Vec::new(), papers: Vec::new(), seed }
}

fn full() -> StoreError {
    let (path, cause) = ("canaryd.db".into(), "database or disk is full".to_owned());
    StoreError::Write { path, cause, remedy: "free some space on that disk" }
}

fn healthy() -> StoreHealth {
    StoreHealth { healthy: true, message: None }
}

fn unhealthy(error: &StoreError) -> StoreHealth {
    StoreHealth { healthy: false, message: Some(error.to_string()) }
}

#[test]
fn requests_are_done_in_their_order_and_their_ends_are_told() {
    let folder = folder();
    let (store, Loaded { seed, .. }) = ready(&store_in(&folder));
    let (keeper, handle, health) = start(store);
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    let (tell, told) = channel();
    for number in 1..=5 {
        let tell = tell.clone();
        handle.record(numbered("web", number), move |result| tell.send(result.map(|()| number)).unwrap()).unwrap();
    }
    let (show, shown) = channel();
    handle.history(all(), move |result| show.send(result.unwrap().len()).unwrap()).unwrap();
    handle.mark_orderly_stop(move |result| tell.send(result.map(|()| 0)).unwrap()).unwrap();
    keeper.stop();
    assert_eq!(told.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 0]);
    assert_eq!(shown.recv(), Ok(5));
    let (_, loaded) = ready(&store_in(&folder));
    assert_eq!(loaded, self::loaded(services([("web", idle("v1", 5))]), seed));
}

#[test]
fn the_last_number_is_told_before_the_record_is_said_to_be_kept() {
    let folder = folder();
    let path = store_in(&folder);
    let (keeper, handle, _health) = start(ready(&path).0);
    let mut last_entry = handle.last_entry();
    assert_eq!(*last_entry.borrow_and_update(), 0);
    let (tell, told) = channel();
    for number in 1..=3 {
        let (tell, last_entry) = (tell.clone(), handle.last_entry());
        handle.record(numbered("web", number), move |_| tell.send(*last_entry.borrow()).unwrap()).unwrap();
    }
    let without_a_line = record("web", idle("v1", 4));
    handle.record(without_a_line, move |_| tell.send(0).unwrap()).unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2, 3, 0]);
    assert!(last_entry.has_changed().unwrap());
    assert_eq!(*last_entry.borrow_and_update(), 3);
    keeper.stop();
    assert!(last_entry.has_changed().is_err(), "the store has ended");

    let (keeper, handle, _health) = start(ready(&path).0);
    assert_eq!(*handle.last_entry().borrow(), 3, "after a restart");
    keeper.stop();
}

#[test]
fn rollouts_accounts_and_backups_are_given_and_refused_like_everything_else() {
    let folder = folder();
    let path = store_in(&folder);
    let (keeper, handle, _health) = start(ready(&path).0);
    let account = paper("web", 3, PaperKind::Account, "{}");
    handle.record(Record { papers: vec![account], ..numbered("web", 3) }, |result| result.unwrap()).unwrap();
    let (tell, told) = channel();
    handle.account(service("web"), generation(3), move |result| tell.send(result.unwrap()).unwrap()).unwrap();
    let (show, shown) = channel();
    handle.rollouts(service("web"), 9, move |result| show.send(result.unwrap()).unwrap()).unwrap();
    let (give, given) = channel();
    handle.backup(move |result| give.send(result.unwrap()).unwrap()).unwrap();
    keeper.stop();
    let generations: Vec<_> = shown.recv().unwrap().iter().map(|summary| summary.generation.get()).collect();
    assert_eq!(generations, [3]);
    assert_eq!(told.recv().unwrap().as_deref(), Some("{}"));
    assert_eq!(given.recv().unwrap(), fs::read(&path).unwrap());
    assert_eq!(handle.rollouts(service("web"), 9, |_| panic!("it was called")), Err(StoreError::Gone));
    assert_eq!(handle.account(service("web"), generation(3), |_| panic!("it was called")), Err(StoreError::Gone));
    assert_eq!(handle.backup(|_| panic!("it was called")), Err(StoreError::Gone));
}

#[test]
fn a_full_queue_is_told_at_once_and_what_it_took_is_done() {
    let (keeper, handle, _health, give) = on_leave();
    let (tell, told) = channel();
    let ask = |number: usize| {
        let tell = tell.clone();
        handle.record(numbered("web", 1), move |result| tell.send((number, result)).unwrap())
    };
    // The thread waits in its first check, so nothing leaves the queue.
    assert!((0..QUEUE_LIMIT).all(|number| ask(number) == Ok(())));
    assert_eq!(ask(QUEUE_LIMIT), Err(StoreError::QueueFull { limit: QUEUE_LIMIT }));
    drop(give);
    keeper.stop();
    drop(tell);
    let done: Vec<_> = told.into_iter().collect();
    assert_eq!(done, (0..QUEUE_LIMIT).map(|number| (number, Ok(()))).collect::<Vec<_>>());
}

#[test]
fn health_is_told_when_it_changes_and_comes_back_by_itself() {
    let (keeper, handle, health, give) = on_leave();
    for leave in [Ok(()), Ok(()), Err(full()), Err(full()), Err(full())] {
        give.send(leave).unwrap();
    }
    let (tell, told) = channel();
    for _ in 0..2 {
        let tell = tell.clone();
        handle.record(numbered("web", 1), move |result| tell.send(result).unwrap()).unwrap();
    }
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Ok(())));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Err(full())));
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    assert_eq!(health.recv_timeout(PATIENCE), Ok(unhealthy(&full())));
    // Nobody asks for anything now. Two checks fail, the third does not.
    give.send(Ok(())).unwrap();
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    drop(give);
    keeper.stop();
    assert!(health.recv().is_err(), "nothing else has changed");
}

#[test]
fn who_only_reads_does_not_keep_the_store_from_recovering() {
    let (keeper, handle, health, give) = on_leave();
    for leave in [Err(full()), Ok(()), Ok(())] {
        give.send(leave).unwrap();
    }
    let (tell, told) = channel();
    handle.history(all(), move |result| tell.send(result).unwrap()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Ok(Vec::new())));
    assert_eq!(health.recv_timeout(PATIENCE), Ok(unhealthy(&full())));
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    drop(give);
    keeper.stop();
}

#[test]
fn a_snapshot_that_lags_behind_is_told_and_made_good_by_itself() {
    let folder = folder();
    let path = store_in(&folder);
    let (keeper, handle, health) = start(ready(&path).0);
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    let in_the_way = beside(&path, ".routes.new");
    fs::create_dir(&in_the_way).unwrap();
    let (tell, told) = channel();
    handle.record(record("web", idle("v2", 1)), move |result| tell.send(result).unwrap()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Ok(())));
    let warned = health.recv_timeout(PATIENCE).unwrap();
    assert!(warned.healthy && warned.message.unwrap().contains("snapshot"));
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(health.recv_timeout(PATIENCE), Ok(healthy()));
    keeper.stop();
}

#[test]
fn a_process_without_a_store_is_unhealthy_from_the_start() {
    let reason = "the store is gone; restart canaryd".to_owned();
    let (keeper, handle, health) = start(Box::new(ClosedStore::new(reason.clone(), None)));
    assert_eq!(health.recv_timeout(PATIENCE), Ok(StoreHealth { healthy: false, message: Some(reason.clone()) }));
    let (tell, told) = channel();
    handle.record(numbered("web", 1), move |result| tell.send(result).unwrap()).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Err(StoreError::Closed(reason))));
    keeper.stop();
}

#[test]
fn after_the_end_requests_are_refused() {
    let folder = folder();
    let (keeper, handle, _health) = start(ready(&store_in(&folder)).0);
    keeper.stop();
    let query = of_service("web", 1);
    assert_eq!(handle.record(numbered("web", 1), |_| panic!("it was called")), Err(StoreError::Gone));
    assert_eq!(handle.history(query, |_| panic!("it was called")), Err(StoreError::Gone));
    assert_eq!(handle.mark_orderly_stop(|_| panic!("it was called")), Err(StoreError::Gone));
}

#[test]
fn what_a_dying_thread_leaves_undone_is_told() {
    let (keeper, handle, _health, give) = on_leave();
    let (tell, told) = channel();
    handle.record(numbered("web", 1), |_| panic!("the thread dies here")).unwrap();
    handle.record(numbered("web", 2), move |result| tell.send(result).unwrap()).unwrap();
    drop(give);
    assert_eq!(told.recv_timeout(PATIENCE), Ok(Err(StoreError::Gone)));
    keeper.stop();
}

//! A command that is sent twice with the same key is done once.

use std::time::{Duration, SystemTime};

use canary_config::plan::OnBusy;
use canary_controller::api::ProblemKind;
use canary_controller::engine::{FreezeWord, Order};
use canary_controller::rollout::{PhaseName, Stop, Stride};
use canary_controller::store::{Loaded, Opened, open};

use crate::support::{Stand, forced, start, together, until};

const NEXT: Order = Order::Promote(Stride::Next);

#[tokio::test]
async fn the_same_command_with_the_same_key_is_done_once() {
    let stand = Stand::with_plan(|_| {}).await;
    let first = stand.give("web", start("v2"), None, Some("a")).await.unwrap();
    stand.until_step("web", 1).await;
    assert_eq!(stand.give("web", start("v2"), None, Some("a")).await.unwrap(), first);
    let second = stand.give("web", NEXT, None, Some("b")).await.unwrap();
    assert_eq!(second.transition.weight.bp(), 2_500);
    for _ in 0..3 {
        assert_eq!(stand.give("web", NEXT, None, Some("b")).await.unwrap(), second);
    }
    assert_eq!(stand.weight("web"), 2_500);
    let third = stand.give("web", Order::Abort, None, Some("c")).await.unwrap();
    assert!(third.durable);
    assert_eq!(stand.give("web", Order::Abort, None, Some("c")).await.unwrap(), third);
}

#[tokio::test]
async fn a_key_outlives_every_restart() {
    let mut stand = Stand::with_plan(|_| {}).await;
    let started = stand.give("web", together("v2", &[("api", "v2")]), None, Some("a")).await.unwrap();
    assert_eq!(started.peers.len(), 1);
    stand.until_step("web", 1).await;
    let promoted = stand.give("api", NEXT, Some(started.transition.generation), Some("b")).await.unwrap();
    stand.give_freeze(Some("web"), FreezeWord::Freeze(None), Some("c")).await.unwrap();
    for stop in [Stop::Unclean, Stop::Orderly, Stop::Unclean] {
        stand = stand.restart(stop).await;
        let records = stand.shelf.records().len();
        let again = stand.give("web", together("v2", &[("api", "v2")]), None, Some("a")).await.unwrap();
        assert_eq!(again, started);
        let again = stand.give("api", NEXT, Some(started.transition.generation), Some("b")).await.unwrap();
        assert_eq!(again, promoted);
        let frozen = stand.give_freeze(Some("web"), FreezeWord::Freeze(None), Some("c")).await.unwrap();
        assert_eq!(frozen.freezes.len(), 1);
        let later = stand.shelf.records().split_off(records);
        let mut entries = later.iter().flat_map(|record| &record.entries);
        assert!(entries.all(|entry| entry.command.is_none()), "something was done again: {later:?}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_one_command() {
    let stand = Stand::with_plan(|_| {}).await;
    let done = stand.give("web", start("v2"), None, Some("a")).await.unwrap();
    let others = [
        ("web", start("v3"), None),
        ("api", start("v2"), None),
        ("web", Order::Abort, None),
        ("web", start("v2"), Some(done.transition.generation)),
    ];
    for (service, order, generation) in others {
        let problem = stand.give(service, order, generation, Some("a")).await.unwrap_err();
        let message = "idempotency key a: it was used for `start v2` of web; use a fresh key for each command";
        assert_eq!(problem.message, message);
    }
    let problem = stand.give_freeze(Some("web"), FreezeWord::Freeze(None), Some("a")).await.unwrap_err();
    assert!(problem.message.contains("it was used for `start v2` of web"), "{problem}");
    stand.give_freeze(None, FreezeWord::Freeze(None), Some("b")).await.unwrap();
    let problem = stand.give("web", Order::Abort, None, Some("b")).await.unwrap_err();
    assert!(problem.message.contains("it was used for `freeze`;"), "{problem}");
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let stand = Stand::with_plan(|_| {}).await;
    assert!(stand.give("web", NEXT, None, Some("a")).await.is_err());
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    assert_eq!(stand.give("web", NEXT, None, Some("a")).await.unwrap().transition.weight.bp(), 2_500);
}

#[tokio::test]
async fn a_command_that_is_still_on_its_way_says_so() {
    let stand = Stand::with_plan(|_| {}).await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (first, deferred, again) = tokio::join!(
        stand.give("web", start("v2"), None, Some("a")),
        async {
            until("a start that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
                .await;
            stand.give("web", Order::Abort, None, Some("b")).await
        },
        async {
            until("a start that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
                .await;
            stand.status("web").await;
            let again = [
                stand.give("web", start("v2"), None, Some("a")).await,
                stand.give("web", Order::Abort, None, Some("b")).await,
            ];
            stand.shelf.take();
            again
        },
    );
    for problem in again.map(Result::unwrap_err) {
        assert_eq!(problem.kind, ProblemKind::InProgress, "{problem}");
        assert!(problem.message.ends_with("a command with it is still on its way; try again"), "{problem}");
    }
    let first = first.unwrap();
    assert_eq!(deferred.unwrap().transition.to, PhaseName::Aborted);
    assert_eq!(stand.give("web", start("v2"), None, Some("a")).await.unwrap(), first);
}

#[tokio::test]
async fn an_abort_that_is_sent_again_waits_for_the_store_like_the_first() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (first, again) = tokio::join!(stand.give("web", Order::Abort, None, Some("a")), async {
        until("an abort that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        let (again, ()) = tokio::join!(stand.give("web", Order::Abort, None, Some("a")), async {
            stand.status("web").await;
            stand.shelf.take();
        });
        again
    });
    assert!(again.as_ref().unwrap().durable, "{again:?}");
    assert_eq!(again.unwrap(), first.unwrap());
}

#[tokio::test]
async fn an_abort_that_is_not_stored_says_so_each_time() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.shelf.fail();
    for _ in 0..2 {
        assert!(!stand.give("web", Order::Abort, None, Some("a")).await.unwrap().durable);
    }
    stand.shelf.take();
    until("a durable abort", async || {
        let done = stand.give("web", Order::Abort, None, Some("a")).await.unwrap();
        if done.durable { Ok(()) } else { Err(format!("{done:?}")) }
    })
    .await;
    let freeze = FreezeWord::Freeze(Some(Duration::from_secs(60)));
    stand.give_freeze(None, freeze, Some("b")).await.unwrap();
    stand.give_freeze(None, freeze, Some("b")).await.unwrap();
    let freezes = stand.shelf.records().into_iter().filter(|record| record.freezes.is_some()).count();
    assert_eq!(freezes, 1);
}

#[tokio::test]
async fn what_the_other_tests_find_on_the_shelf_is_what_a_file_gives_back() {
    let stand = Stand::with_plan(|plan| plan.on_busy = OnBusy::Queue).await;
    stand.give("web", together("v2", &[("api", "v2")]), None, Some("a")).await.unwrap();
    stand.until_step("web", 1).await;
    stand.give("api", Order::Pause, None, Some("b")).await.unwrap();
    stand.give_freeze(Some("web"), FreezeWord::Freeze(Some(Duration::from_secs(60))), Some("c")).await.unwrap();
    stand.give_freeze(None, FreezeWord::Freeze(None), Some("d")).await.unwrap();
    stand.give_freeze(Some("api"), FreezeWord::Unfreeze, None).await.unwrap();
    stand.give("web", Order::Abort, None, Some("e")).await.unwrap();
    stand.order("api", start("v3")).await.unwrap();
    stand.give("api", forced("v2"), None, Some("f")).await.unwrap();
    let path = stand.site.path("state/of its own.db");
    let open = || match open(&path, SystemTime::UNIX_EPOCH).unwrap() {
        Opened::Ready { store, loaded } => (store, loaded),
        _ => panic!("it cannot be opened"),
    };
    let (mut store, _) = open();
    for record in stand.shelf.all_records() {
        store.record(&record).unwrap();
    }
    drop(store);
    let (_store, from_file) = open();
    // Each made a secret of its own.
    let from_shelf = Loaded { seed: from_file.seed.clone(), ..stand.shelf.store().load().unwrap() };
    assert_eq!(from_file, from_shelf);
    assert_eq!((from_file.answered.len(), from_file.freezes.len()), (6, 3));
}

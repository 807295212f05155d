//! Down first, up last: what is in the table while the store hangs, fails and recovers.

use std::time::Duration;

use canary_controller::api::Done;
use canary_controller::engine::Input;
use canary_controller::rollout::{PhaseName, State};
use canary_controller::store::Record;
use tokio::time::Instant;

use crate::support::{Inside, SLOW, Shelf, until};

impl Inside {
    async fn until_kept(&self, state: impl Fn(&State) -> bool) {
        until("the record of it", async || {
            let records = self.shelf.records();
            let last = records.last().map(kept);
            if last.is_some_and(&state) { Ok(()) } else { Err(format!("{last:?}")) }
        })
        .await;
    }
}

/// What a record says of the only service.
fn kept(record: &Record) -> &State {
    &record.services.values().next().expect("a record of a service").state
}

fn is_aborted(state: &State) -> bool {
    matches!(state, State::Aborted { .. })
}

#[tokio::test]
async fn an_abort_is_in_the_table_while_the_store_hangs() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.hang();
    let asked_at = Instant::now();
    let (answer, lowered_after) = tokio::join!(inside.api.abort(), async {
        inside.until_weight(0).await;
        asked_at.elapsed()
    });
    let answered_after = asked_at.elapsed();
    let done: Done = answer.good();
    assert_eq!((done.transition.to, done.durable), (PhaseName::Aborted, false));
    assert!(lowered_after < Duration::from_millis(900), "the table waited {lowered_after:?}");
    let is_prompt = (Duration::from_millis(950)..Duration::from_secs(3)).contains(&answered_after);
    assert!(is_prompt, "the answer took {answered_after:?}");
    assert!(!inside.shelf.records().iter().any(|record| is_aborted(kept(record))));
    inside.shelf.take();
    inside.until_kept(is_aborted).await;
}

#[tokio::test]
async fn an_abort_by_the_probes_waits_for_no_store_either() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.hang();
    inside.site.v2.set_sick();
    inside.until_weight(0).await;
    assert_eq!(inside.api.status().await.reason.as_deref(), Some("unready"));
    inside.shelf.take();
    inside.until_kept(is_aborted).await;
}

#[tokio::test]
async fn an_undo_is_in_the_table_while_the_store_hangs() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.api.promote_full().await.done();
    inside.shelf.hang();
    let done: Done = inside.api.undo().await.good();
    assert_eq!((inside.weight(), done.durable), (0, false));
    assert_eq!(inside.stable(), [inside.site.v1.address]);
    inside.shelf.take();
    inside.until_kept(is_aborted).await;
}

#[tokio::test]
async fn a_raise_waits_for_the_store() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let (answer, ()) = tokio::join!(inside.api.promote(), async {
        inside.until_asked(asked + 1).await;
        assert_eq!((inside.weight(), inside.api.status().await.weight.bp()), (1_000, 1_000));
        inside.shelf.take();
    });
    assert_eq!(answer.done().transition.weight.bp(), 2_500);
    assert_eq!(inside.weight(), 2_500);
}

#[tokio::test]
async fn the_first_share_waits_for_the_store() {
    let inside = Inside::start(SLOW).await;
    inside.site.v2.set_sick();
    inside.api.start("v2").await.done();
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    inside.site.v2.set_healthy();
    inside.until_asked(asked + 1).await;
    assert_eq!((inside.weight(), inside.api.status().await.phase), (0, PhaseName::Preparing));
    inside.shelf.take();
    inside.until_weight(1_000).await;
}

#[tokio::test]
async fn a_raise_that_cannot_be_stored_is_not_made() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.fail();
    let problem = inside.api.promote().await.problem(503);
    assert!(problem.message.contains("the disk is full; make room"), "{problem}");
    assert_eq!((inside.weight(), inside.api.status().await.weight.bp()), (1_000, 1_000));
    inside.until_health(false).await;
    // The second is refused without asking the store.
    let asked = inside.shelf.asked();
    inside.api.promote().await.problem(503);
    assert_eq!((inside.weight(), inside.shelf.asked()), (1_000, asked));
    inside.shelf.take();
    inside.until_health(true).await;
    inside.api.promote().await.done();
    assert_eq!(inside.weight(), 2_500);
}

#[tokio::test]
async fn nothing_is_begun_while_the_store_is_broken() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.api.abort().await.done();
    inside.shelf.fail();
    let problem = inside.api.start("v3").await.problem(503);
    assert!(problem.message.contains("make room"), "{problem}");
    let status = inside.api.status().await;
    assert_eq!((status.phase, status.generation), (PhaseName::Aborted, 1));
    inside.shelf.take();
    inside.until_health(true).await;
    assert_eq!(inside.api.start("v3").await.done().transition.generation.get(), 2);
}

#[tokio::test]
async fn an_abort_that_could_not_be_stored_is_stored_when_the_store_recovers() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.fail();
    let asked_at = Instant::now();
    let done: Done = inside.api.abort().await.good();
    assert_eq!((done.durable, inside.weight()), (false, 0));
    assert!(asked_at.elapsed() < Duration::from_secs(3));
    inside.shelf.take();
    inside.until_kept(is_aborted).await;
    let records = inside.shelf.records();
    let entry = records.last().and_then(|record| record.entries.first()).expect("the line of its audit trail");
    assert_eq!((entry.command.as_deref(), entry.note.as_deref()), (Some("abort"), Some("a test")));
}

#[tokio::test]
async fn what_is_stored_late_never_covers_what_came_after_it() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.shelf.fail();
    let done: Done = inside.api.abort().await.good();
    assert!(!done.durable);
    inside.shelf.take();
    // The first moment at which a start is taken is the one at which the abort may not be stored yet.
    until("a start", async || {
        let answer = inside.api.start("v3").await;
        if answer.status == 200 { Ok(answer.done()) } else { Err(answer.text) }
    })
    .await;
    inside.until_kept(|state| matches!(state, State::UnderWay { .. })).await;
    inside.api.until_step(1).await;
    inside.api.abort().await.done();
    let states: Vec<_> = inside.shelf.records().iter().map(|record| is_aborted(kept(record))).collect();
    // Seen first, started, ready, aborted; started, ready, aborted.
    assert_eq!(states, [false, false, false, true, false, false, true]);
}

#[tokio::test]
async fn an_abort_overtakes_a_raise_that_waits_for_the_store() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let (promoted, ()) = tokio::join!(inside.api.promote_full(), async {
        inside.until_asked(asked + 1).await;
        let done: Done = inside.api.abort().await.good();
        assert_eq!((done.transition.to, done.durable, inside.weight()), (PhaseName::Aborted, false, 0));
        inside.shelf.take();
    });
    assert!(promoted.problem(409).message.starts_with("overtaken"), "{promoted:?}");
    // It is told when it is true, come what may.
    assert!(inside.shelf.records().last().is_some_and(|record| is_aborted(kept(record))));
    // The raise was kept in between; it is not made for all that.
    assert_eq!((inside.weight(), inside.api.status().await.phase), (0, PhaseName::Aborted));
}

#[tokio::test]
async fn orders_that_wait_for_the_store_are_taken_one_after_the_other() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let (first, second, ()) = tokio::join!(
        inside.api.promote(),
        async {
            inside.until_asked(asked + 1).await;
            inside.api.promote().await
        },
        async {
            inside.until_asked(asked + 1).await;
            // Both orders are with the engine now or will come after; either way none is lost.
            inside.api.status().await;
            inside.shelf.take();
        },
    );
    assert_eq!(first.done().transition.weight.bp(), 2_500);
    assert_eq!(second.done().transition.weight.bp(), 10_000);
}

#[tokio::test]
async fn an_order_that_waited_behind_an_overtaken_one_is_answered() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let (overtaken, behind, aborted) = tokio::join!(inside.api.promote(), inside.api.promote(), async {
        inside.until_asked(asked + 1).await;
        let aborted = inside.api.abort().await;
        inside.shelf.take();
        aborted
    });
    let _: Done = aborted.good();
    overtaken.problem(409);
    behind.problem(409);
}

#[tokio::test]
async fn a_reload_during_the_stop_leaves_it_orderly() {
    let inside = Inside::at_first_step(SLOW).await;
    inside.engine.ask(Input::Stop).await.unwrap();
    inside.site.write(&format!("{}{}", inside.site.config(SLOW), inside.site.service("more", "Path(`/more`)", SLOW)));
    assert!(inside.api.reload().await.problem(409).message.starts_with("canaryd is about to end"));
    assert!(inside.shelf.was_orderly());
}

#[tokio::test]
async fn a_stop_is_orderly_only_if_all_that_is_in_force_is_stored() {
    for (is_stored, shelf) in [(true, Shelf::take as fn(&Shelf)), (false, Shelf::fail)] {
        let inside = Inside::at_first_step(SLOW).await;
        shelf(&inside.shelf);
        let done: Done = inside.api.abort().await.good();
        assert_eq!(done.durable, is_stored);
        inside.engine.ask(Input::Stop).await.unwrap();
        assert_eq!(inside.shelf.was_orderly(), is_stored);
    }
}

#[tokio::test]
async fn more_orders_than_can_wait_are_refused_and_not_queued() {
    let inside = Inside::at_first_step(SLOW).await;
    let asked = inside.shelf.asked();
    inside.shelf.hang();
    let first = tokio::spawn({
        let api = inside.api.clone();
        async move { api.promote().await }
    });
    inside.until_asked(asked + 1).await;
    let orders: Vec<_> = (0..20)
        .map(|_| {
            let api = inside.api.clone();
            tokio::spawn(async move { api.start("v3").await })
        })
        .collect();
    until("a refusal", async || {
        orders.iter().any(tokio::task::JoinHandle::is_finished).then_some(()).ok_or_else(String::new)
    })
    .await;
    inside.shelf.take();
    assert_eq!(first.await.expect("it does not panic").done().transition.weight.bp(), 2_500);
    let mut full = 0;
    for order in orders {
        let problem = order.await.expect("it does not panic").problem(409);
        full += usize::from(problem.message.contains("orders wait for the store already"));
    }
    assert!((1..=4).contains(&full), "{full} of 20 were refused for want of room");
}

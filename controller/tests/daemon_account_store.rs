//! The accounts in the store: what is late comes after, and nothing waits for one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use canary_config::plan::OnBusy;
use canary_controller::api::Account;
use canary_controller::engine::{Input, Order, Told};
use canary_controller::rollout::{Generation, PhaseName, Stop, Stride};
use canary_controller::store::{PaperKind, Record};
use canary_proxy::outcome::Outcome;
use canary_proxy::request_id::RequestId;
use canary_proxy::witness::{Noted, Witness};
use http::Method;

use crate::support::{Stand, forced, until};

/// One in so many of a canary's requests fails.
const BAD: u64 = 3;

fn noted(bits: u128) -> Noted {
    Noted {
        id: RequestId::from_bits(bits),
        at: SystemTime::UNIX_EPOCH,
        method: Method::GET,
        path: "/cart".into(),
        backend: ([127, 0, 0, 1], 80).into(),
        outcome: Outcome::ServerError,
        status: Some(500),
        waited: Duration::from_millis(3),
        rescued: Some(200),
    }
}

/// The accounts of web in a record.
fn accounts(record: &Record) -> impl Iterator<Item = (Generation, Option<Account>)> {
    let papers =
        record.papers.iter().filter(|paper| paper.kind == PaperKind::Account && paper.service.as_str() == "web");
    papers.map(|paper| (paper.generation, serde_json::from_str(&paper.body).ok()))
}

impl Stand {
    async fn at_first_step() -> Self {
        let stand = Self::with_plan(|_| {}).await;
        stand.start_one("web", "v2").await;
        stand.until_step("web", 1).await;
        stand
    }

    /// A remark on a request of the canary that has not ended.
    fn remark(&self) -> Arc<dyn Witness> {
        let route = self.route("web");
        route.canary.as_ref().and_then(|canary| canary.hearing().witness.clone()).expect("it has a share")
    }

    /// The account of web's try with this number that was stored last, if it was not removed again.
    fn stored(&self, number: u64) -> Option<Account> {
        let records = self.shelf.all_records();
        let mut all = records.iter().rev().flat_map(accounts);
        all.find(|(generation, _)| generation.get() == number)?.1
    }

    async fn until_stored(&self, what: &str, is_so: impl Fn(&Account) -> bool) -> Account {
        until(what, async || match self.stored(1) {
            Some(account) if is_so(&account) => Ok(account),
            other => Err(format!("{other:?}")),
        })
        .await
    }

    async fn account(&self, generation: Option<Generation>) -> Told {
        let service = "web".parse().expect("a name");
        self.engine.ask(|reply| Input::Account(service, generation, reply)).await.expect("it runs").expect("it is told")
    }
}

#[tokio::test]
async fn every_change_of_a_try_is_stored_with_its_account() {
    let stand = Stand::at_first_step().await;
    stand.promote("web").await;
    stand.abort("web").await;
    let records = stand.shelf.records();
    let with_changes = records.iter().filter(|record| record.entries.iter().any(|entry| entry.transition.is_some()));
    let told: Vec<_> = with_changes
        .map(|record| {
            let [(_, Some(account))] = &accounts(record).collect::<Vec<_>>()[..] else { panic!("{record:?}") };
            let to = record.entries[0].transition.as_ref().expect("a change").to;
            assert_eq!((account.phase, account.reason.is_some()), (to, true));
            (account.phase.label(), account.weight.bp(), account.passes.len())
        })
        .collect();
    assert_eq!(
        told,
        [("preparing", 0, 0), ("progressing", 1_000, 0), ("progressing", 2_500, 1), ("aborted", 2_500, 1)]
    );
}

#[tokio::test]
async fn a_request_that_ends_after_its_verdict_is_told_in_the_store_too() {
    let stand = Stand::at_first_step().await;
    let remark = stand.remark();
    stand.until_convicted("web", BAD).await;
    stand.until_phase("web", PhaseName::Aborted).await;
    let verdict = stand.stored(1).expect("it came with the abort");
    assert!(verdict.conviction.is_some() && verdict.requests.is_empty(), "{verdict:?}");
    remark.noted(noted(1));
    let account = stand.until_stored("the late request", |account| !account.requests.is_empty()).await;
    assert_eq!((account.requests[0].rescued, account.conviction), (Some(200), verdict.conviction));
    // Once more, long after it.
    remark.noted(noted(2));
    stand.until_stored("the other", |account| account.requests.len() == 2).await;
    drop(remark);
    let Told::Whole(account) = stand.account(None).await else { panic!("it is the last one") };
    assert_eq!(account.requests.len(), 2);
}

#[tokio::test]
async fn what_is_late_after_an_orderly_stop_is_stored_and_leaves_it_orderly() {
    let stand = Stand::at_first_step().await;
    let remark = stand.remark();
    stand.engine.ask(Input::Stop).await.expect("it stops");
    assert!(stand.shelf.was_orderly());
    remark.noted(noted(1));
    stand.until_stored("the late request", |account| account.requests.len() == 1).await;
    assert!(stand.shelf.was_orderly());
    drop(remark);
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_step("web", 1).await;
    let Told::Whole(account) = stand.account(None).await else { panic!("it is under way") };
    assert_eq!(account.requests.len(), 1);
}

#[tokio::test]
async fn an_account_goes_on_after_a_restart_and_what_was_shown_only_after_an_orderly_one() {
    let mut stand = Stand::at_first_step().await;
    stand.request("web", 500, 1_000);
    stand.promote("web").await;
    for (stop, passes, step) in [(Stop::Orderly, 1, 2), (Stop::Unclean, 0, 1)] {
        let Told::Whole(before) = stand.account(None).await else { panic!("it is under way") };
        assert!(!before.course.is_empty());
        stand = stand.restart(stop).await;
        stand.until_step("web", step).await;
        let Told::Whole(after) = stand.account(None).await else { panic!("it is under way") };
        assert_eq!((&after.began_at, after.first_share_ms), (&before.began_at, before.first_share_ms));
        assert_eq!((after.passes.len(), after.course[0].at_ms), (passes, before.course[0].at_ms), "{stop:?}");
        assert!(after.course.is_sorted_by_key(|point| point.at_ms));
    }
}

#[tokio::test]
async fn what_the_store_could_not_take_is_told_to_it_later() {
    let stand = Stand::at_first_step().await;
    let remark = stand.remark();
    stand.shelf.fail();
    stand.abort("web").await;
    remark.noted(noted(1));
    assert_ne!(stand.stored(1).map(|account| account.phase), Some(PhaseName::Aborted));
    stand.shelf.take();
    let account = stand.until_stored("the abort", |account| account.phase == PhaseName::Aborted).await;
    assert_eq!((account.reason.as_deref(), account.actor.as_deref()), (Some("command"), Some("a test")));
    stand.until_stored("the late request", |account| account.requests.len() == 1).await;
    drop(remark);
    // What is sent again brings no older account back.
    stand.story_to("web", "aborted command").await;
    stand.until_stored("both", |account| account.phase == PhaseName::Aborted && account.requests.len() == 1).await;
}

#[tokio::test]
async fn a_try_that_another_one_supersedes_is_told_to_its_end() {
    let stand = Stand::with_plan(|plan| plan.on_busy = OnBusy::Supersede).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    let remark = stand.remark();
    stand.start_one("web", "v3").await;
    let account = stand.until_stored("its end", |account| account.phase == PhaseName::Aborted).await;
    assert_eq!((account.reason.as_deref(), account.weight.bp()), (Some("superseded"), 1_000));
    remark.noted(noted(1));
    stand.until_stored("the late request", |account| account.requests.len() == 1).await;
    let first = stand.status("web").await.generation - 1;
    let first: Generation = serde_json::from_value(first.into()).expect("a number");
    let Told::Whole(account) = stand.account(Some(first)).await else { panic!("it is still heard of") };
    assert_eq!((account.canary.as_str(), account.requests.len()), ("v2", 1));
    drop(remark);
    until("its end", async || match stand.account(Some(first)).await {
        Told::Stored { .. } => Ok(()),
        told @ Told::Whole(_) => Err(format!("{told:?}")),
    })
    .await;
}

#[tokio::test]
async fn a_start_that_was_overtaken_leaves_no_account() {
    let stand = Stand::with_plan(|plan| plan.on_busy = OnBusy::Supersede).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (started, ()) = tokio::join!(stand.order("web", forced("v3")), async {
        until("a start that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        stand.abort("web").await;
        stand.shelf.take();
    });
    assert!(started.is_err(), "{started:?}");
    let account = stand.until_stored("the abort", |account| account.reason.as_deref() == Some("command")).await;
    assert_eq!((account.phase, stand.stored(2)), (PhaseName::Aborted, None));
}

#[tokio::test]
async fn a_release_in_probation_is_told_until_it_is_stable() {
    let stand = Stand::at_first_step().await;
    stand.order("web", Order::Promote(Stride::Full)).await.expect("it can go on");
    stand.promote("web").await;
    let account = stand.until_stored("its end", |account| account.phase == PhaseName::Idle).await;
    assert_eq!(
        (account.weight.bp(), account.passes[0].to_bp.bp(), account.passes[0].for_bp.bp()),
        (10_000, 10_000, 2_500)
    );
    // What is said later is about no try.
    let asked = stand.shelf.all_records().len();
    assert!(stand.order("web", Order::Abort).await.is_err());
    let Told::Whole(told) = stand.account(None).await else { panic!("it is the last one") };
    assert_eq!(told.told_ms, account.told_ms);
    assert!(stand.shelf.all_records().len() <= asked + 1);
}

//! Freezes by an operator's word: nothing is started and no weight is raised.

use std::path::Path;
use std::time::Duration;

use canary_config::daemon::Config;
use canary_config::freeze::FreezeWindow;
use canary_config::plan::{Gate, OnBusy};
use canary_controller::api::{FreezeStatus, ProblemKind};
use canary_controller::engine::{FreezeWord, Order, StartOrder};
use canary_controller::rollout::{Again, PhaseName, Stop, Stride};

use crate::support::{Stand, start, together, until};

/// A file of its own kind: only its windows count.
const CENTURY: &str = r#"
[listen.web]
address = "127.0.0.1:0"
[services.web]
rule = "PathPrefix(`/`)"
stable = "v1"
releases.v1.backends = ["127.0.0.1:1"]
[[freeze]]
name = "century"
from = "2001-01-01 00:00"
to = "2101-01-01 00:00"
timezone = "UTC"
services = ["web"]
"#;

fn century() -> Vec<FreezeWindow> {
    Config::parse(CENTURY, Path::new("canaryd.toml")).unwrap().freezes
}

const FOR_EVER: FreezeWord = FreezeWord::Freeze(None);

fn whom(freezes: &[FreezeStatus]) -> Vec<Option<&str>> {
    freezes.iter().map(|freeze| freeze.service.as_ref().map(|service| service.as_str())).collect()
}

#[tokio::test]
async fn a_freeze_of_all_forbids_starts_and_raises_and_no_retreat() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    let freezes = stand.freeze(None, FOR_EVER).await.unwrap().freezes;
    assert_eq!(whom(&freezes), [None]);
    assert_eq!((freezes[0].actor.as_str(), freezes[0].note.as_deref()), ("a test", Some("to see")));
    for (service, order) in [("api", start("v2")), ("web", Order::Promote(Stride::Next))] {
        let problem = stand.order(service, order).await.unwrap_err();
        assert!(problem.message.contains(" is frozen by "), "{problem}");
    }
    assert_eq!(stand.overview().await.freezes, freezes);
    for service in ["web", "api"] {
        assert_eq!(stand.status(service).await.freeze.as_ref(), freezes.first());
    }
    stand.order("web", Order::Pause).await.unwrap();
    stand.order("web", Order::Resume).await.unwrap();
    stand.abort("web").await;
    assert!(stand.order("web", Order::Retry).await.unwrap_err().message.contains(" is frozen by "));
    stand.freeze(None, FreezeWord::Unfreeze).await.unwrap();
    stand.order("web", Order::Retry).await.unwrap();
}

#[tokio::test]
async fn a_freeze_of_one_service_is_about_no_other() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.freeze(Some("web"), FOR_EVER).await.unwrap();
    assert!(stand.order("web", start("v2")).await.is_err());
    stand.start_one("api", "v2").await;
    assert!(stand.status("api").await.freeze.is_none());
    let freezes = stand.freeze(Some("web"), FreezeWord::Unfreeze).await.unwrap().freezes;
    assert_eq!(whom(&freezes), [None; 0]);
    stand.start_one("web", "v2").await;
}

#[tokio::test]
async fn one_service_can_be_spared_from_a_freeze_of_all() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.freeze(None, FOR_EVER).await.unwrap();
    let freezes = stand.freeze(Some("web"), FreezeWord::Unfreeze).await.unwrap().freezes;
    assert_eq!(whom(&freezes), [None]);
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    assert!(stand.order("api", start("v2")).await.is_err());
    // A new word of all is about all again.
    stand.freeze(None, FOR_EVER).await.unwrap();
    stand.site.v2.set_healthy();
    stand.until("web", "the end of its probes", |status| status.tracks[1].ready == 1).await;
    assert_eq!(stand.status("web").await.missing.unwrap().what, "the end of the freeze");
    assert_eq!(stand.weight("web"), 0);
}

#[tokio::test]
async fn what_time_alone_would_raise_waits_for_the_end_of_the_freeze() {
    let stand = Stand::with_plan(|plan| {
        for step in &mut plan.steps {
            (step.gate, step.min_duration) = (Gate::Time, Duration::from_millis(100));
        }
    })
    .await;
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    stand.freeze(Some("web"), FreezeWord::Freeze(Some(Duration::from_millis(500)))).await.unwrap();
    stand.site.v2.set_healthy();
    stand.until("web", "the end of its probes", |status| status.tracks[1].ready == 1).await;
    assert_eq!((stand.status("web").await.phase, stand.weight("web")), (PhaseName::Preparing, 0));
    // The end wakes the engine: nobody says anything any more.
    stand.until_phase("web", PhaseName::Probation).await;
    assert!(stand.overview().await.freezes.is_empty());
}

#[tokio::test]
async fn what_is_queued_waits_for_the_end_of_the_freeze() {
    let stand = Stand::with_plan(|plan| plan.on_busy = OnBusy::Queue).await;
    stand.start_one("web", "v2").await;
    stand.start_one("web", "v3").await;
    stand.until_step("web", 1).await;
    stand.freeze(None, FreezeWord::Freeze(Some(Duration::from_millis(400)))).await.unwrap();
    stand.site.v2.set_sick();
    stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(stand.status("web").await.queue.len(), 1);
    stand.until("web", "the next one", |status| status.canary.as_ref().is_some_and(|one| one.as_str() == "v3")).await;
    assert!(stand.overview().await.freezes.is_empty());
}

#[tokio::test]
async fn a_freeze_outlives_every_restart() {
    let mut stand = Stand::with_plan(|_| {}).await;
    stand.freeze(None, FOR_EVER).await.unwrap();
    stand.freeze(Some("web"), FreezeWord::Freeze(Some(Duration::from_secs(7_200)))).await.unwrap();
    for stop in [Stop::Orderly, Stop::Unclean] {
        stand = stand.restart(stop).await;
        assert_eq!(whom(&stand.overview().await.freezes), [None, Some("web")]);
        assert!(stand.order("api", start("v2")).await.is_err());
    }
    stand.freeze(None, FreezeWord::Unfreeze).await.unwrap();
    let stand = stand.restart(Stop::Unclean).await;
    assert!(stand.overview().await.freezes.is_empty());
    stand.until_ready().await;
    stand.start_one("web", "v2").await;
}

#[tokio::test]
async fn the_audit_trail_says_who_froze_what_and_why() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.freeze(Some("web"), FreezeWord::Freeze(Some(Duration::from_secs(7_200)))).await.unwrap();
    stand.freeze(None, FOR_EVER).await.unwrap();
    stand.freeze(None, FreezeWord::Unfreeze).await.unwrap();
    let entries: Vec<_> = stand.shelf.records().into_iter().flat_map(|record| record.entries).collect();
    let said: Vec<_> = entries
        .iter()
        .map(|entry| (entry.service.as_ref().map(|service| service.as_str()), entry.command.as_deref().unwrap()))
        .collect();
    assert_eq!(said, [(Some("web"), "freeze --for 2h"), (None, "freeze"), (None, "unfreeze")]);
    assert!(entries.iter().all(|entry| entry.transition.is_none() && entry.note.as_deref() == Some("to see")));
}

#[tokio::test]
async fn a_freeze_is_in_force_when_it_is_stored_and_not_before_it_is_answered() {
    let stand = Stand::with_plan(|_| {}).await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (frozen, started) = tokio::join!(stand.freeze(None, FOR_EVER), async {
        until("a freeze that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        assert!(stand.overview().await.freezes.is_empty());
        // What would be stored after it is refused already: nothing goes up once the freeze is answered.
        let started = stand.order("web", start("v2")).await;
        stand.shelf.take();
        started
    });
    assert_eq!(frozen.unwrap().freezes.len(), 1);
    assert!(started.unwrap_err().message.starts_with("frozen: "));
}

#[tokio::test]
async fn a_freeze_that_cannot_be_stored_is_refused() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.shelf.fail();
    for _ in 0..2 {
        let problem = stand.freeze(None, FOR_EVER).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::StoreUnavailable, "{problem}");
    }
    assert!(stand.overview().await.freezes.is_empty());
    stand.shelf.take();
    until(
        "a store that is well",
        async || {
            if stand.overview().await.store.healthy { Ok(()) } else { Err(String::new()) }
        },
    )
    .await;
    stand.freeze(None, FOR_EVER).await.unwrap();
}

#[tokio::test]
async fn words_about_freezes_are_taken_one_after_the_other() {
    let stand = Stand::with_plan(|_| {}).await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (web, api, ()) =
        tokio::join!(stand.freeze(Some("web"), FOR_EVER), stand.freeze(Some("api"), FOR_EVER), async {
            until(
                "a freeze that waits",
                async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) },
            )
            .await;
            stand.overview().await;
            stand.shelf.take();
        },);
    let last = [web.unwrap(), api.unwrap()].into_iter().max_by_key(|freezes| freezes.freezes.len()).unwrap();
    assert_eq!(last.freezes.len(), 2);
    assert_eq!(stand.overview().await.freezes, last.freezes);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let stand = Stand::with_plan(|_| {}).await;
    let cases = [
        (Some("wep"), FOR_EVER, ProblemKind::NotFound, "there is no service `wep`"),
        (None, FreezeWord::Unfreeze, ProblemKind::Refused, "nothing freezes any service"),
        (Some("web"), FreezeWord::Unfreeze, ProblemKind::Refused, "nothing freezes web"),
        (None, FreezeWord::Freeze(Some(Duration::ZERO)), ProblemKind::BadRequest, "a freeze lasts longer"),
        (None, FreezeWord::Freeze(Some(Duration::MAX)), ProblemKind::BadRequest, "a freeze cannot last so long"),
    ];
    for (service, word, kind, message) in cases {
        let problem = stand.freeze(service, word).await.unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.message.starts_with(message), "{problem}");
    }
    assert!(stand.order("web", together("v2", &[("api", "v2")])).await.is_ok());
}

#[tokio::test]
async fn a_promotion_that_ends_probation_is_no_raise() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    stand.freeze(None, FOR_EVER).await.unwrap();
    assert_eq!(stand.promote("web").await.transition.to, PhaseName::Idle);
    let order = StartOrder {
        release: "v3".parse().unwrap(),
        peers: [].into(),
        again: Again::Force,
        on_busy: None,
        strategy: None,
    };
    assert!(stand.order("web", Order::Start(order)).await.unwrap_err().message.contains(" is frozen by "));
}

#[tokio::test]
async fn a_window_of_the_file_freezes_until_it_is_lifted_or_gone() {
    let stand = Stand::start(|config| config.freezes = century()).await;
    assert!(stand.order("web", start("v2")).await.unwrap_err().message.contains(" is frozen by "));
    stand.start_one("api", "v2").await;
    let freeze = stand.status("web").await.freeze.unwrap();
    assert_eq!((freeze.window.as_deref(), freeze.actor.as_str()), (Some("century"), "canaryd.toml"));
    assert_eq!(freeze.until.as_deref(), Some("2101-01-01T00:00:00.000Z"));
    stand.reload(|config| config.freezes.clear()).await.unwrap();
    stand.start_one("web", "v2").await;
    stand.abort("web").await;
    stand.reload(|_| {}).await.unwrap();
    assert!(stand.order("web", Order::Retry).await.is_err());
    let freezes = stand.freeze(Some("web"), FreezeWord::Unfreeze).await.unwrap().freezes;
    assert_eq!(whom(&freezes), [None; 0]);
    // What was lifted stays so over a restart, until the window ends.
    let stand = stand.restart(Stop::Unclean).await;
    stand.until_ready().await;
    stand.order("web", Order::Retry).await.unwrap();
}

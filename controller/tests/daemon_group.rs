//! Several services as one rollout: one plan, one verdict, weights that change together.

use canary_config::name::ServiceName;
use canary_controller::api::{Done, ProblemKind};
use canary_controller::engine::{FreezeWord, Order};
use canary_controller::rollout::{PhaseName, State, Stop, Stride};

use crate::support::{Origin, Stand, releases, start, together, until};

/// What changed of each service, the one that was named first.
fn changed(done: &Done) -> Vec<(&str, PhaseName, u16)> {
    let peers = done.peers.iter().map(|moved| (&moved.service, &moved.transition));
    let all = std::iter::once((&done.service, &done.transition)).chain(peers);
    all.map(|(service, change)| (service.as_str(), change.to, change.weight.bp())).collect()
}

/// Two services that stand at the first step of one rollout.
async fn at_first_step() -> Stand {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_both().await;
    stand.until_step("web", 1).await;
    stand
}

/// The same, but the canary of `api` has an origin of its own, which is sick.
async fn with_a_sick_peer() -> (Stand, Origin) {
    let origin = Origin::start("api v2").await;
    origin.set_sick();
    let stand = Stand::start(|config| {
        let api = config.services.get_mut(&"api".parse().unwrap()).unwrap();
        releases(api).get_mut(&"v2".parse().unwrap()).unwrap().backends = vec![origin.address];
    })
    .await;
    stand.start_both().await;
    (stand, origin)
}

#[tokio::test]
async fn services_that_are_started_together_move_together() {
    let stand = Stand::with_plan(|_| {}).await;
    let done = stand.start_both().await;
    assert_eq!(changed(&done), [("web", PhaseName::Preparing, 0), ("api", PhaseName::Preparing, 0)]);
    stand.until_step("web", 1).await;
    assert_eq!(stand.weights(), [1_000, 1_000]);
    let done = stand.promote("api").await;
    assert_eq!(changed(&done), [("api", PhaseName::Progressing, 2_500), ("web", PhaseName::Progressing, 2_500)]);
    assert_eq!(stand.weights(), [2_500, 2_500]);
    let done = stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    assert_eq!(changed(&done), [("web", PhaseName::Probation, 10_000), ("api", PhaseName::Probation, 10_000)]);
    stand.promote("web").await;
    for service in ["web", "api"] {
        let status = stand.status(service).await;
        assert_eq!((status.phase, status.stable.as_str(), status.peers.len()), (PhaseName::Idle, "v2", 0));
    }
}

#[tokio::test]
async fn what_changes_together_is_stored_in_one_go() {
    let stand = at_first_step().await;
    stand.promote("web").await;
    let both: Vec<ServiceName> = vec!["api".parse().unwrap(), "web".parse().unwrap()];
    // The first record is of the time before: both were seen for the first time.
    let records = stand.shelf.records();
    assert_eq!(records.len(), 4);
    for record in &records {
        assert_eq!(record.services.keys().cloned().collect::<Vec<_>>(), both);
    }
    let commands: Vec<_> = records[1].entries.iter().map(|entry| entry.command.as_deref().unwrap()).collect();
    assert_eq!(commands, ["start web=v2 api=v2"; 2]);
    assert_eq!(stand.story("api"), ["preparing command", "progressing ready", "progressing command"]);
}

#[tokio::test]
async fn a_command_about_any_of_them_moves_all() {
    let stand = at_first_step().await;
    for (order, phase) in [(Order::Pause, PhaseName::Paused), (Order::Resume, PhaseName::Progressing)] {
        let done = stand.order("api", order).await.unwrap();
        assert_eq!(changed(&done), [("api", phase, 1_000), ("web", phase, 1_000)]);
    }
    let done = stand.abort("api").await;
    assert_eq!(changed(&done), [("api", PhaseName::Aborted, 0), ("web", PhaseName::Aborted, 0)]);
    assert_eq!(stand.weights(), [0, 0]);
}

#[tokio::test]
async fn nobody_goes_on_before_the_last_of_them_is_ready() {
    let (stand, origin) = with_a_sick_peer().await;
    stand.until("web", "readiness", |status| status.tracks[1].ready == 1).await;
    assert_eq!(stand.status("web").await.phase, PhaseName::Preparing);
    origin.set_healthy();
    stand.until_step("web", 1).await;
    assert_eq!(stand.weights(), [1_000, 1_000]);
}

#[tokio::test]
async fn one_that_is_sent_back_takes_the_others_with_it() {
    let (stand, origin) = with_a_sick_peer().await;
    origin.set_healthy();
    stand.until_step("web", 1).await;
    origin.set_sick();
    stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(stand.weights(), [0, 0]);
    let reasons = [stand.status("web").await.reason, stand.status("api").await.reason];
    assert_eq!(reasons.map(Option::unwrap), ["peer", "unready"]);
    // Only the one that was to blame is remembered as sent back.
    stand.start_one("web", "v2").await;
    let problem = stand.order("api", start("v2")).await.unwrap_err();
    assert!(problem.message.starts_with("v2 was sent back before (unready"), "{problem}");
}

#[tokio::test]
async fn a_breach_of_one_takes_the_others_with_it() {
    let stand = at_first_step().await;
    stand.until_convicted("api", 3).await;
    assert_eq!(stand.weights(), [0, 0]);
    let reasons = [stand.status("web").await.reason, stand.status("api").await.reason];
    assert_eq!(reasons.map(Option::unwrap), ["peer", "error-rate"]);
}

#[tokio::test]
async fn the_promise_is_shared_among_them() {
    let stand = at_first_step().await;
    stand.request("web", 100, u64::MAX);
    for service in ["web", "api"] {
        let evidence = stand.status(service).await.evidence.unwrap();
        assert!((evidence.ln_abort_at - 40_f64.ln()).abs() < 1e-9, "{}", evidence.ln_abort_at);
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_one_is_said_and_nothing_is_begun() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("api", "v3").await;
    let cases = [
        (together("v2", &[("api", "v2")]), ProblemKind::Refused, "api: a rollout of v3 is "),
        (together("v2", &[("api", "v9")]), ProblemKind::NotFound, "services.api.releases has no `v9`"),
        (together("v9", &[("api", "v2")]), ProblemKind::NotFound, "services.web.releases has no `v9`"),
        (together("v2", &[("apj", "v2")]), ProblemKind::NotFound, "there is no service `apj`"),
        (together("v2", &[("web", "v3")]), ProblemKind::BadRequest, "web is named twice"),
        (together("v1", &[("api", "v2")]), ProblemKind::Refused, "web: v1 is the stable release already"),
    ];
    for (order, kind, message) in cases {
        let problem = stand.order("web", order).await.unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.message.starts_with(message), "{problem}");
        assert_eq!(stand.status("web").await.phase, PhaseName::Idle);
    }
}

#[tokio::test]
async fn a_freeze_of_one_freezes_all() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.freeze(Some("api"), FreezeWord::Freeze(None)).await.unwrap();
    let problem = stand.order("web", together("v2", &[("api", "v2")])).await.unwrap_err();
    assert!(problem.message.starts_with("api is frozen by a test"), "{problem}");
    // Alone it goes.
    stand.start_one("web", "v2").await;
}

#[tokio::test]
async fn a_retry_tries_all_of_them_again() {
    let stand = at_first_step().await;
    stand.abort("web").await;
    let done = stand.order("api", Order::Retry).await.unwrap();
    assert_eq!(changed(&done), [("api", PhaseName::Preparing, 0), ("web", PhaseName::Preparing, 0)]);
    stand.until_step("web", 1).await;
    assert_eq!((stand.weights(), stand.status("web").await.generation), ([1_000, 1_000], 2));
}

#[tokio::test]
async fn a_retry_moves_nobody_who_went_another_way_since() {
    let stand = at_first_step().await;
    stand.abort("web").await;
    stand.start_one("api", "v3").await;
    let problem = stand.order("web", Order::Retry).await.unwrap_err();
    assert!(problem.message.starts_with("api: the last rollout was not aborted"), "{problem}");
    stand.abort("api").await;
    let problem = stand.order("web", Order::Retry).await.unwrap_err();
    assert!(problem.message.starts_with("api has had a rollout of its own"), "{problem}");
    assert_eq!(stand.status("web").await.phase, PhaseName::Aborted);
}

#[tokio::test]
async fn an_abort_of_all_waits_for_no_store_and_overtakes_a_raise() {
    let stand = at_first_step().await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (promoted, ()) = tokio::join!(stand.order("web", Order::Promote(Stride::Next)), async {
        until("a raise that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        let aborted = stand.abort("api").await;
        assert_eq!((aborted.durable, stand.weights()), (false, [0, 0]));
        stand.shelf.take();
    });
    assert!(promoted.unwrap_err().message.starts_with("overtaken"));
    until("the record of it", async || {
        let records = stand.shelf.records();
        let states: Vec<_> = records.last().unwrap().services.values().map(|saved| saved.state.clone()).collect();
        let is_aborted = states.iter().all(|state| matches!(state, State::Aborted { .. }));
        if is_aborted && states.len() == 2 { Ok(()) } else { Err(format!("{states:?}")) }
    })
    .await;
    assert_eq!(stand.weights(), [0, 0]);
}

#[tokio::test]
async fn an_order_waits_while_a_change_of_any_of_them_is_stored() {
    let stand = Stand::with_plan(|_| {}).await;
    let asked = stand.shelf.asked();
    stand.shelf.hang();
    let (alone, both) = tokio::join!(stand.order("api", start("v3")), async {
        until("a start that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        let (both, ()) = tokio::join!(stand.order("web", together("v2", &[("api", "v2")])), async {
            stand.status("web").await;
            stand.shelf.take();
        });
        both
    });
    alone.unwrap();
    assert!(both.unwrap_err().message.starts_with("api: a rollout of v3 is preparing"));
}

#[tokio::test]
async fn a_restart_keeps_them_together() {
    for (stop, weight) in [(Stop::Orderly, 2_500), (Stop::Unclean, 1_000)] {
        let stand = at_first_step().await;
        stand.promote("web").await;
        let stand = stand.restart(stop).await;
        assert_eq!(stand.weights(), [0, 0]);
        stand.until_phase("web", PhaseName::Progressing).await;
        assert_eq!(stand.weights(), [weight, weight]);
        let done = stand.abort("api").await;
        assert_eq!(changed(&done), [("api", PhaseName::Aborted, 0), ("web", PhaseName::Aborted, 0)]);
        let was_set_back = stand.story("api").contains(&"preparing restarted".to_owned());
        assert_eq!(was_set_back, stop == Stop::Unclean, "{:?}", stand.story("api"));
        // And what was sent back together is tried again together.
        let stand = stand.restart(stop).await;
        stand.order("web", Order::Retry).await.unwrap();
        stand.until_step("api", 1).await;
        assert_eq!(stand.weights(), [1_000, 1_000]);
    }
}

#[tokio::test]
async fn none_of_them_can_be_taken_away() {
    let stand = at_first_step().await;
    let without_api =
        |config: &mut canary_config::daemon::Config| drop(config.services.remove(&"api".parse().unwrap()));
    let problem = stand.reload(without_api).await.unwrap_err();
    assert_eq!(problem.message, "services.api: a rollout of v2 is under way; abort it before removing the service");
    let Err(error) = stand.restart_with(Stop::Orderly, without_api).await else { panic!("it has begun") };
    let message = "services.api: it is missing, and the store says that it moves with web as one rollout; \
                   declare it until the rollout has ended";
    assert_eq!(error.to_string(), message);
}

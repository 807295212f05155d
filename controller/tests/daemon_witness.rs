//! A bad canary leaves the data path with the request that convicts it, and nothing brings it back.
//!
//! The engine and the test share one thread: between two awaits nothing is decided but by the requests themselves.

use std::sync::Arc;
use std::time::Duration;

use canary_controller::engine::{Input, Order};
use canary_controller::rollout::{PhaseName, Stride};
use canary_proxy::outcome::Outcome;
use canary_proxy::table::{Asker, Pick, Route};
use canary_proxy::track::Track;
use http::StatusCode;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::support::{Page, Stand, forced, until};

/// A few failures convict a canary that has never answered well; this many picks hold more of them than enough.
const PICKS_MAX: usize = 2_000;

/// Every request of the canary fails, on the route as it is, until one convicts it.
fn convict(route: &Arc<Route>) {
    let rng = &mut StdRng::seed_from_u64(7);
    let trip = &route.canary.as_ref().expect("it has a share").hearing().trip;
    for _ in 0..PICKS_MAX {
        let mut pick = pick(route, rng);
        let is_bad = pick.track == Track::Canary;
        pick.score(if is_bad { Outcome::ServerError } else { Outcome::Success }, Duration::from_millis(5));
        if trip.is_tripped() {
            assert!(is_bad, "a good request convicted it");
            return;
        }
    }
    panic!("{PICKS_MAX} requests convicted nobody");
}

fn pick(route: &Arc<Route>, rng: &mut StdRng) -> Pick {
    route.pick(&Asker::default(), rng).expect("somebody is ready")
}

fn is_left_by_all(route: &Arc<Route>) -> bool {
    let rng = &mut StdRng::seed_from_u64(8);
    (0..PICKS_MAX).all(|_| pick(route, rng).track == Track::Stable)
}

async fn at_first_step() -> Stand {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand
}

fn is_tripped(route: &Route) -> bool {
    route.canary.as_ref().expect("it has a share").hearing().trip.is_tripped()
}

#[tokio::test]
async fn the_request_that_convicts_is_followed_by_no_pick_of_the_canary() {
    let stand = at_first_step().await;
    let route = stand.route("web");
    convict(&route);
    // Nobody else has had a word: the same table, and the rollout as it was.
    assert!(is_left_by_all(&route) && stand.weight("web") == 1_000);
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("never-healthy"));
    assert_eq!(stand.weight("web"), 0);
}

#[tokio::test]
async fn a_promotion_in_the_same_instant_is_too_late() {
    let stand = at_first_step().await;
    convict(&stand.route("web"));
    let refused = stand.order("web", Order::Promote(Stride::Next)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(stand.status("web").await.phase, PhaseName::Aborted);
    assert_eq!(stand.story("web"), ["preparing command", "progressing ready", "aborted never-healthy"]);
}

#[tokio::test]
async fn a_conviction_overtakes_a_promotion_that_is_on_its_way() {
    let stand = at_first_step().await;
    let (route, asked) = (stand.route("web"), stand.shelf.asked());
    stand.shelf.hang();
    let (promoted, ()) = tokio::join!(stand.order("web", Order::Promote(Stride::Full)), async {
        until("a raise that waits", async || if stand.shelf.asked() > asked { Ok(()) } else { Err(String::new()) })
            .await;
        convict(&route);
        stand.until_phase("web", PhaseName::Aborted).await;
        stand.shelf.take();
    });
    assert!(promoted.is_err(), "{promoted:?}");
    assert_eq!(stand.weight("web"), 0);
    assert_eq!(stand.status("web").await.phase, PhaseName::Aborted);
}

#[tokio::test]
async fn a_raise_that_is_published_in_the_same_instant_brings_nobody_back() {
    let stand = at_first_step().await;
    let before = stand.route("web");
    stand.promote("web").await;
    let raised = stand.route("web");
    assert_eq!(raised.canary.as_ref().map(|canary| canary.weight().bp()), Some(2_500));
    convict(&before);
    assert!(is_left_by_all(&raised));
}

#[tokio::test]
async fn a_retry_has_a_hearing_of_its_own() {
    let stand = at_first_step().await;
    let first = stand.route("web");
    convict(&first);
    stand.until_phase("web", PhaseName::Aborted).await;
    stand.order("web", Order::Retry).await.unwrap();
    stand.until_step("web", 1).await;
    let second = stand.route("web");
    assert!(is_tripped(&first) && !is_tripped(&second));
    // Late failures of the first try say nothing of the second.
    assert!(is_left_by_all(&first) && !is_left_by_all(&second));
    assert_eq!(stand.status("web").await.phase, PhaseName::Progressing);
}

#[tokio::test]
async fn whatever_sends_a_canary_back_trips_it_before_the_table_says_so() {
    let stand = at_first_step().await;
    let aborted = stand.route("web");
    stand.abort("web").await;
    assert!(is_tripped(&aborted));
    stand.order("web", forced("v2")).await.unwrap();
    stand.until_step("web", 1).await;
    stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    let undone = stand.route("web");
    assert!(!is_tripped(&undone));
    stand.order("web", Order::Undo).await.unwrap();
    assert!(is_tripped(&undone) && is_left_by_all(&undone));
}

#[tokio::test]
async fn what_becomes_stable_is_not_tripped() {
    let stand = at_first_step().await;
    stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    let whole = stand.route("web");
    stand.promote("web").await;
    stand.until_phase("web", PhaseName::Idle).await;
    assert!(!is_tripped(&whole));
}

#[tokio::test]
async fn nobody_is_convicted_while_there_is_nothing_to_go_back_to() {
    let stand = at_first_step().await;
    let route = stand.route("web");
    stand.site.v1.set_sick();
    stand.until_phase("web", PhaseName::Paused).await;
    let rng = &mut StdRng::seed_from_u64(9);
    for _ in 0..PICKS_MAX {
        let mut pick = pick(&route, rng);
        let is_bad = pick.track == Track::Canary;
        pick.score(if is_bad { Outcome::ServerError } else { Outcome::Success }, Duration::from_millis(5));
    }
    assert!(!is_tripped(&route));
    assert_eq!(pick(&stand.route("web"), rng).track, Track::Canary);
}

#[tokio::test]
async fn a_canary_begins_small_and_is_waited_for_five_seconds_while_nothing_is_known() {
    let stand = at_first_step().await;
    let route = stand.route("web");
    assert!(!route.canary.as_ref().unwrap().hearing().slow_start.is_open());
    assert_eq!(first_byte(&stand), Some(Duration::from_secs(5)));
    // A rescued request is answered by stable, and its wait was for the canary: that says nothing of stable.
    attempts(&stand, STABLE_KNOWN - 1);
    let answers = route.stable.meter.answers();
    (0..1_000).for_each(|_| answers.note(Some(StatusCode::OK), Duration::from_secs(9)));
    stand.request("web", 100, 1_000);
    assert_eq!(first_byte(&stand), Some(Duration::from_secs(5)));
    attempts(&stand, 1);
    until("what is known of stable", async || match first_byte(&stand) {
        Some(limit) if limit == Duration::from_secs(1) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}

#[tokio::test]
async fn a_canary_is_waited_for_by_what_is_known_of_stable_before() {
    let stand = Stand::with_plan(|_| {}).await;
    attempts(&stand, STABLE_KNOWN);
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    assert_eq!(first_byte(&stand), Some(Duration::from_secs(1)));
}

/// So many attempts at stable say how long they take.
const STABLE_KNOWN: u64 = 100;

/// So many attempts at stable end well, and soon.
fn attempts(stand: &Stand, count: u64) {
    let meter = &stand.ready("web", Track::Stable)[0].meter;
    (0..count).for_each(|_| meter.end(Outcome::Success, Duration::from_millis(5)));
}

/// How long the canary is waited for.
fn first_byte(stand: &Stand) -> Option<Duration> {
    stand.route("web").canary.as_ref().expect("it has a share").patience().first_byte
}

#[tokio::test]
async fn how_a_canary_leaves_is_measured_until_its_last_request_has_ended() {
    let stand = at_first_step().await;
    let canary = stand.ready("web", Track::Canary).remove(0);
    let in_flight = [canary.meter.begin(), canary.meter.begin()];
    let rollback = stand.abort("web").await.rollback.expect("it had a share");
    assert_eq!((rollback.to_last_pick_us, rollback.in_flight, rollback.to_drained_ms), (0, 2, None));
    assert_eq!(stand.status("web").await.rollback, Some(rollback));
    assert_eq!(page(&stand).await.sum("canaryd_rollback_in_flight", &[]), 2.0);
    drop(in_flight);
    let status =
        stand.until("web", "the last request", |status| status.rollback.unwrap().to_drained_ms.is_some()).await;
    assert_eq!(status.rollback.unwrap().in_flight, 2);
    let page = page(&stand).await;
    assert!(page.sum("canaryd_rollback_drained_seconds", &[]) > 0.0);
    assert_eq!(page.sum("canaryd_rollback_seconds", &[]), 0.0);
    assert_eq!(page.sum("canaryd_canary_tripped", &[("service", "web")]), 1.0);
}

#[tokio::test]
async fn a_verdict_is_measured_from_the_request_that_brought_it() {
    let stand = at_first_step().await;
    let canary = stand.ready("web", Track::Canary).remove(0);
    let route = stand.route("web");
    let in_flight = canary.meter.begin();
    convict(&route);
    // It ends before the engine has heard of the verdict.
    drop(in_flight);
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(status.rollback.map(|rollback| rollback.in_flight), Some(1));
}

#[tokio::test]
async fn a_canary_that_had_no_share_leaves_nothing_to_measure() {
    let stand = Stand::with_plan(|_| {}).await;
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    let done = stand.abort("web").await;
    assert_eq!(done.rollback, None);
}

async fn page(stand: &Stand) -> Page {
    Page::parse(stand.engine.ask(Input::Page).await.expect("it runs").expect("it can be made"))
}

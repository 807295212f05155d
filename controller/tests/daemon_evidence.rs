//! The evidence outlives an orderly stop, and nothing else: not a crash, and no other backends.

use canary_config::cohort::Assignment;
use canary_config::daemon::Config;
use canary_controller::engine::Input;
use canary_controller::rollout::Stop;
use canary_proxy::cohort::{CohortKey, KEYS_MAX};
use canary_proxy::table::Asker;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{Page, Stand, releases};

/// Scored requests of stable and of the canary.
async fn counts(stand: &Stand) -> [u64; 2] {
    let status = stand.status("web").await;
    [status.tracks[0].requests, status.tracks[1].requests]
}

async fn at_first_step() -> (Stand, [u64; 2]) {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand.request("web", 500, 1_000);
    let is_seen = |requests: u64| requests == 500;
    let status = stand
        .until("web", "what was scored", |status| is_seen(status.tracks.iter().map(|track| track.requests).sum()))
        .await;
    let seen = [status.tracks[0].requests, status.tracks[1].requests];
    assert!(seen.iter().all(|requests| *requests > 0), "{seen:?}");
    (stand, seen)
}

/// The backends of v2 are those of v3 from now on.
fn move_v2(config: &mut Config) {
    for service in config.services.values_mut() {
        let other = releases(service)[&"v3".parse().unwrap()].clone();
        releases(service).insert("v2".parse().unwrap(), other);
    }
}

#[tokio::test]
async fn evidence_goes_on_after_an_orderly_stop() {
    let (stand, seen) = at_first_step().await;
    let difference = async |stand: &Stand| stand.status("web").await.evidence.unwrap().error_difference_percent;
    let before = difference(&stand).await;
    let stand = stand.restart(Stop::Orderly).await;
    assert_eq!(counts(&stand).await, seen);
    stand.until_step("web", 1).await;
    assert_eq!(difference(&stand).await, before);
    // A second stop has it from the first.
    let stand = stand.restart(Stop::Orderly).await;
    assert_eq!(counts(&stand).await, seen);
    stand.until_step("web", 1).await;
    stand.request("web", 500, 1_000);
    stand.until("web", "more", |status| status.tracks.iter().map(|track| track.requests).sum::<u64>() == 1_000).await;
}

#[tokio::test]
async fn what_was_scored_while_it_drained_is_kept_as_well() {
    let (stand, _) = at_first_step().await;
    stand.engine.ask(Input::Stop).await.expect("it stops");
    stand.request("web", 500, 1_000);
    let stand = stand.restart(Stop::Orderly).await;
    assert_eq!(counts(&stand).await.iter().sum::<u64>(), 1_000);
}

#[tokio::test]
async fn a_crash_leaves_no_evidence() {
    let (stand, _) = at_first_step().await;
    // What the stop before left is not what was seen at the crash.
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_step("web", 1).await;
    let stand = stand.restart(Stop::Unclean).await;
    assert_eq!(counts(&stand).await, [0, 0]);
}

#[tokio::test]
async fn evidence_says_nothing_of_other_backends() {
    let (stand, _) = at_first_step().await;
    let stand = stand.restart_with(Stop::Orderly, move_v2).await.expect("the releases are all there");
    assert_eq!(counts(&stand).await, [0, 0]);
}

#[tokio::test]
async fn a_reload_that_moves_a_release_begins_the_comparison_anew() {
    let (stand, seen) = at_first_step().await;
    stand.reload(|config| config.services.values_mut().for_each(|service| service.critical = true)).await.unwrap();
    assert_eq!(counts(&stand).await, seen);
    stand.reload(move_v2).await.unwrap();
    assert_eq!(counts(&stand).await, [0, 0]);
}

#[tokio::test]
async fn evidence_says_nothing_of_another_try() {
    let (stand, _) = at_first_step().await;
    stand.abort("web").await;
    stand.start_one("web", "v3").await;
    let stand = stand.restart(Stop::Orderly).await;
    assert_eq!(counts(&stand).await, [0, 0]);
}

#[tokio::test]
async fn who_finds_no_place_is_said_in_the_status_and_on_the_page() {
    let stand = Stand::with_plan(|plan| plan.assignment = Assignment::Ip).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    let (route, rng) = (stand.route("web"), &mut StdRng::seed_from_u64(3));
    for _ in 0..KEYS_MAX + KEYS_MAX / 2 {
        let asker = Asker { key: Some(CohortKey(rng.next_u64())), ..Asker::default() };
        drop(route.pick(&asker, rng).expect("somebody is ready"));
    }
    let unplaced = route.canary.as_ref().unwrap().hearing().cohort.keys().unwrap().unplaced();
    assert!(unplaced as usize >= KEYS_MAX / 2);
    let is_said = format!("{unplaced} requests are not compared, of clients beyond the first {KEYS_MAX}");
    stand
        .until("web", "what is said of them", |status| {
            status.missing.as_ref().is_some_and(|missing| missing.what.ends_with(&is_said))
        })
        .await;
    let page = Page::parse(stand.engine.ask(Input::Page).await.expect("it runs").expect("it can be made"));
    assert_eq!(page.sum("canaryd_unplaced_total", &[("service", "web")]), unplaced as f64);
}

//! The budget of damage is spent by every failure of the canary, in the request that brings it, and never refilled.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

use canary_config::cohort::Assignment;
use canary_config::daemon::Config;
use canary_config::plan::Plan;
use canary_controller::engine::Order;
use canary_controller::rollout::{PhaseName, Stop, Stride};
use canary_proxy::cohort::CohortKey;
use canary_proxy::outcome::Outcome;
use canary_proxy::table::{Asker, Route};
use canary_proxy::track::Track;
use http::StatusCode;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use crate::support::{Stand, releases, until};

const BUDGET: u64 = 4;

/// Keys that fall to the canary at every weight.
const CLIENTS: std::ops::Range<u64> = 1..50;

async fn at_first_step(change: impl Fn(&mut Plan)) -> Stand {
    let stand = Stand::with_plan(change).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand
}

fn keyed(plan: &mut Plan) {
    plan.assignment = Assignment::Header("x-user".into());
    plan.criteria.blast_radius.max_failed_requests = NonZeroU64::new(BUDGET);
}

fn ask(route: &Arc<Route>, client: u64, outcome: Outcome) {
    let asker = Asker { key: Some(CohortKey(client)), ..Asker::default() };
    let mut pick = route.pick(&asker, &mut StdRng::seed_from_u64(client)).expect("somebody is ready");
    assert_eq!(pick.track, Track::Canary);
    pick.score(outcome, Duration::from_millis(5));
}

/// All clients are answered well.
fn answer_all(stand: &Stand) {
    let route = stand.route("web");
    CLIENTS.for_each(|client| ask(&route, client, Outcome::Success));
}

/// Fails a client at a time, and answers it well afterwards so that there is no run of failures, until the canary is out
/// of the data path.
fn failures_until_tripped(stand: &Stand) -> u64 {
    let route = stand.route("web");
    let trip = &route.canary.as_ref().expect("it has a share").hearing().trip;
    for (failures, client) in (1..).zip(CLIENTS) {
        ask(&route, client, Outcome::ServerError);
        if trip.is_tripped() {
            return failures;
        }
        ask(&route, client, Outcome::Success);
    }
    panic!("the budget is never spent");
}

/// v2 stands on a backend of v3, too.
fn widen_v2(config: &mut Config) {
    for service in config.services.values_mut() {
        let more = releases(service)[&"v3".parse().unwrap()].backends.clone();
        releases(service).get_mut(&"v2".parse().unwrap()).unwrap().backends.extend(more);
    }
}

#[tokio::test]
async fn the_budget_is_spent_by_clients_that_count_nowhere_else() {
    let stand = at_first_step(keyed).await;
    answer_all(&stand);
    stand.promote("web").await;
    assert_eq!(failures_until_tripped(&stand), BUDGET);
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("failed-requests"));
}

#[tokio::test]
async fn the_budget_is_not_refilled_by_an_orderly_stop() {
    let stand = at_first_step(keyed).await;
    answer_all(&stand);
    ask(&stand.route("web"), 1, Outcome::Reset);
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_step("web", 1).await;
    answer_all(&stand);
    ask(&stand.route("web"), 1, Outcome::Reset);
    // Other backends begin the comparison anew, and the budget is that of the whole try.
    let stand = stand.restart_with(Stop::Orderly, widen_v2).await.expect("the releases are all there");
    stand.until_step("web", 1).await;
    answer_all(&stand);
    assert_eq!(failures_until_tripped(&stand), BUDGET - 2);
}

#[tokio::test]
async fn a_reload_that_widens_a_release_leaves_the_try_its_flag_and_its_damage() {
    let stand = at_first_step(keyed).await;
    answer_all(&stand);
    let before = stand.route("web");
    ask(&before, 1, Outcome::Reset);
    stand.reload(widen_v2).await.unwrap();
    answer_all(&stand);
    let after = stand.route("web");
    assert_eq!(failures_until_tripped(&stand), BUDGET - 1);
    for route in [before, after] {
        assert!(route.canary.as_ref().expect("it has a share").hearing().trip.is_tripped());
    }
    stand.until_phase("web", PhaseName::Aborted).await;
}

/// Stable's clients are answered well, as its own meter says too.
fn answer_by_stable(stand: &Stand) {
    let route = stand.route("web");
    for client in CLIENTS {
        let asker = Asker { key: Some(CohortKey(u64::MAX - client)), ..Asker::default() };
        let mut pick = route.pick(&asker, &mut StdRng::seed_from_u64(client)).expect("somebody is ready");
        assert_eq!(pick.track, Track::Stable);
        pick.score(Outcome::Success, Duration::from_millis(5));
        pick.pool().meter.answers().note(Some(StatusCode::OK), Duration::from_millis(5));
    }
}

fn by_header(plan: &mut Plan) {
    plan.assignment = Assignment::Header("x-user".into());
}

#[tokio::test]
async fn what_fails_late_on_other_backends_convicts_nobody() {
    let stand = at_first_step(by_header).await;
    let before = stand.route("web");
    answer_by_stable(&stand);
    stand.reload(widen_v2).await.unwrap();
    CLIENTS.for_each(|client| ask(&before, client, Outcome::Reset));
    assert!(!before.canary.as_ref().expect("it has a share").hearing().trip.is_tripped());
    assert_eq!(stand.status("web").await.phase, PhaseName::Progressing);
}

#[tokio::test]
async fn a_dead_canary_is_found_in_probation_after_a_reload_that_widens_it() {
    let stand = at_first_step(by_header).await;
    answer_by_stable(&stand);
    stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    answer_all(&stand);
    stand.reload(widen_v2).await.unwrap();
    let mut clients = CLIENTS;
    until("a verdict", async || {
        let status = stand.status("web").await;
        if status.phase == PhaseName::Aborted {
            return Ok(());
        }
        let client = clients.next().ok_or("all clients were failed")?;
        ask(&stand.route("web"), client, Outcome::ServerError);
        Err(format!("{status:?}"))
    })
    .await;
}

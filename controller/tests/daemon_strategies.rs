//! The four shapes of a rollout, in the table of a real engine.

use std::num::NonZeroUsize;
use std::time::Duration;

use canary_config::plan::{Gate, Plan, Step, Strategy};
use canary_config::weight::Weight;
use canary_controller::api::ServiceStatus;
use canary_controller::engine::{FreezeWord, Input, Order};
use canary_controller::rollout::{PhaseName, Stop, Stride};
use canary_proxy::track::Track;

use crate::support::{Canaryd, Client, Load, Origin, Site, Stand, forced, releases};

const LONG: Duration = Duration::from_secs(600);

fn step(gate: Gate, min_duration: Duration) -> Step {
    Step { weight: Weight::ZERO, instances: None, min_duration, max_duration: LONG, gate }
}

/// Nobody serves between the old release and the new one.
fn recreate(plan: &mut Plan) {
    plan.strategy = Strategy::Recreate;
    plan.steps.clear();
}

/// The new release gets everything after a human's word.
fn blue_green(plan: &mut Plan) {
    plan.strategy = Strategy::BlueGreen;
    plan.steps = vec![step(Gate::Manual { deadline: LONG }, Duration::ZERO)];
}

/// One instance joins at a time, each for this long.
fn rolling(plan: &mut Plan, min_duration: Duration) {
    plan.strategy = Strategy::Rolling;
    plan.steps = vec![Step { instances: NonZeroUsize::new(1), ..step(Gate::Time, min_duration) }];
}

impl Stand {
    /// One whose v2 of `web` has these origins.
    async fn with_instances(origins: &[Origin], change: impl Fn(&mut Plan)) -> Self {
        Self::start(|config| {
            let web = config.services.get_mut(&"web".parse().unwrap()).unwrap();
            change(&mut web.plan);
            let v2 = releases(web).get_mut(&"v2".parse().unwrap()).unwrap();
            v2.backends = origins.iter().map(|origin| origin.address).collect();
        })
        .await
    }
}

#[tokio::test]
async fn recreate_lets_the_old_release_go_before_the_new_one_comes() {
    let stand = Stand::with_plan(recreate).await;
    let [old] = &stand.ready("web", Track::Stable)[..] else { panic!("v1 has one backend") };
    let request = old.meter.begin();
    let done = stand.start_one("web", "v2").await;
    assert_eq!((done.transition.to, done.transition.weight.bp()), (PhaseName::Draining, 0));
    assert!(stand.ready("web", Track::Stable).is_empty(), "the old release still serves");
    let status = stand.until("web", "what it waits for", |status| status.missing.is_some()).await;
    assert_eq!(status.missing.unwrap().what, "the end of 1 request of v1 in flight");
    drop(request);
    stand.until_phase("web", PhaseName::Probation).await;
    let who = (stand.addresses("web", Track::Stable), stand.addresses("web", Track::Canary));
    assert_eq!(who, (Vec::new(), vec![stand.site.v2.address]));
    assert_eq!(stand.story("web"), ["draining command", "preparing drained", "probation ready"]);
    stand.promote("web").await;
    assert_eq!(stand.addresses("web", Track::Stable), [stand.site.v2.address]);
}

#[tokio::test]
async fn recreate_brings_the_old_release_back_at_once() {
    let stand = Stand::with_plan(recreate).await;
    for (until_phase, order) in [(PhaseName::Draining, Order::Abort), (PhaseName::Probation, Order::Undo)] {
        let [old] = &stand.ready("web", Track::Stable)[..] else { panic!("v1 has one backend") };
        let request = old.meter.begin();
        stand.order("web", forced("v2")).await.unwrap();
        if until_phase == PhaseName::Probation {
            drop(request);
            stand.until_phase("web", until_phase).await;
        }
        stand.order("web", order).await.unwrap();
        assert_eq!(stand.addresses("web", Track::Stable), [stand.site.v1.address]);
        assert_eq!(stand.weight("web"), 0);
    }
}

#[tokio::test]
async fn recreate_waits_for_no_request_for_ever() {
    let stand = Stand::with_plan(|plan| {
        recreate(plan);
        plan.drain_timeout = Duration::from_millis(200);
    })
    .await;
    let [old] = &stand.ready("web", Track::Stable)[..] else { panic!("v1 has one backend") };
    let _request = old.meter.begin();
    stand.start_one("web", "v2").await;
    stand.until_phase("web", PhaseName::Probation).await;
    assert_eq!(stand.story("web")[1], "preparing drain-timeout");
}

#[tokio::test]
async fn recreate_of_several_services_waits_for_the_last_request_of_all() {
    let stand = Stand::with_plan(recreate).await;
    let [of_web, of_api] = ["web", "api"].map(|service| stand.ready(service, Track::Stable)[0].meter.begin());
    stand.start_both().await;
    drop(of_web);
    stand
        .until("web", "what it waits for", |status| {
            status.missing.as_ref().is_some_and(|missing| missing.what == "the end of 0 requests of v1 in flight")
        })
        .await;
    // The engine looks at both whenever it makes a page, and waits for the other one all the same.
    stand.engine.ask(Input::Page).await.unwrap().unwrap();
    let phases = [stand.status("web").await.phase, stand.status("api").await.phase];
    assert_eq!(phases, [PhaseName::Draining; 2]);
    drop(of_api);
    stand.until_phase("api", PhaseName::Probation).await;
    assert_eq!((stand.weights(), stand.status("web").await.phase), ([10_000; 2], PhaseName::Probation));
}

#[tokio::test]
async fn recreate_goes_on_over_a_crash_and_over_a_freeze() {
    let stand = Stand::with_plan(recreate).await;
    stand.site.v2.set_sick();
    stand.start_one("web", "v2").await;
    stand.until_phase("web", PhaseName::Preparing).await;
    stand.freeze(None, FreezeWord::Freeze(None)).await.unwrap();
    let stand = stand.restart(Stop::Unclean).await;
    stand.until("web", "a ready stable", |status| status.tracks[0].ready == 1).await;
    assert!(stand.ready("web", Track::Stable).is_empty(), "both might run at once");
    stand.site.v2.set_healthy();
    stand.until_phase("web", PhaseName::Probation).await;
    assert_eq!(stand.addresses("web", Track::Canary), [stand.site.v2.address]);
}

#[tokio::test]
async fn blue_green_stands_ready_at_zero_until_a_human_says_so() {
    let stand = Stand::with_plan(blue_green).await;
    stand.start_one("web", "v2").await;
    let status = stand.until_phase("web", PhaseName::Held).await;
    assert_eq!((status.strategy.as_str(), status.weight.bp(), stand.weight("web")), ("blue-green", 0, 0));
    let step = status.step.unwrap();
    assert_eq!((step.gate.as_str(), step.number, step.of, step.deadline_ms), ("manual", 1, 2, Some(600_000)));
    stand.promote("web").await;
    assert_eq!(stand.weight("web"), 10_000);
    // The old release is warm, and comes back at once.
    stand.order("web", Order::Undo).await.unwrap();
    assert_eq!((stand.weight("web"), stand.addresses("web", Track::Stable)), (0, vec![stand.site.v1.address]));
}

#[tokio::test]
async fn blue_green_is_given_up_without_a_human_and_goes_on_alone_by_time() {
    let stand = Stand::with_plan(|plan| {
        blue_green(plan);
        plan.steps[0].gate = Gate::Manual { deadline: Duration::from_millis(100) };
    })
    .await;
    stand.start_one("web", "v2").await;
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("not-approved"));
    let stand = Stand::with_plan(|plan| {
        blue_green(plan);
        plan.steps = vec![step(Gate::Time, Duration::from_millis(100))];
    })
    .await;
    stand.start_one("web", "v2").await;
    stand.until_phase("web", PhaseName::Probation).await;
    assert_eq!(stand.story("web"), ["preparing command", "progressing ready", "probation time"]);
}

#[tokio::test]
async fn rolling_lets_one_instance_join_after_another() {
    let origins = [Origin::start("v2 a").await, Origin::start("v2 b").await, Origin::start("v2 c").await];
    let stand = Stand::with_instances(&origins, |plan| rolling(plan, LONG)).await;
    stand.start_one("web", "v2").await;
    for (joined, weight) in [(1, 3_333), (2, 6_666), (3, 10_000)] {
        let status = stand.until("web", "a share", |status| status.weight.bp() == weight).await;
        let in_order: Vec<_> = origins[..joined].iter().map(|origin| origin.address).collect();
        assert_eq!(stand.addresses("web", Track::Canary), in_order);
        let canary = &status.tracks[1];
        assert_eq!((canary.ready, canary.backends), (joined, joined));
        if joined < 3 {
            stand.promote("web").await;
        }
    }
    assert_eq!(stand.status("web").await.phase, PhaseName::Probation);
}

#[tokio::test]
async fn rolling_goes_on_by_time_and_stays_where_an_operator_says() {
    let origins = [Origin::start("v2 a").await, Origin::start("v2 b").await, Origin::start("v2 c").await];
    let stand = Stand::with_instances(&origins, |plan| rolling(plan, Duration::from_millis(200))).await;
    stand.start_one("web", "v2").await;
    stand.order("web", Order::Pause).await.unwrap();
    stand.until_phase("web", PhaseName::Paused).await;
    assert_eq!(stand.addresses("web", Track::Canary), [origins[0].address]);
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_phase("web", PhaseName::Paused).await;
    stand.order("web", Order::Resume).await.unwrap();
    stand.until_phase("web", PhaseName::Probation).await;
    let story = stand.story("web");
    assert_eq!(story[story.len() - 3..], ["progressing command", "progressing time", "probation time"]);
}

#[tokio::test]
async fn a_release_that_fails_at_all_requests_is_undone_by_itself() {
    for shape in [blue_green as fn(&mut Plan), recreate] {
        let stand = Stand::with_plan(shape).await;
        stand.start_one("web", "v2").await;
        stand.until("web", "a canary", |status| status.tracks[1].ready == 1).await;
        // What needs no word is there already, or on its way.
        let _ = stand.order("web", Order::Promote(Stride::Full)).await;
        stand.until_phase("web", PhaseName::Probation).await;
        stand.until_convicted("web", 5).await;
        let status = stand.status("web").await;
        assert_eq!((status.phase, status.reason.as_deref()), (PhaseName::Aborted, Some("error-rate")));
        assert_eq!(stand.addresses("web", Track::Stable), [stand.site.v1.address]);
    }
}

#[tokio::test]
async fn a_rolling_release_that_fails_is_undone_on_its_way_and_at_its_end() {
    let origins = [Origin::start("v2 a").await, Origin::start("v2 b").await];
    for weight in [5_000, 10_000] {
        let stand = Stand::with_instances(&origins, |plan| rolling(plan, LONG)).await;
        stand.start_one("web", "v2").await;
        stand.until("web", "its half", |status| status.weight.bp() == 5_000).await;
        if weight == 10_000 {
            stand.promote("web").await;
        }
        stand.until_convicted("web", 5).await;
        assert_eq!(stand.status("web").await.reason.as_deref(), Some("error-rate"));
    }
}

#[tokio::test]
async fn a_rolling_canary_whose_part_is_lost_does_not_go_on_with_the_rest() {
    let origins = [Origin::start("v2 a").await, Origin::start("v2 b").await];
    let stand = Stand::with_instances(&origins, |plan| rolling(plan, LONG)).await;
    stand.start_one("web", "v2").await;
    stand.until("web", "its half", |status| status.weight.bp() == 5_000).await;
    origins[0].set_sick();
    stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(stand.status("web").await.reason.as_deref(), Some("unready"));
}

const BLUE_GREEN: &str = "strategy = \"blue-green\"\nprobation = \"1s\"";
const ROLLING: &str = "strategy = \"rolling\"\nmin_duration = \"100ms\"\nprobation = \"1s\"";

#[tokio::test]
async fn a_good_release_takes_every_request_and_no_client_notices() {
    for plan in [BLUE_GREEN, ROLLING] {
        let site = Site::new(plan).await;
        let canaryd = Canaryd::start(&site).await;
        let load = Load::on(canaryd.web().await);
        load.more(50).await;
        canaryd.api.start("v2").await.done();
        let is_stable = |status: &ServiceStatus| status.stable.as_str() == "v2";
        canaryd.api.until("the end", is_stable).await;
        load.more(50).await;
        load.so_far().assert_flawless();
        Client::sample(canaryd.web().await, 50).await.assert_only("v2");
    }
}

#[tokio::test]
async fn a_bad_release_that_has_every_request_loses_them_by_itself() {
    for plan in [BLUE_GREEN, ROLLING] {
        let site = Site::new(&plan.replace("\"1s\"", "\"10m\"")).await;
        site.v3.fail_every(2);
        let canaryd = Canaryd::start(&site).await;
        let load = Load::on(canaryd.web().await);
        load.more(200).await;
        canaryd.api.start("v3").await.done();
        let status = canaryd.api.until_phase(PhaseName::Aborted).await;
        assert_eq!(status.reason.as_deref(), Some("error-rate"));
        let story = canaryd.api.story_to("aborted error-rate").await;
        // Blue-green stands at its step of no time first; one instance alone makes no step.
        let raised = if plan == BLUE_GREEN { "probation time" } else { "probation ready" };
        assert_eq!(story[story.len() - 2..], [raised, "aborted error-rate"]);
        Client::sample(canaryd.web().await, 50).await.assert_only("v1");
    }
}

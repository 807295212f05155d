//! A start while another rollout of the service is under way: refused, in its place, or after it.

use canary_config::plan::OnBusy;
use canary_controller::api::Problem;
use canary_controller::engine::{Order, StartOrder};
use canary_controller::rollout::{Again, PhaseName, Stop, Stride};
use canary_proxy::track::Track;

use crate::support::{Stand, forced, releases, start};

fn start_if_busy(release: &str, on_busy: OnBusy) -> Order {
    let release = release.parse().unwrap();
    Order::Start(StartOrder { release, peers: [].into(), again: Again::Refuse, on_busy: Some(on_busy), strategy: None })
}

async fn at_first_step() -> Stand {
    let stand = Stand::with_plan(|_| {}).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand
}

fn names(releases: &[canary_config::name::ReleaseId]) -> Vec<&str> {
    releases.iter().map(|release| release.as_str()).collect()
}

#[tokio::test]
async fn a_start_is_refused_unless_something_else_is_said() {
    let stand = at_first_step().await;
    let refused = |problem: Problem| problem.message;
    let message = refused(stand.order("web", start("v3")).await.unwrap_err());
    assert!(message.starts_with("a rollout of v2 is progressing"), "{message}");
    let stand = Stand::with_plan(|plan| plan.on_busy = OnBusy::Queue).await;
    stand.start_one("web", "v2").await;
    stand.start_one("web", "v3").await;
    assert_eq!(names(&stand.status("web").await.queue), ["v3"]);
}

#[tokio::test]
async fn what_is_superseded_goes_to_zero_and_drains_first() {
    let stand = at_first_step().await;
    let [canary] = &stand.ready("web", Track::Canary)[..] else { panic!("v2 has one backend") };
    let request = canary.meter.begin();
    let done = stand.order("web", start_if_busy("v3", OnBusy::Supersede)).await.unwrap();
    assert_eq!((done.transition.to, done.transition.generation.get()), (PhaseName::Draining, 2));
    assert_eq!((stand.weight("web"), stand.addresses("web", Track::Stable)), (0, vec![stand.site.v1.address]));
    let status = stand.status("web").await;
    assert_eq!(status.missing.unwrap().what, "the end of 1 request of v2 in flight");
    assert_eq!(status.canary.unwrap().as_str(), "v3");
    drop(request);
    stand.until_step("web", 1).await;
    assert_eq!(stand.addresses("web", Track::Canary), [stand.site.v3.address]);
    assert_eq!(stand.story("web")[2..], ["draining superseded", "preparing drained", "progressing ready"]);
    // To be superseded is no judgement.
    stand.abort("web").await;
    stand.start_one("web", "v2").await;
}

#[tokio::test]
async fn what_is_superseded_in_probation_becomes_stable() {
    let stand = at_first_step().await;
    stand.order("web", Order::Promote(Stride::Full)).await.unwrap();
    stand.order("web", start_if_busy("v3", OnBusy::Supersede)).await.unwrap();
    let status = stand.status("web").await;
    assert_eq!((status.stable.as_str(), status.canary.unwrap().to_string()), ("v2", "v3".to_owned()));
    assert_eq!(stand.addresses("web", Track::Stable), [stand.site.v2.address]);
}

#[tokio::test]
async fn what_is_queued_begins_after_the_end_also_over_a_restart() {
    let stand = at_first_step().await;
    let done = stand.order("web", start_if_busy("v3", OnBusy::Queue)).await.unwrap();
    assert_eq!((done.transition.to, done.transition.weight.bp()), (PhaseName::Progressing, 1_000));
    let stand = stand.restart(Stop::Unclean).await;
    assert_eq!(names(&stand.status("web").await.queue), ["v3"]);
    stand.until_step("web", 1).await;
    // Sent back by itself, it leaves its place to the next.
    stand.site.v2.set_sick();
    stand.until("web", "the next one", |status| status.canary.as_ref().is_some_and(|one| one.as_str() == "v3")).await;
    stand.until_step("web", 1).await;
    assert_eq!(names(&stand.status("web").await.queue), [""; 0]);
    assert_eq!(stand.addresses("web", Track::Canary), [stand.site.v3.address]);
    let story = stand.story("web");
    assert_eq!(story[story.len() - 3..], ["aborted unready", "preparing turn", "progressing ready"]);
}

#[tokio::test]
async fn an_abort_by_an_operator_empties_the_queue() {
    let stand = at_first_step().await;
    stand.order("web", start_if_busy("v3", OnBusy::Queue)).await.unwrap();
    stand.abort("web").await;
    let status = stand.status("web").await;
    assert_eq!((status.phase, names(&status.queue)), (PhaseName::Aborted, Vec::new()));
}

#[tokio::test]
async fn what_waits_for_its_turn_cannot_be_taken_away() {
    let stand = at_first_step().await;
    stand.order("web", start_if_busy("v3", OnBusy::Queue)).await.unwrap();
    let without_v3 = |config: &mut canary_config::daemon::Config| {
        let web = config.services.get_mut(&"web".parse().unwrap()).unwrap();
        releases(web).remove(&"v3".parse().unwrap());
    };
    let problem = stand.reload(without_v3).await.unwrap_err();
    let message = "services.web.releases: v3 is waiting for its turn and cannot be removed; declare it again";
    assert_eq!(problem.message, message);
    let Err(error) = stand.restart_with(Stop::Orderly, without_v3).await else { panic!("it has begun") };
    assert!(error.to_string().contains("the store says that it is waiting for its turn"), "{error}");
}

#[tokio::test]
async fn a_command_about_another_rollout_is_refused() {
    let stand = at_first_step().await;
    let one = stand.status("web").await.generation;
    stand.abort("web").await;
    let two = stand.start_one("web", "v3").await.transition.generation;
    assert_eq!((one, two.get()), (1, 2));
    let before = stand.shelf.records()[1].entries[0].transition.clone().unwrap().generation;
    for order in [Order::Abort, Order::Promote(Stride::Next), Order::Pause, start("v3")] {
        let problem = stand.give("web", order, Some(before), None).await.unwrap_err();
        assert_eq!(problem.message, "the command is about rollout 1, and the present one is 2; see `status`");
    }
    stand.give("web", Order::Abort, Some(two), None).await.unwrap();
}

#[tokio::test]
async fn what_was_sent_back_is_refused_unless_it_is_forced_or_tried_again() {
    let stand = at_first_step().await;
    stand.abort("web").await;
    let stand = stand.restart(Stop::Unclean).await;
    stand.until_ready().await;
    let problem = stand.order("web", start("v2")).await.unwrap_err();
    assert!(problem.message.starts_with("v2 was sent back before (command, rollout 1)"), "{problem}");
    stand.order("web", Order::Retry).await.unwrap();
    stand.abort("web").await;
    let done = stand.order("web", forced("v2")).await.unwrap();
    assert_eq!(done.transition.generation.get(), 3);
}

#[tokio::test]
async fn a_paused_rollout_stays_paused_over_a_restart() {
    for (stop, weight) in [(Stop::Orderly, 2_500), (Stop::Unclean, 1_000)] {
        let stand = at_first_step().await;
        stand.promote("web").await;
        stand.order("web", Order::Pause).await.unwrap();
        let stand = stand.restart(stop).await;
        let status = stand.until_phase("web", PhaseName::Paused).await;
        assert_eq!((status.weight.bp(), stand.weight("web")), (weight, weight));
        assert_eq!(status.missing.unwrap().what, "an operator's `resume`");
    }
}

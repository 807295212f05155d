//! Hooks and smoke tests of declared releases: what they bar, what their failure means, and who is told what.

use std::net::SocketAddr;
use std::time::Duration;

use canary_config::hooks::{Hook, HookAction, HookName, OnFailure, Smoke, SmokeRequest};
use canary_config::plan::Strategy;
use canary_config::service::Service;
use canary_controller::api::{CheckStatus, ServiceStatus};
use canary_controller::engine::{FreezeWord, Input, Order};
use canary_controller::rollout::{PhaseName, Stop, Stride};

use crate::support::{Manner, Origin, Stand, together, until};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// A webhook of this address, which is tried once.
fn webhook(address: SocketAddr, path: &str) -> Hook {
    let action = HookAction::Webhook(format!("http://{address}{path}").parse().unwrap());
    Hook { action, deadline: LONG, retries: 0, on_failure: OnFailure::Abort, is_reversible: true }
}

/// One that waits to be let go.
fn slow(origin: &Origin) -> Option<Hook> {
    Some(webhook(origin.address, "/slow"))
}

/// One that is answered at once.
fn quick(origin: &Origin, name: HookName) -> Option<Hook> {
    Some(webhook(origin.address, &format!("/{}", name.as_str())))
}

fn smoke(retries: u32) -> Option<Smoke> {
    let request = SmokeRequest {
        path: "/smoke".into(),
        method: http::Method::GET,
        status: None,
        contains: Some("an origin".into()),
        headers: Vec::new(),
    };
    Some(Smoke { requests: vec![request], command: None, deadline: LONG, retries })
}

/// An engine whose service `web` is changed like this.
async fn stand(change: impl FnOnce(&mut Service)) -> Stand {
    Stand::start(|config| change(config.services.get_mut(&"web".parse().unwrap()).unwrap())).await
}

async fn until_asked(origin: &Origin) {
    until("a question", async || if origin.waiting() > 0 { Ok(()) } else { Err("none".into()) }).await;
}

async fn promote(stand: &Stand, stride: Stride) -> Result<(), String> {
    stand.order("web", Order::Promote(stride)).await.map(drop).map_err(|problem| problem.message)
}

/// What became of each check, as `hook outcome`.
fn checks(status: &ServiceStatus) -> Vec<String> {
    status.checks.iter().map(|CheckStatus { hook, outcome, .. }| format!("{hook} {outcome}")).collect()
}

#[tokio::test]
async fn nobody_gets_a_share_before_its_hook_has_passed() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| {
        web.hooks.pre_traffic = slow(&hooks);
        web.plan.ready_timeout = SHORT;
    })
    .await;
    stand.start_one("web", "v2").await;
    until_asked(&hooks).await;
    let refused = promote(&stand, Stride::Next).await.unwrap_err();
    assert_eq!(refused, "the pre_traffic hook of web is running; wait until it has passed, see `status`");
    // It is ready, and is not given up for what it waits for.
    let late = |status: &ServiceStatus| status.in_phase_ms.is_some_and(|ms| ms > 600);
    let status = stand.until("web", "a long wait", late).await;
    assert_eq!((status.phase, stand.weight("web")), (PhaseName::Preparing, 0));
    assert_eq!(checks(&status), ["pre_traffic running"]);
    hooks.let_go(1);
    let status = stand.until_step("web", 1).await;
    assert_eq!(checks(&status), ["pre_traffic passed"]);
    assert_eq!(stand.story("web"), ["preparing command", "progressing ready"]);
}

#[tokio::test]
async fn who_fails_its_hook_is_sent_back_unless_that_means_nothing() {
    let hooks = Origin::start("hooks").await;
    hooks.behave(Manner::FailsEvery(1));
    for (on_failure, told) in [(OnFailure::Abort, "aborted hook"), (OnFailure::Ignore, "progressing ready")] {
        let stand = stand(|web| {
            let hook = webhook(hooks.address, "/pre_traffic");
            web.hooks.pre_traffic = Some(Hook { on_failure, ..hook });
        })
        .await;
        stand.start_one("web", "v2").await;
        let ended = |status: &ServiceStatus| status.phase != PhaseName::Preparing;
        let status = stand.until("web", "an end", ended).await;
        assert_eq!(stand.story_to("web", told).await[1], told);
        let [check] = &status.checks[..] else { panic!("{:?}", status.checks) };
        let why = "127.0.0.1 answered with 500 Internal Server Error, and not with 200 to 299";
        assert_eq!((check.why.as_deref(), check.tries), (Some(why), 1));
        assert_eq!(check.said, ["its own words"]);
    }
}

#[tokio::test]
async fn a_hook_that_hangs_fails_at_its_deadline_and_is_tried_again() {
    let hooks = Origin::start("hooks").await;
    hooks.behave(Manner::Hangs);
    let stand = stand(|web| {
        let hook = webhook(hooks.address, "/pre_traffic");
        web.hooks.pre_traffic = Some(Hook { deadline: Duration::from_millis(20), retries: 2, ..hook });
    })
    .await;
    stand.start_one("web", "v2").await;
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    let check = &status.checks[0];
    assert_eq!((check.why.as_deref(), check.tries), (Some("127.0.0.1: it was not over within 20ms"), 3));
    assert_eq!(hooks.executed()["/pre_traffic"], 3);
}

#[tokio::test]
async fn who_fails_its_smoke_test_never_gets_a_request() {
    let stand = stand(|web| web.smoke = smoke(1)).await;
    stand.site.v2.behave(Manner::FailsEvery(1));
    stand.start_one("web", "v2").await;
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("smoke-test"));
    let why = format!(
        "GET /smoke of {} was answered with 500 Internal Server Error, and not with 200 to 399",
        stand.site.v2.address
    );
    assert_eq!((status.checks[0].why.as_ref(), status.checks[0].tries), (Some(&why), 2));
    let story = stand.story_to("web", "aborted smoke-test").await;
    assert_eq!(story, ["preparing command", "aborted smoke-test"]);
    let page = stand.engine.ask(Input::Page).await.unwrap().unwrap();
    assert!(page.contains(r#"canaryd_hook_runs_total{service="web",hook="smoke",outcome="failed"} 1"#), "{page}");
}

#[tokio::test]
async fn a_hook_before_all_requests_bars_nothing_before() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| web.hooks.pre_promote = slow(&hooks)).await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    promote(&stand, Stride::Next).await.unwrap();
    assert_eq!((stand.weight("web"), hooks.waiting()), (2_500, 0));
    let running = "the pre_promote hook of web is running; wait until it has passed, see `status`";
    for stride in [Stride::Next, Stride::Full] {
        assert_eq!(promote(&stand, stride).await.unwrap_err(), running);
    }
    until_asked(&hooks).await;
    assert_eq!(stand.weight("web"), 2_500);
    hooks.let_go(1);
    stand.until("web", "a pass", |status| checks(status) == ["pre_promote passed"]).await;
    promote(&stand, Stride::Next).await.unwrap();
    assert_eq!((stand.weight("web"), hooks.waiting()), (10_000, 1));
}

#[tokio::test]
async fn after_promotion_it_is_tested_once_more() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| {
        web.hooks.post_promote = slow(&hooks);
        web.smoke = smoke(0);
        web.plan.probation = SHORT;
    })
    .await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    promote(&stand, Stride::Full).await.unwrap();
    until_asked(&hooks).await;
    // Its probation does not end before it has passed.
    let late = |status: &ServiceStatus| status.in_phase_ms.is_some_and(|ms| ms > 600);
    assert_eq!(stand.until("web", "a long wait", late).await.phase, PhaseName::Probation);
    stand.site.v2.behave(Manner::FailsEvery(1));
    hooks.let_go(1);
    let status = stand.until_phase("web", PhaseName::Aborted).await;
    assert_eq!(checks(&status), ["smoke passed", "post_promote passed", "smoke failed"]);
    assert_eq!((status.reason.as_deref(), stand.weight("web")), (Some("smoke-test"), 0));
}

#[tokio::test]
async fn each_hook_is_told_what_is_going_on() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| {
        web.hooks.pre_deploy = quick(&hooks, HookName::PreDeploy);
        web.hooks.pre_traffic = quick(&hooks, HookName::PreTraffic);
        web.hooks.on_abort = quick(&hooks, HookName::OnAbort);
    })
    .await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    stand.abort("web").await;
    stand.until("web", "a hook", |status| checks(status).last().is_some_and(|last| last == "on_abort passed")).await;
    let told = |hook: &str, step: &str, reason: &str| {
        format!(
            r#"{{"generation":1,"hook":"{hook}","image":"","reason":"{reason}","release":"v2","service":"web","stable":"v1","step":{step},"verdict":"none","weight":"0%"}}"#
        )
    };
    let expected = [
        told("pre_deploy", "null", "command"),
        told("pre_traffic", "null", "command"),
        told("on_abort", "null", "command"),
    ];
    let posted: Vec<String> = hooks.posted().iter().map(|json| json.replace("not-enough", "none")).collect();
    assert_eq!(posted, expected);
}

#[tokio::test]
async fn of_several_services_every_ones_hooks_have_to_pass() {
    let hooks = Origin::start("hooks").await;
    let stand = Stand::start(|config| {
        config.services.get_mut(&"api".parse().unwrap()).unwrap().hooks.pre_traffic = slow(&hooks);
    })
    .await;
    stand.order("web", together("v2", &[("api", "v2")])).await.unwrap();
    until_asked(&hooks).await;
    let refused = promote(&stand, Stride::Next).await.unwrap_err();
    assert_eq!(refused, "the pre_traffic hook of api is running; wait until it has passed, see `status`");
    assert_eq!(stand.weights(), [0, 0]);
    hooks.let_go(1);
    stand.until_step("web", 1).await;
    assert_eq!(stand.weights(), [1_000, 1_000]);
}

#[tokio::test]
async fn of_several_services_all_are_sent_back_for_the_hook_of_one() {
    let hooks = Origin::start("hooks").await;
    hooks.behave(Manner::FailsEvery(1));
    let stand = Stand::start(|config| {
        config.services.get_mut(&"api".parse().unwrap()).unwrap().hooks.pre_traffic =
            quick(&hooks, HookName::PreTraffic);
    })
    .await;
    stand.order("web", together("v2", &[("api", "v2")])).await.unwrap();
    stand.until_phase("web", PhaseName::Aborted).await;
    for (service, told) in [("web", "aborted peer"), ("api", "aborted hook")] {
        assert_eq!(stand.story_to(service, told).await[1], told);
    }
}

#[tokio::test]
async fn after_a_restart_hooks_are_done_again_but_not_the_one_before_all_requests() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| {
        web.hooks.pre_traffic = quick(&hooks, HookName::PreTraffic);
        web.hooks.pre_promote = quick(&hooks, HookName::PrePromote);
    })
    .await;
    stand.start_one("web", "v2").await;
    stand.until_step("web", 1).await;
    promote(&stand, Stride::Full).await.unwrap_err();
    stand.until("web", "a pass", |status| checks(status).contains(&"pre_promote passed".to_owned())).await;
    promote(&stand, Stride::Full).await.unwrap();
    let stand = stand.restart(Stop::Orderly).await;
    stand.until_phase("web", PhaseName::Probation).await;
    let executed = hooks.executed();
    assert_eq!((executed["/pre_traffic"], executed["/pre_promote"]), (2, 1));
}

#[tokio::test]
async fn where_the_old_release_goes_first_all_hooks_come_between() {
    let hooks = Origin::start("hooks").await;
    let stand = stand(|web| {
        web.plan.strategy = Strategy::Recreate;
        web.plan.steps.clear();
        web.hooks.pre_deploy = slow(&hooks);
        web.hooks.pre_promote = quick(&hooks, HookName::PrePromote);
        web.smoke = smoke(0);
    })
    .await;
    stand.start_one("web", "v2").await;
    until_asked(&hooks).await;
    // A freeze does not free it of its hooks.
    stand.freeze(Some("web"), FreezeWord::Freeze(None)).await.unwrap();
    assert_eq!(stand.status("web").await.phase, PhaseName::Preparing);
    hooks.let_go(1);
    let status = stand.until_phase("web", PhaseName::Probation).await;
    let before = ["pre_deploy passed", "smoke passed", "pre_promote passed"];
    assert_eq!(checks(&status)[..3], before);
}

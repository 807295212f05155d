//! What convicted or certified a release, by the real binaries: with the very requests, and after every kind of restart.

use std::process::Command;

use canary_controller::api::Account;
use canary_controller::rollout::PhaseName;
use tokio::task::JoinHandle;

use crate::support::{Canaryd, Client, Load, SLOW, Site, until};

/// Two steps that go on by evidence alone.
const JUDGED: &str = r#"
steps = [10, 50, 100]
min_duration = "300ms"
max_duration = "5m"
probation = "2s"
"#;

/// More picks than this have never missed a canary that has a quarter of them.
const PICKS_MAX: usize = 200;

async fn account(canaryd: &Canaryd) -> Account {
    canaryd.api.get("/v1/services/web/account").await.good()
}

/// The text of `canaryctl explain`, and how it ended.
async fn explain(site: &Site, args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
    command.arg("explain").args(args).env_clear().env("CANARYD_SOCKET", &site.socket);
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic").expect("it can be run");
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.code(), String::from_utf8(text).expect("text"))
}

#[tokio::test]
async fn a_conviction_is_told_with_the_very_requests_and_what_stable_answered() {
    let site = Site::new(JUDGED).await;
    site.v3.fail_every(4);
    let mut canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v3").await.done();
    canaryd.api.until_phase(PhaseName::Aborted).await;
    // What it failed is scored at once, and told when the request has ended.
    let told = until("every failure", async || {
        let told = account(&canaryd).await;
        let failed = told.requests.iter().filter(|request| request.outcome == "server_error").count() as u64;
        let scored = told.arms.as_ref().map(|arms| arms.canary.failed);
        if Some(failed + told.more.failed) == scored { Ok(told) } else { Err(format!("{told:?}")) }
    })
    .await;
    let conviction = told.conviction.as_ref().expect("it was convicted");
    assert_eq!((conviction.ground.as_str(), conviction.metric.as_str()), ("error-rate", "err"));
    assert!(conviction.ln_abort >= conviction.ln_abort_at && conviction.canary.bad > conviction.stable.bad);
    let last = told.course.last().expect("a course");
    assert_eq!(
        (last.verdict.as_deref(), last.at_ms, last.ln_abort),
        (Some("fail"), conviction.at_ms, conviction.ln_abort)
    );
    // Nothing of it was seen by a client, and all of it can be read here.
    load.so_far().assert_flawless();
    let failed = told.requests.iter().filter(|request| request.outcome == "server_error");
    let failed: Vec<_> = failed.map(|one| (one.status, one.rescued, one.path.as_str(), one.backend)).collect();
    assert!(failed.iter().all(|one| *one == (Some(500), Some(200), "/", site.v3.address)), "{failed:?}");
    drop(load);
    // It is stored with the rollout, and outlives every end.
    assert!(canaryd.terminate().await.success(), "{}", canaryd.said());
    canaryd = Canaryd::start(&site).await;
    let stored = account(&canaryd).await;
    assert_eq!((&stored.requests, &stored.conviction), (&told.requests, &told.conviction));
    canaryd.kill9();
    let canaryd = Canaryd::start(&site).await;
    assert_eq!(account(&canaryd).await, stored);
    let (code, text) = explain(&site, &["web", "1"]).await;
    assert!(code == Some(0) && text.starts_with("rollout 1 of web: v3 was sent back at "), "{text}");
    assert!(text.contains(&told.requests[0].id) && text.contains("evidence this strong"), "{text}");
    drop(canaryd);
}

#[tokio::test]
async fn a_release_that_became_stable_is_told_with_what_was_shown_of_it() {
    let site = Site::new(JUDGED).await;
    let mut canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v2").await.done();
    canaryd.api.until_phase(PhaseName::Probation).await;
    let under_way = account(&canaryd).await;
    assert!(under_way.missing.is_some() && under_way.in_phase_ms.is_some(), "{under_way:?}");
    canaryd.api.until_phase(PhaseName::Idle).await;
    drop(load);
    let told = account(&canaryd).await;
    let passes: Vec<_> = told.passes.iter().map(|pass| (pass.weight.bp(), pass.reason.as_str())).collect();
    assert_eq!(passes, [(1_000, "certificate"), (5_000, "certificate")]);
    let is_shown = |bound: f64| move |ln: Option<f64>| ln.is_some_and(|ln| ln >= bound);
    for pass in &told.passes {
        assert!(pass.proofs.iter().map(|proof| proof.ln_promote).all(is_shown(pass.ln_promote_at)), "{pass:?}");
    }
    assert!(told.course.iter().any(|point| point.weight.bp() == 5_000), "{:?}", told.course);
    assert!(told.probation.is_some_and(|probation| probation.scored > 0 && probation.failed == 0), "{told:?}");
    let (code, text) = explain(&site, &["web"]).await;
    assert!(code == Some(0) && text.contains("v2 became stable after"), "{text}");
    assert!(text.contains("certified at 10% and 50%; its probation is over"), "{text}");
    canaryd.kill9();
    let canaryd = Canaryd::start(&site).await;
    let stored = account(&canaryd).await;
    assert_eq!((&stored.passes, stored.phase), (&told.passes, PhaseName::Idle));
}

#[tokio::test]
async fn a_kill_forgets_what_was_shown_and_not_when_it_began() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.promote().await.done();
    let before = account(&canaryd).await;
    assert_eq!(before.passes.len(), 1);
    canaryd.kill9();
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.until_step(1).await;
    let after = account(&canaryd).await;
    assert_eq!((after.generation, &after.began_at), (before.generation, &before.began_at));
    assert_eq!((after.first_share_ms, after.passes.len()), (before.first_share_ms, 0));
    assert!(after.told_ms >= before.told_ms, "{} {}", after.told_ms, before.told_ms);
}

/// A request to the slow path that is with the canary now. Those before it were stable's.
async fn at_the_canary(canaryd: &Canaryd, site: &Site) -> JoinHandle<Vec<u16>> {
    site.v1.let_go(2 * PICKS_MAX);
    let mut client = Client::tcp(canaryd.web().await).await.expect("a connection");
    let asking = tokio::spawn(async move {
        let mut answers = Vec::new();
        while answers.len() < PICKS_MAX
            && let Ok(answer) = client.get("/slow").await
        {
            answers.push(answer.status);
        }
        answers
    });
    until("a request at the canary", async || if site.v2.waiting() > 0 { Ok(()) } else { Err(String::new()) }).await;
    asking
}

#[tokio::test]
async fn a_request_that_ends_during_an_orderly_stop_is_told_and_the_stop_stays_orderly() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.promote().await.done();
    let asking = at_the_canary(&canaryd, &site).await;
    canaryd.signal("TERM");
    canaryd.until_said("draining").await;
    site.v2.fail_every(1);
    site.v2.let_go(1);
    assert_eq!(canaryd.ended().await.code(), Some(0), "{}", canaryd.said());
    assert!(asking.await.expect("no panic").iter().all(|status| *status == 200), "stable answered in its place");
    let canaryd = Canaryd::start(&site).await;
    // After a crash it would be the first one.
    canaryd.api.until_step(2).await;
    let told = account(&canaryd).await;
    let requests: Vec<_> = told.requests.iter().map(|one| (one.path.as_str(), one.status, one.rescued)).collect();
    assert_eq!(requests, [("/slow", Some(500), Some(200))]);
    let points: Vec<_> = told.course.iter().map(|point| point.weight.bp()).collect();
    assert!(points.contains(&0) && points.ends_with(&[2_500]), "{points:?}");
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_is() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let message = async |path: &str| canaryd.api.get(&format!("/v1/services/{path}account")).await.problem(404).message;
    assert_eq!(message("web/").await, "services.web: there has been no rollout yet");
    assert_eq!(message("web/rollouts/1/").await, "services.web: there has been no rollout yet");
    canaryd.api.start("v2").await.done();
    assert_eq!(message("web/rollouts/2/").await, "services.web: there was no rollout 2; the last one is 1");
    assert_eq!(message("web/rollouts/0/").await, "services.web: there was no rollout 0; the last one is 1");
    assert_eq!(message("wep/").await, "there is no service `wep`; declared are web");
    canaryd.api.get("/v1/services/web/rollouts/x/account").await.problem(400);
    let (code, text) = explain(&site, &["web", "7"]).await;
    assert!(text.starts_with("error: services.web: there was no rollout 7; the last one is 1\n"), "{text}");
    assert_eq!(code, Some(2));
    let (code, _) = explain(&site, &["wep"]).await;
    assert_eq!(code, Some(2));
}

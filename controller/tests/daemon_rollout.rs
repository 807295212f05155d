//! A rollout from its first command to its last request, by the real binary.

use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, Load, QUICK, SLOW, Site};

/// Two steps that go on by evidence alone.
const JUDGED: &str = r#"
steps = [10, 50, 100]
min_duration = "300ms"
max_duration = "5m"
probation = "2s"
"#;

#[tokio::test]
async fn a_good_release_reaches_every_request_and_becomes_stable() {
    let site = Site::new(JUDGED).await;
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v2").await.done();
    canaryd.api.until_phase(PhaseName::Probation).await;
    Client::sample(canaryd.web().await, 100).await.assert_only("v2");
    let status = canaryd.api.until_phase(PhaseName::Idle).await;
    assert_eq!((status.stable.as_str(), status.canary), ("v2", None));
    Client::sample(canaryd.web().await, 100).await.assert_only("v2");
    let story = canaryd.api.story().await;
    let expected = [
        "preparing command",
        "progressing ready",
        "progressing certificate",
        "probation certificate",
        "idle probation-over",
    ];
    assert_eq!(story, expected);
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn a_bad_release_is_sent_back_and_gets_nothing_afterwards() {
    let site = Site::new(JUDGED).await;
    site.v3.fail_every(5);
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v3").await.done();
    let status = canaryd.api.until_phase(PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("error-rate"));
    assert_eq!((status.stable.as_str(), status.weight.bp()), ("v1", 0));
    // What was picked before may still be on its way; nothing that begins now may be.
    Client::sample(canaryd.web().await, 200).await.assert_only("v1");
    let served = site.v3.served();
    load.more(500).await;
    assert_eq!(site.v3.served(), served, "the canary of weight zero was reached");
}

#[tokio::test]
async fn an_undo_in_probation_brings_the_old_release_back_at_once() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let done = canaryd.api.promote_full().await.done();
    assert_eq!((done.transition.to, done.transition.weight.bp()), (PhaseName::Probation, 10_000));
    Client::sample(canaryd.web().await, 50).await.assert_only("v2");
    let done = canaryd.api.undo().await.done();
    assert_eq!((done.transition.to, done.transition.weight.bp()), (PhaseName::Aborted, 0));
    Client::sample(canaryd.web().await, 50).await.assert_only("v1");
}

#[tokio::test]
async fn an_operator_promotes_step_by_step_to_the_end() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    for weight in [2_500, 10_000, 0] {
        assert_eq!(canaryd.api.promote().await.done().transition.weight.bp(), weight);
    }
    let status = canaryd.api.status().await;
    assert_eq!((status.phase, status.stable.as_str()), (PhaseName::Idle, "v2"));
    Client::sample(canaryd.web().await, 50).await.assert_only("v2");
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn an_operator_aborts_and_the_audit_trail_says_who_and_why() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    canaryd.api.abort().await.done();
    Client::sample(canaryd.web().await, 50).await.assert_only("v1");
    let history = canaryd.api.history().await;
    let last = history.last().expect("an abort");
    assert_eq!((last.command.as_deref(), last.note.as_deref()), (Some("abort"), Some("a test")));
    assert!(last.actor.starts_with("uid "), "{}", last.actor);
    assert!(last.evidence.is_some());
    assert_eq!(canaryd.api.story().await, ["preparing command", "progressing ready", "aborted command"]);
}

#[tokio::test]
async fn a_sent_back_release_may_be_tried_again_as_a_new_generation() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    for generation in 1..=3 {
        assert_eq!(canaryd.api.start_again("v2").await.done().transition.generation.get(), generation);
        canaryd.api.until_step(1).await;
        Client::sample(canaryd.web().await, 400).await.assert_share("v2", 0.1);
        canaryd.api.abort().await.done();
        let refusal = canaryd.api.start("v2").await.problem(409).message;
        let reason =
            format!("v2 was sent back before (command, rollout {generation}); start it with --force to try it again");
        assert_eq!(refusal, reason);
    }
}

#[tokio::test]
async fn every_command_that_a_phase_does_not_allow_is_refused_with_a_reason() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let api = &canaryd.api;
    let refused = |answer: crate::support::Answer| answer.problem(409).message;
    assert_eq!(refused(api.promote().await), "no rollout is under way; begin one with `start`");
    assert_eq!(refused(api.abort().await), "no rollout is under way; begin one with `start`");
    assert!(refused(api.undo().await).starts_with("nothing is in probation"));
    assert_eq!(refused(api.start("v1").await), "v1 is the stable release already");
    site.v2.set_sick();
    api.start("v2").await.done();
    assert!(refused(api.promote().await).starts_with("v2 has not passed its probes yet"));
    site.v2.set_healthy();
    api.until_step(1).await;
    assert_eq!(refused(api.undo().await), "v2 has not reached 100% yet; send it back with `abort`");
    assert!(refused(api.start("v3").await).starts_with("a rollout of v2 is progressing"));
    api.promote_full().await.done();
    assert!(refused(api.promote_full().await).starts_with("v2 has all requests already"));
    assert!(refused(api.start("v3").await).starts_with("v2 is in probation"));
    let story = api.story().await;
    assert_eq!(story, ["preparing command", "progressing ready", "probation command"]);
}

#[tokio::test]
async fn what_is_not_declared_is_not_found_and_what_is_declared_is_named() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let problem = canaryd.api.start("v9").await.problem(404);
    assert_eq!(problem.message, "services.web.releases has no `v9`; declared are v1, v2, v3");
    for verb in ["start", "promote", "abort", "undo"] {
        let body = if verb == "start" { serde_json::json!({ "release": "v2" }) } else { serde_json::json!({}) };
        let problem = canaryd.api.post(&format!("/v1/services/wep/{verb}"), body).await.problem(404);
        assert_eq!(problem.message, "there is no service `wep`; declared are web");
    }
    canaryd.api.get("/v1/services/wep").await.problem(404);
}

#[tokio::test]
async fn the_measured_share_at_each_step_is_the_one_that_is_set() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    for (step, share) in [(1, 0.1), (2, 0.25)] {
        canaryd.api.until_step(step).await;
        let tally = Client::sample(canaryd.web().await, 1_500).await;
        tally.assert_flawless();
        tally.assert_share("v2", share);
        let measured = canaryd.api.status().await.measured_bp.expect("requests were picked");
        let seen = tally.of("v2") * 10_000 / tally.all();
        assert_eq!(u64::from(measured), seen, "what is shown is what clients saw");
        canaryd.api.promote().await.done();
    }
}

#[tokio::test]
async fn thin_traffic_goes_on_only_where_the_plan_says_so() {
    let site = Site::new(QUICK).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    // Without a request there are not even the few that a policy wants.
    let status = canaryd.api.until_phase(PhaseName::Held).await;
    assert_eq!((status.reason.as_deref(), status.weight.bp()), (Some("thin-evidence"), 1_000));
    let load = Load::on(canaryd.web().await);
    canaryd.api.until_phase(PhaseName::Idle).await;
    let story = canaryd.api.story().await;
    assert_eq!(story[2..4], ["held thin-evidence", "progressing policy"], "{story:?}");
    assert_eq!(canaryd.api.status().await.stable.as_str(), "v2");
    load.so_far().assert_flawless();
}

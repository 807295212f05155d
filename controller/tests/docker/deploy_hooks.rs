//! Hooks and smoke tests on the way of a deployment on a real Engine.

use std::net::SocketAddr;

use canary_controller::api::ServiceStatus;
use canary_controller::rollout::PhaseName;
use serde_json::{Value, json};

use super::deploy::BLUE_GREEN;
use super::yard::Yard;
use crate::support::{Dockerd, Origin, SLOW, until, with_engine};

/// A webhook before a deployment.
fn webhook(address: SocketAddr, path: &str) -> String {
    format!("[services.web.hooks]\npre_deploy = {{ url = \"http://{address}{path}\" }}")
}

/// Why a deployment of this image came to nothing, of which nothing is left.
async fn failure(yard: &Yard<'_>, image: &str) -> String {
    yard.deploy(image).await;
    let has_failed = |status: &ServiceStatus| status.deployment.as_ref().is_some_and(|own| own.failure.is_some());
    let status = yard.until("its end", has_failed).await;
    yard.until_containers("stable alone", |seen| seen.iter().all(|one| !one.is_made)).await;
    status.deployment.and_then(|own| own.failure).unwrap_or_default()
}

/// A plan with these hooks and tests besides.
async fn yard<'a>(engine: &'a Dockerd, more: &str) -> Yard<'a> {
    Yard::open(engine, 1, &format!("{SLOW}\n{more}")).await
}

#[test]
fn a_migration_that_fails_is_the_end_of_a_deployment() {
    with_engine(async |engine| {
        let yard = yard(engine, "[services.web.hooks]\npre_deploy = { command = [\"need\", \"OF_V2\"] }").await;
        let v3 = engine.image("v3", &[]).await;
        let why = "the pre_deploy hook failed: it ended with code 1; it said last: OF_V2 is not set";
        assert_eq!(failure(&yard, &v3).await, why);
        // It is run in the new image.
        let v2 = engine.image("v2", &["ENV OF_V2=1"]).await;
        yard.deploy(&v2).await;
        yard.canaryd.api.until_step(1).await;
    });
}

#[test]
fn a_migration_that_breaks_stable_is_the_end_of_a_deployment() {
    with_engine(async |engine| {
        let tests = "[services.web.hooks]\npre_deploy = { command = [\"env\", \"A\"] }\n[services.web.smoke]\n\
                     command = [\"need\", \"OF_V2\"]";
        let yard = yard(engine, tests).await;
        let v2 = engine.image("v2", &["ENV OF_V2=1"]).await;
        let why = "after pre_deploy, stable fails its tests; the smoke test failed: it ended with code 1; it said last: \
                   OF_V2 is not set";
        assert_eq!(failure(&yard, &v2).await, why);
    });
}

#[test]
fn what_is_brought_back_is_not_migrated() {
    with_engine(async |engine| {
        let hooks = Origin::start("hooks").await;
        let plan = format!("{BLUE_GREEN}\n{}", webhook(hooks.address, "/pre_deploy"));
        let yard = Yard::open(engine, 1, &plan).await;
        let before = yard.canaryd.api.status().await.stable.to_string();
        let v2 = engine.image("v2", &[]).await;
        let release = yard.deploy(&v2).await;
        yard.until_stable(&release).await;
        yard.until_alone(Some(&release), 1).await;
        assert_eq!(hooks.executed()["/pre_deploy"], 1);
        assert_eq!(yard.post("rollback", json!({})).await.status, 200);
        yard.until_stable(&before).await;
        assert_eq!(hooks.executed()["/pre_deploy"], 1);
    });
}

#[test]
fn no_second_migration_begins_beside_one_that_was_called_off() {
    with_engine(async |engine| {
        let hooks = Origin::start("hooks").await;
        let yard = yard(engine, &webhook(hooks.address, "/slow")).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        until("its hook", async || if hooks.waiting() > 0 { Ok(()) } else { Err("none".into()) }).await;
        yard.canaryd.api.abort().await.good::<Value>();
        let waits = |status: &ServiceStatus| {
            status.deployment.as_ref().is_some_and(|own| own.stage == "waiting for pre_deploy")
        };
        yard.until("it to wait", waits).await;
        let again = yard.post("deploy", json!({ "image": v2 })).await;
        assert!(again.status == 409 && again.text.contains("is being deployed already"), "{}", again.text);
        assert_eq!(hooks.waiting(), 1);
        hooks.let_go(1);
        let is_over = |status: &ServiceStatus| status.deployment.as_ref().is_some_and(|own| own.stage == "failed");
        let status = yard.until("its end", is_over).await;
        assert_eq!(status.deployment.and_then(|own| own.failure).unwrap(), "an operator has called it off");
    });
}

#[test]
fn a_hook_is_told_the_image_as_it_was_asked_for() {
    with_engine(async |engine| {
        let hook = "[services.web.hooks]\npre_traffic = { command = [\"env\", \"CANARYD_IMAGE\"] }";
        let yard = yard(engine, hook).await;
        let v2 = engine.image("v2", &[]).await;
        yard.deploy(&v2).await;
        let has_passed = |status: &ServiceStatus| status.checks.iter().any(|check| check.outcome == "passed");
        let status = yard.until("its hook", has_passed).await;
        assert_eq!(status.checks[0].said, [format!("CANARYD_IMAGE={v2}")]);
        yard.until_phase(PhaseName::Progressing).await;
    });
}

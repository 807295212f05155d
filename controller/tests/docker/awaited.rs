//! A release that is waited for to be ready, on an Engine that is none: how long, and what is said of it.

use canary_controller::rollout::PhaseName;

use super::inside::{container, inside};
use crate::support::{FakeEngine, Origin, until};

/// The old release leaves first, and the new one has half a second to be ready.
const HASTY: &str = "strategy = \"recreate\"\nready_timeout = \"500ms\"\ndrain_timeout = \"100ms\"";

#[tokio::test]
async fn what_nobody_can_look_at_is_not_given_up_as_never_ready() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let inside = inside(&engine, HASTY, "").await;
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
    v2.set_sick();
    engine.add(&container("v2", &v2));
    engine.end_streams();
    inside.api.until("the new one", |status| status.containers.iter().any(|one| one.name == "v2")).await;
    inside.api.start("v2").await.done();
    inside.api.until_phase(PhaseName::Preparing).await;
    engine.refuse();
    let is_blind = async || {
        let docker = inside.api.overview().await.docker.expect("there is an Engine");
        if docker.trouble.is_some() { Ok(()) } else { Err(format!("{docker:?}")) }
    };
    until("the loss of the Engine", is_blind).await;
    // Twice as long as it may take.
    inside.api.until("its time", |status| status.in_phase_ms.is_some_and(|ms| ms > 1_000)).await;
    assert_eq!(inside.api.status().await.phase, PhaseName::Preparing);
    engine.come_back();
    let status = inside.api.until_phase(PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("never-ready"));
}

#[tokio::test]
async fn what_is_there_and_cannot_serve_is_called_what_it_is() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let inside = inside(&engine, HASTY, "").await;
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
    engine.add(&container("v2", &v2).health("unhealthy"));
    engine.end_streams();
    inside.api.until("the new one", |status| status.containers.iter().any(|one| one.name == "v2")).await;
    let answer = inside.api.start("v2").await;
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(
        answer.text.contains("web: v2 of v2 cannot serve, it is unhealthy (its Docker health check fails"),
        "{}",
        answer.text
    );
}

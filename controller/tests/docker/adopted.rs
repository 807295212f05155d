//! The release that stands alone takes stable's place, once it is known that it does, and not before.

use http::Method;
use serde_json::json;

use super::inside::{container, inside};
use super::lookout::{Lookout, PROBED};
use crate::support::{Canaryd, FakeContainer, FakeEngine, Inside, Origin, SLOW, Site, until};

/// Waits until an origin has been asked often enough for a first answer to count.
async fn until_probed(origin: &Origin) {
    until("probes", async || if origin.probed() >= 3 { Ok(()) } else { Err(origin.probed().to_string()) }).await;
}

#[tokio::test]
async fn what_stands_alone_becomes_stable_though_the_store_takes_nothing() {
    let (engine, v1) = (FakeEngine::start(), Origin::start("v1").await);
    let inside = inside(&engine, SLOW, "").await;
    inside.shelf.fail();
    engine.add(&container("v1", &v1));
    engine.end_streams();
    let status = inside.api.until("a stable release", |status| !status.stable.is_none()).await;
    assert_eq!((status.tracks[0].ready, status.reason.as_deref()), (1, Some("replaced")));
    assert_eq!(inside.stable(), [v1.address]);
    inside.until_health(false).await;
    inside.shelf.take();
    inside.until_health(true).await;
    until("what is stable in the store", async || {
        let records = inside.shelf.records();
        let is_kept = records.iter().any(|record| record.services.values().any(|kept| kept.stable.as_str() == "v1"));
        if is_kept { Ok(()) } else { Err(format!("{records:?}")) }
    })
    .await;
}

#[tokio::test]
async fn nobody_stands_alone_before_everybody_was_looked_at() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let other = engine.add(&container("v2", &v2));
    engine.hold(&format!("/containers/{other}"));
    let inside = inside(&engine, SLOW, "").await;
    until_probed(&v1).await;
    assert!(inside.api.status().await.stable.is_none());
    engine.let_go();
    until_probed(&v2).await;
    assert!(inside.api.status().await.stable.is_none());
}

#[tokio::test]
async fn nobody_stands_alone_beside_one_that_is_only_slower() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let other = engine.add(&container("v2", &v2).health("starting"));
    let inside = inside(&engine, SLOW, "").await;
    until_probed(&v1).await;
    assert!(inside.api.status().await.stable.is_none());
    engine.set_status(&other, "exited");
    engine.event("die", &other, &[("exitCode", "1")]);
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
}

#[tokio::test]
async fn whoever_cannot_be_looked_at_keeps_its_own_service_waiting_alone() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    engine.add(&container("v2", &v2).label("canary.service", "api"));
    let dark = engine.add(&FakeContainer::new("dark").label("canary.service", "api").network("shop", "127.0.0.1"));
    // Asked again and again, it never says anything else while this lasts.
    for _ in 0..100 {
        engine.script(Method::GET, &format!("/containers/{dark}/json"), 500, json!({ "message": "no" }));
    }
    let api = format!("[services.api]\nrule = \"Path(`/api`)\"\n{PROBED}\n");
    let inside = inside(&engine, SLOW, &api).await;
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
    until_probed(&v2).await;
    let overview = inside.api.overview().await;
    let api = overview.services.iter().find(|service| service.name.as_str() == "api").expect("it is declared");
    assert!(api.stable.is_none());
    let drift = api.containers.iter().find_map(|container| container.drift.clone());
    let said = "it is adopted once canaryd has looked at dark, which Docker does not let it; see `canaryctl doctor`";
    assert_eq!(drift.as_deref(), Some(said));
}

#[tokio::test]
async fn a_push_and_a_restart_give_a_release_no_other_name() {
    let (engine, v1) = (FakeEngine::start(), Origin::start("v1").await);
    let port = v1.address.port().to_string();
    let unnamed = FakeContainer::new("web-1").label("canary.service", "web").label("canary.port", &port);
    engine.add(&unnamed.network("shop", "127.0.0.1"));
    let mut lookout = Lookout::at_ready(&engine.host(), SLOW, 1).await;
    let before = lookout.canaryd.api.status().await.stable;
    lookout.canaryd.api.story_to("idle replaced").await;
    engine.push("web:v1", "sha256:0000000000000001");
    lookout.canaryd.kill9();
    lookout.canaryd = Canaryd::up(&lookout.site).await;
    let after = lookout.until_ready(1).await;
    assert_eq!((after.stable, after.containers[0].release.clone()), (before.clone(), before));
    assert_eq!(lookout.canaryd.api.story().await, ["idle replaced"]);
}

/// A service whose releases are found, and whose containers listen there if they say nothing else.
fn found(port: u16) -> String {
    format!("[services.web]\nrule = \"PathPrefix(`/`)\"\n{PROBED}\ndocker = {{ port = {port} }}\n")
}

#[tokio::test]
async fn a_canary_whose_labels_say_too_little_now_has_not_died() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let site = Site::new("").await;
    let docker = format!("[docker]\nhost = \"{}\"\n", engine.host());
    let plan = format!("[services.web.rollout]\n{SLOW}");
    let file = |web: &str| format!("{}{docker}{web}{plan}", site.daemon());
    let (with_port, without) = (file(&found(v2.address.port())), file(&found(0).replace("port = 0", "")));
    site.write(&with_port);
    let inside = Inside::of(site).await;
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
    let portless = FakeContainer::new("v2").label("canary.service", "web").label("canary.release", "v2");
    let id = engine.add(&portless.network("shop", "127.0.0.1"));
    engine.change(&id, |inspected| inspected["Config"]["ExposedPorts"] = json!({}));
    engine.event("start", &id, &[]);
    inside.api.until("v2", |status| status.containers.iter().any(|seen| seen.name == "v2")).await;
    inside.api.start("v2").await.done();
    inside.api.until_step(1).await;
    inside.site.write(&without);
    inside.api.reload().await;
    let status = inside.api.until("an end", |status| status.reason.as_deref() != Some("started")).await;
    assert_ne!(status.reason.as_deref(), Some("died"));
}

#[tokio::test]
async fn a_service_does_not_become_a_found_one_before_anybody_looks() {
    let inside = Inside::start(SLOW).await;
    let docker = "[docker]\nhost = \"unix:///nowhere\"\n";
    inside.site.write(&format!("{}{docker}{}", inside.site.daemon(), found(80)));
    let refused = inside.api.reload().await.problem(409);
    assert_eq!(
        refused.message,
        "services.web: its releases are to be found by the labels of containers; docker: it is looked at from the next \
         start on; restart canaryd"
    );
    assert_eq!(inside.api.status().await.tracks[0].ready, 1);
}

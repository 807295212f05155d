//! The release that stands alone takes stable's place, once it is known that it does, and not before.

use crate::support::{FakeContainer, FakeEngine, Inside, Origin, SLOW, Site, until};

/// An engine whose only service is found on this Engine.
async fn inside(engine: &FakeEngine) -> Inside {
    let (site, host) = (Site::new("").await, engine.host());
    let web = format!(
        r#"
[docker]
host = "{host}"
[services.web]
rule = "PathPrefix(`/`)"
probe = {{ path = "/healthz", interval = "20ms", timeout = "5s", rise = 1, fall = 2 }}
[services.web.rollout]
{SLOW}
"#
    );
    site.write(&format!("{}{web}", site.daemon()));
    Inside::of(site).await
}

/// A container in which this origin listens.
fn container(name: &str, origin: &Origin) -> FakeContainer {
    let port = origin.address.port().to_string();
    let labelled = FakeContainer::new(name).label("canary.service", "web").label("canary.port", &port);
    labelled.label("canary.release", name).network("shop", "127.0.0.1")
}

/// Waits until an origin has been asked often enough for a first answer to count.
async fn until_probed(origin: &Origin) {
    until("probes", async || if origin.probed() >= 3 { Ok(()) } else { Err(origin.probed().to_string()) }).await;
}

#[tokio::test]
async fn what_stands_alone_becomes_stable_once_the_store_takes_it() {
    let (engine, v1) = (FakeEngine::start(), Origin::start("v1").await);
    let inside = inside(&engine).await;
    inside.shelf.fail();
    engine.add(&container("v1", &v1));
    engine.end_streams();
    inside.until_health(false).await;
    assert!(inside.api.status().await.stable.is_none());
    inside.shelf.take();
    let status = inside.api.until("a stable release", |status| !status.stable.is_none()).await;
    assert_eq!((status.tracks[0].ready, status.reason.as_deref()), (1, Some("replaced")));
    assert_eq!(inside.stable(), [v1.address]);
}

#[tokio::test]
async fn nobody_stands_alone_before_everybody_was_looked_at() {
    let (engine, v1, v2) = (FakeEngine::start(), Origin::start("v1").await, Origin::start("v2").await);
    engine.add(&container("v1", &v1));
    let other = engine.add(&container("v2", &v2));
    engine.hold(&format!("/containers/{other}"));
    let inside = inside(&engine).await;
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
    let inside = inside(&engine).await;
    until_probed(&v1).await;
    assert!(inside.api.status().await.stable.is_none());
    engine.set_status(&other, "exited");
    engine.event("die", &other, &[("exitCode", "1")]);
    inside.api.until("a stable release", |status| status.stable.as_str() == "v1").await;
}

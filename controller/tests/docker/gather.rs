//! What is asked before several services are deployed as one.

use std::sync::Arc;

use http::Method;
use serde_json::json;

use crate::support::{Canaryd, FakeContainer, FakeEngine, Origin, Site, until};

/// What a registry is asked for the image of both.
const ASKED: &str = "/distribution/reg.lan/me/web:v2/json";

/// The file of two services whose containers are on this Engine.
fn file(host: &str) -> String {
    let services = ["web", "api"].map(|service| {
        format!(
            "[services.{service}]\nrule = \"Host(`{service}.test`)\"\nprobe = {{ path = \"/healthz\", interval = \
             \"20ms\", timeout = \"5s\", rise = 1 }}\n"
        )
    });
    format!("[docker]\nmode = \"provision\"\nhost = \"{host}\"\n{}", services.concat())
}

#[tokio::test]
async fn no_service_waits_for_the_registry_of_another_and_the_machine_is_asked_once() {
    let engine = FakeEngine::start();
    let mut origins = Vec::new();
    for service in ["web", "api"] {
        let origin = Origin::start("v1").await;
        let port = origin.address.port().to_string();
        let container = FakeContainer::new(service).label("canary.service", service).label("canary.port", &port);
        let id = engine.add(&container.image("reg.lan/me/web:v1").network("shop", "127.0.0.1"));
        engine.script(Method::GET, &format!("/containers/{id}/changes"), 200, json!([]));
        engine.script(Method::GET, "/images/json", 200, json!([]));
        origins.push(origin);
    }
    let site = Site::new("").await;
    site.write(&format!("{}{}", site.daemon(), file(&engine.host())));
    let canaryd = Arc::new(Canaryd::up(&site).await);
    until("stable releases", async || {
        let services = canaryd.api.overview().await.services;
        let is_ready = services.iter().all(|service| !service.stable.is_none());
        if is_ready { Ok(()) } else { Err(format!("{services:?}")) }
    })
    .await;

    let before = engine.times("/info");
    engine.hold(ASKED);
    let asking = Arc::clone(&canaryd);
    let body = json!({ "services": ["web", "api"], "tag": "v2" });
    let asked = tokio::spawn(async move { asking.api.post("/v1/deployments", body).await });
    engine.until_times(ASKED, 2).await;
    engine.let_go();
    let answer = asked.await.unwrap();
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(["web: image: ", "api: image: "].iter().all(|part| answer.text.contains(part)), "{}", answer.text);
    assert_eq!(engine.times("/info") - before, 1);
}

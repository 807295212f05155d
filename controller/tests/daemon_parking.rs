//! Requests that wait: nothing is lost while every backend of a service is away.

use canary_controller::api::{History, ServiceStatus};
use canary_controller::rollout::PhaseName;
use serde_json::json;

use crate::support::{Canaryd, Client, Origin, SLOW, Site, Steady, until};

/// Every request is a GET.
const NO_POSTS: u32 = u32::MAX;

async fn until_waiting(canaryd: &Canaryd, requests: usize) {
    canaryd.api.until("parked requests", |status: &ServiceStatus| status.waiting >= requests).await;
}

/// Asserts that every request had a good answer.
async fn assert_flawless(load: Steady) {
    let ends = load.stop().await;
    let bad: Vec<_> = ends.gets.iter().filter(|(_, end)| !end.is_good()).collect();
    assert!(bad.is_empty() && ends.gets.len() > 300, "{} of {}: {bad:?}", bad.len(), ends.gets.len());
}

#[tokio::test]
async fn a_restart_of_every_backend_costs_latency_and_no_request() {
    let (mut site, mut second) = (Site::new(SLOW).await, Origin::start("v1").await);
    let one = format!("[\"{}\"]", site.v1.address);
    site.write(&site.config(SLOW).replace(&one, &format!("[\"{}\", \"{}\"]", site.v1.address, second.address)));
    let canaryd = Canaryd::start(&site).await;
    let load = Steady::on(canaryd.web().await, NO_POSTS);
    load.more(200).await;
    for is_noticed in [true, false, true] {
        for origin in [&mut site.v1, &mut second] {
            origin.leave();
        }
        if is_noticed {
            canaryd.api.until("nobody", |status| status.tracks[0].ready == 0).await;
            until_waiting(&canaryd, 20).await;
        }
        for origin in [&mut site.v1, &mut second] {
            origin.return_to_its_address().await;
        }
        canaryd.api.until("both", |status| status.tracks[0].ready == 2).await;
        load.more(200).await;
    }
    assert_flawless(load).await;
    let page = canaryd.page().await;
    assert!(page.value("canaryd_parked_total", &[("service", "web"), ("outcome", "served")]) >= 40.0);
    for outcome in ["failed", "timed_out", "refused"] {
        assert_eq!(page.value("canaryd_parked_total", &[("service", "web"), ("outcome", outcome)]), 0.0, "{outcome}");
    }
    assert_eq!(page.value("canaryd_parked_requests", &[("service", "web")]), 0.0);
}

#[tokio::test]
async fn a_release_that_leaves_before_the_next_one_comes_costs_no_request() {
    let site = Site::new("strategy = \"recreate\"\nprobation = \"500ms\"").await;
    site.v2.set_sick();
    let canaryd = Canaryd::start(&site).await;
    let load = Steady::on(canaryd.web().await, NO_POSTS);
    load.more(200).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_phase(PhaseName::Preparing).await;
    until_waiting(&canaryd, 20).await;
    site.v2.set_healthy();
    canaryd.api.until("the end", |status| status.stable.as_str() == "v2").await;
    load.more(200).await;
    assert_flawless(load).await;
    Client::sample(canaryd.web().await, 50).await.assert_only("v2");
}

#[tokio::test]
async fn a_service_is_parked_for_a_switch_and_no_request_is_lost() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    let load = Steady::on(canaryd.web().await, NO_POSTS);
    load.more(200).await;
    let answer = canaryd.api.post("/v1/services/web/park", json!({ "reason": "db-2 takes over" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    until_waiting(&canaryd, 20).await;
    let served = site.v1.served();
    until_waiting(&canaryd, 30).await;
    assert_eq!(site.v1.served(), served, "nobody is served");
    assert_eq!(canaryd.api.get("/readyz").await.status, 200);
    let answer = canaryd.api.post("/v1/services/web/unpark", json!({})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    load.more(200).await;
    assert_flawless(load).await;
    until("the audit trail", async || {
        let history: History = canaryd.api.get("/v1/history?service=web").await.good();
        let said: Vec<_> = history.entries.iter().map(|entry| (entry.command.clone(), entry.note.clone())).collect();
        let expected =
            [(Some("unpark".to_owned()), None), (Some("park".to_owned()), Some("db-2 takes over".to_owned()))];
        if said == expected { Ok(()) } else { Err(format!("{said:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_stop_lets_parked_requests_wait_for_a_backend_that_comes_back() {
    let site = Site::new(SLOW).await;
    let mut canaryd = Canaryd::start(&site).await;
    site.v1.set_sick();
    canaryd.api.until("nobody", |status| status.tracks[0].ready == 0).await;
    let address = canaryd.web().await;
    let waits = tokio::spawn(async move { Client::sample(address, 1).await });
    until_waiting(&canaryd, 1).await;
    canaryd.signal("TERM");
    canaryd.until_said("draining").await;
    site.v1.set_healthy();
    waits.await.unwrap().assert_only("v1");
    assert!(canaryd.ended().await.success());
}

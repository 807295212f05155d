//! Who passes its probes gets requests, and nobody else.

use canary_controller::rollout::PhaseName;

use crate::support::{Canaryd, Client, Load, Origin, SLOW, Site, until};

#[tokio::test]
async fn a_backend_that_never_passed_gets_nothing() {
    let site = Site::new(SLOW).await;
    let sick = Origin::start("v1 sick").await;
    sick.set_sick();
    let both = site
        .config(SLOW)
        .replace(&format!("\"{}\"]", site.v1.address), &format!("\"{}\", \"{}\"]", site.v1.address, sick.address));
    site.write(&both);
    let canaryd = Canaryd::start(&site).await;
    Client::sample(canaryd.web().await, 200).await.assert_only("v1");
    until("a few probes", async || if sick.probed() > 5 { Ok(()) } else { Err(sick.probed().to_string()) }).await;
    assert_eq!(sick.served(), 0);
    sick.set_healthy();
    canaryd.api.until("both backends", |status| status.tracks[0].ready == 2).await;
    let tally = Client::sample(canaryd.web().await, 200).await;
    tally.assert_flawless();
    assert!(tally.of("v1 sick") > 0, "{tally:?}");
}

#[tokio::test]
async fn a_service_without_a_ready_backend_says_so_and_asks_to_come_again() {
    let site = Site::new(SLOW).await;
    site.write(&site.config(SLOW).replace("stable = \"v1\"", "stable = \"v1\"\nparking = { requests = 0 }"));
    site.v1.set_sick();
    let canaryd = Canaryd::up(&site).await;
    let mut client = Client::tcp(canaryd.web().await).await.expect("a connection");
    let answer = client.get("/").await.expect("an answer");
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{answer:?}");
    let unready = canaryd.api.get("/readyz").await;
    assert_eq!((unready.status, unready.text.as_str()), (503, "no ready backend: web\n"));
    assert_eq!(canaryd.api.get("/healthz").await.status, 200);
    site.v1.set_healthy();
    canaryd.api.until_ready().await;
    Client::sample(canaryd.web().await, 20).await.assert_only("v1");
}

#[tokio::test]
async fn a_flapping_backend_costs_no_request() {
    let site = Site::new(SLOW).await;
    let flapping = Origin::start("v1 flapping").await;
    let both = site
        .config(SLOW)
        .replace(&format!("\"{}\"]", site.v1.address), &format!("\"{}\", \"{}\"]", site.v1.address, flapping.address));
    site.write(&both);
    let canaryd = Canaryd::start(&site).await;
    let load = Load::on(canaryd.web().await);
    for _ in 0..4 {
        canaryd.api.until("both backends", |status| status.tracks[0].ready == 2).await;
        flapping.set_sick();
        canaryd.api.until("one backend", |status| status.tracks[0].ready == 1).await;
        Client::sample(canaryd.web().await, 20).await.assert_only("v1");
        flapping.set_healthy();
    }
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn one_failed_probe_alone_takes_nobody_out() {
    let site = Site::new(SLOW).await;
    site.write(&site.config(SLOW).replace("fall = 2", "fall = 100"));
    let canaryd = Canaryd::start(&site).await;
    site.v1.set_sick();
    let probed = site.v1.probed();
    until("a few probes", async || if site.v1.probed() > probed + 5 { Ok(()) } else { Err(String::new()) }).await;
    assert_eq!(canaryd.api.status().await.tracks[0].ready, 1);
    Client::sample(canaryd.web().await, 20).await.assert_only("v1");
}

#[tokio::test]
async fn a_rollout_pauses_while_stable_is_away_and_the_canary_serves() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    site.v1.set_sick();
    let status = canaryd.api.until_phase(PhaseName::Paused).await;
    assert_eq!((status.reason.as_deref(), status.weight.bp()), (Some("stable-unready"), 1_000));
    Client::sample(canaryd.web().await, 100).await.assert_only("v2");
    let judged = |page: &crate::support::Page| page.sum("canaryd_judged_total", &[("release", "v2")]);
    assert!(judged(&canaryd.page().await).abs() < 1.0, "what only the canary can serve is no evidence");
    site.v1.set_healthy();
    canaryd.api.until_phase(PhaseName::Progressing).await;
    let tally = Client::sample(canaryd.web().await, 300).await;
    tally.assert_flawless();
    tally.assert_share("v2", 0.1);
    assert_eq!(canaryd.api.story().await[2..], ["paused stable-unready", "progressing stable-ready"]);
}

#[tokio::test]
async fn a_canary_that_loses_its_backends_is_sent_back() {
    let site = Site::new(SLOW).await;
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let load = Load::on(canaryd.web().await);
    site.v2.set_sick();
    let status = canaryd.api.until_phase(PhaseName::Aborted).await;
    assert_eq!(status.reason.as_deref(), Some("unready"));
    Client::sample(canaryd.web().await, 100).await.assert_only("v1");
    load.so_far().assert_flawless();
}

#[tokio::test]
async fn a_canary_that_never_gets_ready_is_given_up_in_time() {
    let site = Site::new(&format!("{SLOW}ready_timeout = \"300ms\"\n")).await;
    let canaryd = Canaryd::start(&site).await;
    site.v2.set_sick();
    canaryd.api.start("v2").await.done();
    let status = canaryd.api.until_phase(PhaseName::Aborted).await;
    assert_eq!((status.reason.as_deref(), site.v2.served()), (Some("never-ready"), 0));
    let story = canaryd.api.story_to("aborted never-ready").await;
    assert_eq!(story, ["preparing command", "aborted never-ready"]);
}

#[tokio::test]
async fn a_new_backend_is_asked_often_until_it_is_up() {
    let site = Site::new(SLOW).await;
    // So long that nothing comes of it in a test.
    let (often, seldom) =
        (r#"interval = "20ms", timeout = "5s", rise = 1"#, r#"interval = "5m", timeout = "5s", rise = 2"#);
    site.write(&site.config(SLOW).replace(often, seldom));
    site.v1.set_sick();
    let canaryd = Canaryd::up(&site).await;
    until("three questions", async || match site.v1.probed() {
        0..3 => Err(site.v1.probed().to_string()),
        _ => Ok(()),
    })
    .await;
    site.v1.set_healthy();
    canaryd.api.until_ready().await;
}

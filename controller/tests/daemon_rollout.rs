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
    let expected =
        ["preparing command", "progressing ready", "progressing certificate", "probation certificate", "idle probation-over"];
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

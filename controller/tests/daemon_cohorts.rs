//! Clients that stay where they fell, and those who may see a release before the others, by the real binary.

use std::fs;
use std::net::SocketAddr;

use bytes::Bytes;
use canary_controller::rollout::PhaseName;
use http::Request;
use http_body_util::Full;

use crate::support::{Canaryd, Client, Site};

const HALF: &str = r#"
steps = [50, 100]
min_duration = "10m"
max_duration = "15m"
probation = "10m"
assignment = "header:X-User"
"#;

const USERS: usize = 32;
const SECRET: &str = "0123456789abcdef";

/// The release that answers a request with this field.
async fn served(address: SocketAddr, field: &str, value: &str) -> String {
    let request = Request::get("/").header("host", "edge.test").header(field, value).body(Full::<Bytes>::default());
    let mut client = Client::tcp(address).await.expect("a connection");
    let answer = client.send(request.expect("a plain request")).await.expect("an answer");
    assert_eq!(answer.status, 200);
    answer.header("x-release").to_owned()
}

async fn all_users(address: SocketAddr) -> Vec<String> {
    let mut releases = Vec::new();
    for user in 0..USERS {
        releases.push(served(address, "x-user", &user.to_string()).await);
    }
    releases
}

#[tokio::test]
async fn a_client_stays_where_it_fell_over_a_restart_and_moves_with_the_next_rollout() {
    let site = Site::new(HALF).await;
    let mut canaryd = Canaryd::start(&site).await;
    canaryd.api.start("v2").await.done();
    canaryd.api.until_step(1).await;
    let before = all_users(canaryd.web().await).await;
    assert!(before.contains(&"v1".to_owned()) && before.contains(&"v2".to_owned()), "{before:?}");
    assert_eq!(all_users(canaryd.web().await).await, before);
    assert!(canaryd.terminate().await.success());
    let canaryd = Canaryd::start(&site).await;
    canaryd.api.until_step(1).await;
    assert_eq!(all_users(canaryd.web().await).await, before);
    canaryd.api.abort().await.done();
    assert!(all_users(canaryd.web().await).await.iter().all(|release| release == "v1"));
    canaryd.api.start_again("v2").await.done();
    canaryd.api.until_step(1).await;
    assert_ne!(all_users(canaryd.web().await).await, before, "one in four thousand million by chance");
}

#[tokio::test]
async fn who_knows_the_secret_sees_a_release_that_has_no_share_yet() {
    let site = Site::new("").await;
    let secret = site.path("secret");
    fs::write(&secret, SECRET).expect("our own folder takes a file");
    let plan = "strategy = \"blue-green\"\npause = \"manual\"\n";
    let preview = format!("{plan}[services.web.preview]\nsecret_file = \"{}\"\n", secret.display());
    site.write(&site.config(&preview));
    let canaryd = Canaryd::start(&site).await;
    let web = canaryd.web().await;
    assert_eq!(served(web, "x-canaryd-preview", SECRET).await, "v1", "nothing is on trial");
    canaryd.api.start("v2").await.done();
    let status = canaryd.api.until_step(1).await;
    assert_eq!(status.weight.bp(), 0);
    for (field, value) in [("x-canaryd-preview", SECRET), ("cookie", "canaryd-preview=0123456789abcdef")] {
        assert_eq!(served(web, field, value).await, "v2");
    }
    assert_eq!(served(web, "x-canaryd-preview", "0123456789abcdeF").await, "v1");
    Client::sample(web, 20).await.assert_only("v1");
    let status = canaryd.api.status().await;
    assert_eq!((status.phase, status.measured_bp), (PhaseName::Held, Some(0)));
    canaryd.api.abort().await.done();
    assert_eq!(served(web, "x-canaryd-preview", SECRET).await, "v1");
}

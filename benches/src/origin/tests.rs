use super::*;
use crate::client::Client;

fn origin(fail: &str, seed: u64) -> Arc<Origin> {
    Arc::new(Origin::new(Behaviour {
        release: HeaderValue::from_static("v3"),
        fail: fail.parse().unwrap(),
        seed,
        latency: Duration::ZERO,
    }))
}

async fn served(origin: &Arc<Origin>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Arc::clone(origin).serve(listener));
    Client::new(address)
}

#[test]
fn the_same_seed_fails_the_same_requests() {
    let fates = |seed| {
        let origin = origin("5%", seed);
        (0..10_000).map(|_| origin.draw()).collect::<Vec<_>>()
    };
    assert_eq!(fates(7), fates(7));
    assert_ne!(fates(7), fates(8));
}

#[test]
fn the_share_that_fails_is_the_one_that_was_asked_for() {
    for (fail, expected) in [("0", 0..=0), ("5%", 4_400..=5_600), ("100%", 100_000..=100_000)] {
        let origin = origin(fail, 1);
        for _ in 0..100_000 {
            origin.draw();
        }
        assert!(expected.contains(&origin.stats().failed), "{fail}: {:?}", origin.stats());
        assert_eq!(origin.stats().served, 100_000);
    }
}

#[tokio::test]
async fn it_says_its_release_and_counts_only_requests() {
    let origin = origin("0", 1);
    let mut client = served(&origin).await;
    for path in ["/", "/healthz", "/stats", "/other"] {
        let response = client.get(path).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()[RELEASE], "v3", "{path}");
    }
    assert_eq!(client.get("/").await.unwrap().body(), "v3\n");
    let stats: Stats = serde_json::from_slice(client.get("/stats").await.unwrap().body()).unwrap();
    assert_eq!(stats, origin.stats());
    assert_eq!((stats.served, stats.failed), (3, 0));
}

#[tokio::test]
async fn probes_of_a_failing_release_pass() {
    let origin = origin("100%", 1);
    let mut client = served(&origin).await;
    assert_eq!(client.get("/").await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(client.get("/healthz").await.unwrap().status(), StatusCode::OK);
    assert!(origin.stats().first_failure.is_some());
}

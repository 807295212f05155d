use std::sync::Arc;

use http::HeaderValue;
use tokio::net::TcpListener;

use super::*;
use crate::origin::{Behaviour, Origin};

fn load(target: SocketAddr) -> Load {
    Load {
        target,
        connections: NonZeroU32::new(4).unwrap(),
        rate: NonZeroU32::new(500).unwrap(),
        duration_max: Duration::from_millis(200),
    }
}

async fn an_origin() -> (SocketAddr, Arc<Origin>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let behaviour = Behaviour {
        release: HeaderValue::from_static("v1"),
        fail: "20%".parse().unwrap(),
        seed: 3,
        latency: Duration::ZERO,
    };
    let origin = Arc::new(Origin::new(behaviour));
    tokio::spawn(Arc::clone(&origin).serve(listener));
    (address, origin)
}

#[tokio::test]
async fn it_remembers_what_the_origin_served() {
    let (address, origin) = an_origin().await;
    let records = load(address).start().finish().await;
    let failures = records.iter().filter(|record| record.is_failure()).count() as u64;
    assert_eq!(records.len(), 100);
    assert_eq!((origin.stats().served, origin.stats().failed), (100, failures));
    assert!(records.iter().all(|record| record.is_by("v1") && !record.is_by("v2")));
    assert!(failures > 0);
}

#[tokio::test]
async fn nobody_there_is_a_failure_of_every_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let records = load(address).start().finish().await;
    assert_eq!(records.len(), 100);
    assert!(records.iter().all(|record| record.answer == Answer::Lost && record.is_failure()));
}

#[test]
fn requests_are_spread_evenly_over_time() {
    let load = load(SocketAddr::from(([127, 0, 0, 1], 1)));
    assert_eq!(load.offset(0), Duration::ZERO);
    assert_eq!(load.offset(1), Duration::from_millis(2));
    assert_eq!(load.offset(499), Duration::from_millis(998));
}

#[test]
fn a_record_stays_small() {
    assert!(size_of::<Record>() <= 56, "{}", size_of::<Record>());
}

//! The end of the data plane's life, as clients and as the daemon see it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use canary_proxy::drain::Drained;

use crate::support::{Answer, Edge, Fuse, PATIENCE, eventually, get, limits, refuses};

#[test]
fn a_drain_closes_what_is_idle_and_finishes_what_is_not() {
    let mut edge = Edge::start();
    let (mut idle, mut fresh, mut busy) = (edge.connect(), edge.connect(), edge.connect());
    idle.assert_served("/a");
    busy.send(&get("/wait"));
    assert_eq!([edge.next_seen(), edge.next_seen()], ["GET /a", "GET /wait"]);

    edge.drain.begin(PATIENCE);
    idle.assert_closed();
    fresh.assert_closed();
    eventually("a refusal", || refuses(edge.address));
    assert_eq!(edge.drain.in_flight().count(), 1);

    edge.gate.add_permits(1);
    assert_eq!(busy.answer(), Some(Answer::ok("GET /wait").closing()));
    busy.assert_closed();
    assert_eq!(edge.drained(), Drained::Clean);
    edge.join().unwrap();
    assert_eq!(edge.caps.connections(), 0);
}

#[test]
fn what_was_sent_before_the_drain_is_answered() {
    // The kernel has taken these for us, whether a worker has accepted them or not.
    for _ in 0..10 {
        let mut edge = Edge::start();
        let mut clients: Vec<_> = (0..20).map(|_| edge.connect()).collect();
        for client in &mut clients {
            client.send(&get("/a"));
        }
        edge.drain.begin(PATIENCE);
        for mut client in clients {
            assert_eq!(client.answer().map(|answer| answer.body), Some("GET /a".into()));
            client.assert_closed();
        }
        edge.join().unwrap();
    }
}

#[test]
fn the_limit_cuts_off_what_does_not_end() {
    let mut edge = Edge::start();
    let mut clients = [edge.connect(), edge.connect(), edge.connect()];
    for client in &mut clients {
        client.send(&get("/wait"));
        edge.next_seen();
    }
    edge.drain.begin(Duration::from_millis(100));
    assert_eq!(edge.drained(), Drained::CutOff(3));
    edge.join().unwrap();
    for client in &mut clients {
        client.assert_closed();
    }
    assert_eq!(edge.caps.connections(), 0);
    assert_eq!(edge.drain.in_flight().count(), 0);
}

#[test]
fn a_worker_that_panics_is_named_and_the_others_end_in_order() {
    let fuse = Fuse(Arc::new(AtomicBool::new(false)));
    let mut edge = Edge::with(&limits(), 2, None, fuse.clone());
    fuse.0.store(true, Ordering::SeqCst);
    edge.drain.begin(PATIENCE);
    let error = edge.join().unwrap_err().to_string();
    let expected = ["worker-0", "worker-1"]
        .map(|worker| format!("{worker} panicked: the fuse was lit; restart canaryd and report this"));
    assert!(expected.contains(&error), "{error}");
    edge.join().unwrap();
}

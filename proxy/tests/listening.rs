//! Accepting: caps, addresses in use, and a host that has run out of files.

use canary_config::daemon::Limits;
use canary_proxy::caps::Refused;
use canary_proxy::listener::Bound;

use crate::support::{Answer, Child, Edge, Peer, eventually, get, limits, listener};

#[test]
fn an_address_in_use_is_an_error_before_anything_starts() {
    let edge = Edge::start();
    let error = Bound::bind(&listener(edge.address)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "listener `web`: cannot listen on {}: address already in use: another process listens there; \
             stop it or change listen.web.address",
            edge.address
        )
    );
}

#[test]
fn a_client_has_no_more_connections_than_its_cap() {
    let edge = Edge::with_limits(&Limits { connections_per_ip: 2, ..limits() });
    let mut kept = [edge.connect(), edge.connect()];
    for client in &mut kept {
        client.assert_served("/a");
    }
    let mut one_too_many = edge.connect();
    one_too_many.send_in_vain(&get("/b"));
    one_too_many.assert_closed();
    assert_eq!(edge.caps.refused(), Refused { in_all: 0, per_ip: 1 });

    let [first, mut second] = kept;
    drop(first);
    eventually("room for another", || edge.caps.connections() == 1);
    edge.connect().assert_served("/c");
    second.assert_served("/d");
}

#[test]
fn all_clients_have_no_more_connections_than_the_cap() {
    let edge = Edge::with_limits(&Limits { connections: 1, ..limits() });
    edge.connect().assert_served("/a");
    eventually("room for another", || edge.caps.connections() == 0);
    let mut kept = edge.connect();
    kept.assert_served("/b");
    edge.connect().assert_closed();
    assert_eq!(edge.caps.refused(), Refused { in_all: 1, per_ip: 0 });
    kept.assert_served("/c");
}

/// More connections than the process may have files: they wait in the backlog, and are served when there is room.
#[test]
fn an_edge_without_files_serves_again_when_it_has_some() {
    const OPEN_FILES_MAX: usize = 64;
    let name = "listening::an_edge_without_files_serves_again_when_it_has_some";
    let Some(edge) = Child::of_test(name, OPEN_FILES_MAX, Edge::start) else { return };
    let mut clients: Vec<_> = (0..2 * OPEN_FILES_MAX).map(|_| Peer::connect(edge.address).unwrap()).collect();
    for client in &mut clients {
        client.send(&get("/a"));
    }
    for mut client in clients {
        assert_eq!(client.answer(), Some(Answer::ok("GET /a")));
    }
}

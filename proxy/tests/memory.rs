//! What an idle connection costs.

use crate::support::{Child, Edge, Fuse, Peer, limits};

const CONNECTIONS: usize = 1_000;

/// Resident bytes per connection, after its first request. The kernel's own share, and the client's, are not in it.
const CONNECTION_BYTES_MAX: usize = 4 * 1024;

#[test]
fn an_idle_connection_costs_less_than_four_kilobytes() {
    let name = "memory::an_idle_connection_costs_less_than_four_kilobytes";
    let start = || Edge::with(&limits(), 1, None, Fuse::default());
    let Some(edge) = Child::of_test(name, 2 * CONNECTIONS, start) else { return };
    let connect = || {
        let mut client = Peer::connect(edge.address).unwrap();
        client.assert_served("/a");
        client
    };
    // What is allocated once, whatever the number of connections, is not to be counted.
    let _warm: Vec<_> = (0..50).map(|_| connect()).collect();
    let before = edge.resident();
    let _idle: Vec<_> = (0..CONNECTIONS).map(|_| connect()).collect();
    let each = (edge.resident() - before) / CONNECTIONS;
    assert!(each <= CONNECTION_BYTES_MAX, "{each} bytes per connection");
}

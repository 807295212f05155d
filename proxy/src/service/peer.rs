//! A backend as pingora wants it.

use http::header::CONNECTION;
use pingora::Result;
use pingora::http::RequestHeader;
use pingora::prelude::HttpPeer;

use crate::table::Pick;

/// The connections that an attempt may be made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connections {
    /// One that was kept, else a new one.
    Any,
    /// A new one alone, which is not kept.
    Fresh,
}

/// Pingora looks for kept connections among those of the peer's group. Each backend has one of its own, so that whoever
/// gets an address after it gets none of its connections. None is ever kept in this odd one: see [`settle`].
const GROUP_OF_FRESH: u64 = 1;

/// The peer of a pick, with the limits of its route.
pub(super) fn of(pick: &Pick, connections: Connections, is_upgrade: bool) -> Box<HttpPeer> {
    let mut peer = HttpPeer::new(pick.backend.address, false, String::new());
    peer.group_key = match connections {
        Connections::Any => pick.backend.group(),
        Connections::Fresh => GROUP_OF_FRESH,
    };
    let timeouts = &pick.route.timeouts;
    peer.options.connection_timeout = Some(timeouts.connect);
    peer.options.total_connection_timeout = Some(timeouts.connect);
    peer.options.idle_timeout = Some(timeouts.keep_alive);
    // Both sides of an upgraded connection may be silent for as long as they like.
    peer.options.read_timeout = (!is_upgrade).then_some(timeouts.read);
    peer.options.write_timeout = (!is_upgrade).then_some(timeouts.read);
    Box::new(peer)
}

/// Says in a request's head whether its connection is to be kept. Pingora closes those whose request said no.
pub(super) fn settle(head: &mut RequestHeader, connections: Connections) -> Result<()> {
    match connections {
        Connections::Any => Ok(()),
        Connections::Fresh => head.insert_header(CONNECTION, "close"),
    }
}

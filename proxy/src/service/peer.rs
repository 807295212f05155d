//! A backend as pingora wants it.

use pingora::prelude::HttpPeer;

use crate::table::Pick;

/// The peer of a pick, with the limits of its route.
pub(super) fn of(pick: &Pick, is_upgrade: bool) -> Box<HttpPeer> {
    let mut peer = HttpPeer::new(pick.backend.address, false, String::new());
    let timeouts = &pick.route.timeouts;
    peer.options.connection_timeout = Some(timeouts.connect);
    peer.options.total_connection_timeout = Some(timeouts.connect);
    peer.options.idle_timeout = Some(timeouts.keep_alive);
    // Both sides of an upgraded connection may be silent for as long as they like.
    peer.options.read_timeout = (!is_upgrade).then_some(timeouts.read);
    peer.options.write_timeout = (!is_upgrade).then_some(timeouts.read);
    Box::new(peer)
}

//! The draw: where a request goes first.

use pingora::proxy::Session;

use crate::dice;
use crate::service::{Edge, Flight, asked, asker, client};
use crate::table::{Asker, Pick};

// === impl Edge ===

impl Edge {
    /// Draws for a request, once.
    pub(super) fn draw(&self, session: &Session, flight: &mut Flight) -> Option<Pick> {
        let route = flight.route.as_ref()?;
        route.budget.pay_in();
        let client = || client::address(session.req_header(), flight.peer, &self.trusted_proxies);
        let (asker, ticket) = asker::of(route, session.req_header(), flight.date, client);
        flight.ticket = ticket;
        let asker = Asker { upgrades: asked::is_upgrade(session.req_header()), ..asker };
        dice::with(|rng| route.pick(&asker, rng))
    }
}

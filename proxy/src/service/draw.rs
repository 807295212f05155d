//! The draw: where a request goes first.

use pingora::proxy::Session;

use crate::dice;
use crate::service::{Edge, Flight, asked, asker, client};
use crate::table::{Asker, Pick};

// === impl Edge ===

impl Edge {
    /// Draws for a request that has just come.
    pub(super) fn draw(&self, session: &Session, flight: &mut Flight) -> Option<Pick> {
        flight.route.as_ref()?.budget.pay_in();
        self.draw_anew(session, flight)
    }

    /// Draws for a request. Nothing is left of a draw by which nobody could serve it.
    pub(super) fn draw_anew(&self, session: &Session, flight: &mut Flight) -> Option<Pick> {
        let route = flight.route.as_ref()?;
        let client = || client::address(session.req_header(), flight.peer, &self.trusted_proxies);
        let (asker, ticket) = asker::of(route, session.req_header(), flight.date, client);
        flight.ticket = ticket;
        let asker = Asker { upgrades: asked::is_upgrade(session.req_header()), ..asker };
        dice::with(|rng| route.pick(&asker, rng))
    }
}

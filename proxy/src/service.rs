//! The way of a request: match, pick, attempt, score, fail over or answer, log.
//!
//! Pingora calls the hooks of [`ProxyHttp`] in this order; what each of them decides stands in a module of its own.
//! Nothing here formats a label, takes a lock, or has heard of rollouts. Start reading at `request_filter`.

mod again;
mod answer;
mod asked;
mod asker;
mod client;
mod course;
mod draw;
mod entry;
mod fault;
mod flight;
mod forwarded;
mod health;
mod hop;
mod parked;
mod peer;
mod remark;

use std::net::IpAddr;
use std::os::fd::RawFd;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use canary_config::daemon::Limits;
use http::header::{EXPECT, TRANSFER_ENCODING};
use http::{StatusCode, Version};
use ipnet::IpNet;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::prelude::HttpPeer;
use pingora::protocols::Digest;
use pingora::proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use pingora::{Error, ErrorType, Result};

use crate::access_log::AccessLog;
use crate::clock;
use crate::connection::alarm;
use crate::crumb;
use crate::drain::{Draining, InFlight};
use crate::meter::Answers;
use crate::outcome::Outcome;
use crate::preview;
use crate::rescue::{self, Reach};
use crate::routes::RouteReader;
use crate::service::forwarded::Trust;
use crate::table::Route;

pub use self::flight::Flight;

/// The proxy of one listener.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The table of this moment.
    pub routes: RouteReader,
    /// Knows when it is time to go.
    pub draining: Draining,
    /// Counts the requests in flight.
    pub in_flight: InFlight,
    /// What clients may use up.
    pub limits: Arc<Limits>,
    /// Peers whose word about the client is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The path at which a load balancer in front asks whether requests may come.
    pub health_path: Option<Arc<str>>,
    /// What was answered to requests that no rule wants.
    pub unrouted: Arc<Answers>,
    /// Where each request leaves a line.
    pub access_log: AccessLog,
}

#[async_trait]
impl ProxyHttp for Edge {
    type CTX = Flight;

    fn new_ctx(&self) -> Flight {
        Flight::new(self.in_flight.enter())
    }

    /// None: the default is a compression module that every request would carry along.
    fn init_downstream_modules(&self, _modules: &mut HttpModules) {}

    async fn early_request_filter(&self, session: &mut Session, _flight: &mut Flight) -> Result<()> {
        let is_upgrade = asked::is_upgrade(session.req_header());
        let downstream = session.as_downstream_mut();
        // A limit between two reads would cut a WebSocket that has nothing to say.
        downstream.set_read_timeout((!is_upgrade).then_some(self.limits.body_idle));
        downstream.set_write_timeout(Some(self.limits.body_idle));
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, flight: &mut Flight) -> Result<bool> {
        flight.peer = session.client_addr().and_then(|addr| addr.as_inet()).map(std::net::SocketAddr::ip);
        flight.trust = Trust::of(flight.peer, &self.trusted_proxies);
        flight.id = forwarded::request_id(session.req_header(), flight.trust);
        asked::in_origin_form(session.req_header_mut());
        if let Some(status) = self.health(session.req_header()) {
            flight.is_health_question = true;
            answer::write(session, status, &flight.id).await?;
            return Ok(true);
        }
        flight.route = self.route(session.req_header(), flight.peer);
        if flight.route.is_none() {
            answer::write(session, StatusCode::NOT_FOUND, &flight.id).await?;
            return Ok(true);
        }
        // A backend that never says "continue" would leave its client waiting for it; one of HTTP/1.0 does not wait.
        let head = session.req_header();
        if head.version == Version::HTTP_11 && head.headers.contains_key(EXPECT) {
            session.as_downstream_mut().write_continue_response().await?;
        }
        Ok(false)
    }

    async fn upstream_peer(&self, session: &mut Session, flight: &mut Flight) -> Result<Box<HttpPeer>> {
        let pick = match self.next(session, flight) {
            Some(pick) => pick,
            // Boxed, so that no other request carries the room of a wait.
            None => Box::pin(self.park(session, flight)).await?,
        };
        let attempt = flight.attempt(pick);
        Ok(peer::of(&attempt.pick, attempt.connections, asked::is_upgrade(session.req_header())))
    }

    fn fail_to_connect(
        &self,
        session: &mut Session,
        _peer: &HttpPeer,
        flight: &mut Flight,
        mut error: Box<Error>,
    ) -> Box<Error> {
        let outcome = fault::of_connecting(&error);
        flight.end(outcome);
        error.set_retry(self.makes_up(session, flight, outcome, Reach::NothingSent));
        error.as_up();
        flight.would_answer(fault::status_of(&error));
        error
    }

    async fn connected_to_upstream(
        &self,
        session: &mut Session,
        _reused: bool,
        _peer: &HttpPeer,
        _fd: RawFd,
        _digest: Option<&Digest>,
        flight: &mut Flight,
    ) -> Result<()> {
        let is_gone = flight.attempt.as_ref().is_some_and(|attempt| attempt.pick.backend.is_ejected());
        if is_gone { Err(self.gone(session, flight)) } else { Ok(()) }
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        head: &mut RequestHeader,
        flight: &mut Flight,
    ) -> Result<()> {
        head.remove_header(&EXPECT);
        head.remove_header(&preview::HEADER);
        crumb::strip(head)?;
        forwarded::introduce(head, flight.peer, flight.trust, &flight.id)?;
        if let Some(attempt) = &mut flight.attempt {
            peer::settle(head, attempt.connections)?;
            attempt.sent();
        }
        if let Some(deadline) = again::deadline(session, flight) {
            alarm::set(session, deadline);
        }
        Ok(())
    }

    async fn request_body_filter(
        &self,
        _session: &mut Session,
        body: &mut Option<Bytes>,
        end_of_stream: bool,
        _flight: &mut Flight,
    ) -> Result<()> {
        // An empty last piece would be written as a second end of the chunks and poison the kept connection
        // (pingora issue 935).
        if end_of_stream && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        Ok(())
    }

    async fn upstream_response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        flight: &mut Flight,
    ) -> Result<()> {
        let is_interim = head.status.is_informational() && head.status != StatusCode::SWITCHING_PROTOCOLS;
        if is_interim {
            return Ok(());
        }
        alarm::stop(session);
        if head.status == StatusCode::SWITCHING_PROTOCOLS && !asked::is_upgrade(session.req_header()) {
            let mut error = Error::explain(ErrorType::InvalidHTTPHeader, "switched protocols unasked");
            error.as_up();
            return Err(error);
        }
        if let Some(attempt) = &mut flight.attempt {
            attempt.answered(head.status);
        }
        let failure = Outcome::ServerError;
        if head.status.is_server_error() && self.makes_up(session, flight, failure, Reach::MaybeSent) {
            flight.end(failure);
            let mut error = Error::explain(ErrorType::HTTPStatus(head.status.as_u16()), "made up for by stable");
            error.as_up();
            error.set_retry(true);
            return Err(error);
        }
        if head.status != StatusCode::SWITCHING_PROTOCOLS {
            // The version is each connection's own. Pingora keeps the backend's for the framing of what it reads.
            head.set_version(Version::HTTP_11);
        }
        hop::strip(head);
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        flight: &mut Flight,
    ) -> Result<()> {
        asker::issue(session.req_header(), head, flight)?;
        // Pingora would send chunks, which a client of HTTP/1.0 takes for a part of the body. Its end is the end of the
        // connection.
        if session.req_header().version == Version::HTTP_10 && head.remove_header(&TRANSFER_ENCODING).is_some() {
            session.as_downstream_mut().set_keepalive(None);
        }
        // So that the client sees `Connection: close` on the last answer and not a dead connection after it.
        if self.draining.is_draining() {
            session.as_downstream_mut().set_keepalive(None);
        }
        Ok(())
    }

    fn error_while_proxy(
        &self,
        _peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        flight: &mut Flight,
        was_reused: bool,
    ) -> Box<Error> {
        alarm::stop(session);
        // Our own decision about a server error comes by here too; it is booked already.
        if flight.course.next().is_some() {
            return error;
        }
        self.broke_off(session, flight, error, was_reused)
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, flight: &mut Flight) -> FailToProxy {
        let status = fault::status_of(error);
        if let Some(status) = status
            && rescue::nothing_was_answered(session)
        {
            if let Some(attempt) = &mut flight.attempt {
                attempt.status = None;
            }
            session.as_downstream_mut().set_keepalive(None);
            // The client may be gone; there is nobody else to tell.
            let _ = answer::write(session, status, &flight.id).await;
        }
        FailToProxy { error_code: status.map_or(0, |status| status.as_u16()), can_reuse_downstream: false }
    }

    /// Pingora's own lines carry addresses and raw bytes; the access log and the counters say it without them, and for
    /// what is made up for there would be one for each of a failing canary's requests.
    fn suppress_error_log(&self, _session: &Session, _flight: &Flight, _error: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(&self, _: &Session, _: &Flight, _: &Error, _: ProxyWarnLogContext) -> bool {
        true
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, flight: &mut Flight) {
        let answered = flight.attempt.as_ref().and_then(|attempt| attempt.status);
        flight.end(error.map_or_else(|| answered.map_or(Outcome::Internal, Outcome::of_status), fault::outcome_of));
        let status = session.response_written().map(|head| head.status);
        let took = clock::now().saturating_duration_since(flight.begun);
        flight.note_wait();
        if !flight.is_health_question {
            // Whom it waited for had nothing to do with its wait.
            self.answers(flight).note(status, took.saturating_sub(flight.parked().unwrap_or_default()));
        }
        if let Some(remark) = flight.remark.take() {
            remark.tell(session.req_header(), flight);
        }
        if self.access_log.is_on() {
            self.access_log.leave(entry::of(session, flight, status, took));
        }
    }
}

// === impl Edge ===

impl Edge {
    fn route(&self, head: &RequestHeader, peer: Option<IpAddr>) -> Option<Arc<Route>> {
        self.routes.load().route(&asked::of(head, peer)).cloned()
    }

    /// Who answered: the pool whose head went to the client, else we ourselves.
    fn answers<'a>(&'a self, flight: &'a Flight) -> &'a Answers {
        let answered = flight.attempt.as_ref().filter(|attempt| attempt.status.is_some());
        match (answered, &flight.route) {
            (Some(attempt), _) => attempt.pick.pool().meter.answers(),
            (None, Some(route)) => &route.own_answers,
            (None, None) => &self.unrouted,
        }
    }
}

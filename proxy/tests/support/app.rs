//! A proxy that answers by itself, or sends everything to one origin.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use async_trait::async_trait;
use canary_proxy::drain::{Draining, InFlight, InFlightGuard};
use pingora::http::ResponseHeader;
use pingora::prelude::{Error, HttpPeer, Result};
use pingora::proxy::{ProxyHttp, Session};
use tokio::sync::Semaphore;

/// What all workers share; each has an [`Answers`] of its own.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) seen: Sender<String>,
    pub(crate) gate: Arc<Semaphore>,
    pub(crate) draining: Draining,
    pub(crate) origin: Option<SocketAddr>,
    pub(crate) fuse: Fuse,
}

/// Panics once when it is dropped, if it is lit.
#[derive(Clone, Default)]
pub(crate) struct Fuse(pub(crate) Arc<AtomicBool>);

pub(crate) struct Answers {
    app: App,
    in_flight: InFlight,
}

impl App {
    pub(crate) fn for_worker(&self, in_flight: InFlight) -> Answers {
        Answers { app: self.clone(), in_flight }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        assert!(!self.app.fuse.0.swap(false, Ordering::SeqCst), "the fuse was lit");
    }
}

#[async_trait]
impl ProxyHttp for Answers {
    type CTX = InFlightGuard;

    fn new_ctx(&self) -> InFlightGuard {
        self.in_flight.enter()
    }

    async fn request_filter(&self, session: &mut Session, _: &mut InFlightGuard) -> Result<bool> {
        let path = session.req_header().uri.path().to_owned();
        let said = format!("{} {path}", session.req_header().method);
        // A test that has ended does not ask any more.
        let _ = self.app.seen.send(said.clone());
        if self.app.origin.is_some() {
            return Ok(false);
        }
        if path == "/wait" {
            self.app.gate.acquire().await.expect("the gate is never closed").forget();
        }
        if path != "/early" {
            session.as_downstream_mut().drain_request_body().await?;
        }
        if self.app.draining.is_draining() {
            session.set_keepalive(None);
        }
        let mut head = ResponseHeader::build(200, None)?;
        head.insert_header("Content-Length", said.len().to_string())?;
        session.write_response_header(Box::new(head), false).await?;
        session.write_response_body(Some(said.into()), true).await?;
        Ok(true)
    }

    async fn upstream_peer(&self, _: &mut Session, _: &mut InFlightGuard) -> Result<Box<HttpPeer>> {
        match self.app.origin {
            Some(origin) => Ok(Box::new(HttpPeer::new(origin, false, String::new()))),
            None => Error::err(pingora::ErrorType::InternalError),
        }
    }
}

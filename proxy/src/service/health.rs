//! What a load balancer or a DNS failover in front of canaryd asks: whether requests may come.
//!
//! It comes before every rule, so that no service can take its path, and is nobody's request: it is logged and counted
//! for no service.

use http::StatusCode;
use pingora::http::RequestHeader;

use crate::service::Edge;

// === impl Edge ===

impl Edge {
    /// The answer, if this is the question: 200 while every critical service has a ready backend, else 503, and so it
    /// is while canaryd drains. The question is the listener's health path, with any query.
    pub(super) fn health(&self, head: &RequestHeader) -> Option<StatusCode> {
        let path = self.health_path.as_deref()?;
        if head.uri.path() != path {
            return None;
        }
        let is_open = self.routes.load().is_healthy() && !self.draining.is_draining();
        Some(if is_open { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE })
    }
}

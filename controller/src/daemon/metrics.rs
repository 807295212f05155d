//! The listener that Prometheus reads.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use canary_config::secret::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;

use crate::engine::{EngineHandle, Input};

/// The exposition format of the page.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone)]
struct Page {
    engine: EngineHandle,
    token: Option<Arc<Secret>>,
}

/// Serves the page until told to stop.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    token: Option<Secret>,
    engine: EngineHandle,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let page = Page { engine, token: token.map(Arc::new) };
    let app = Router::new().route("/metrics", get(render)).with_state(page);
    axum::serve(tokio::net::TcpListener::from_std(listener)?, app)
        .with_graceful_shutdown(async move {
            // An owner that is gone wants no more answers either.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await
}

async fn render(State(page): State<Page>, headers: HeaderMap) -> Response {
    if !page.admits(&headers) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "a bearer token is needed\n")
            .into_response();
    }
    match page.engine.ask(Input::Page).await.and_then(|page| page) {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

// === impl Page ===

impl Page {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let sent = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        sent.is_some_and(|sent| is_same(sent, token.expose().as_bytes()))
    }
}

/// Compares without telling by its time where the first difference is.
fn is_same(sent: &[u8], wanted: &[u8]) -> bool {
    sent.len() == wanted.len() && sent.iter().zip(wanted).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_same() {
        assert!(is_same(b"secret", b"secret"));
        for other in [&b""[..], b"secre", b"secret ", b"Secret", b"secreT"] {
            assert!(!is_same(other, b"secret"));
        }
    }
}

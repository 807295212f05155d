//! The listener that Prometheus reads.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use canary_config::secret::Secret;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;

use crate::bearer::Bearer;
use crate::engine::{EngineHandle, Input};
use crate::server;

/// The exposition format of the page.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// So many readers at once: a few scrapers, and people.
const CONNECTIONS_MAX: usize = 32;

#[derive(Clone)]
struct Page {
    engine: EngineHandle,
    token: Option<Arc<Bearer>>,
}

/// Serves the page until told to stop.
pub(super) async fn serve(
    listener: std::net::TcpListener,
    token: Option<Secret>,
    engine: EngineHandle,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let page = Page { engine, token: token.map(|token| Arc::new(Bearer::new(token))) };
    let app = Router::new().route("/metrics", get(render)).with_state(page);
    server::serve(tokio::net::TcpListener::from_std(listener)?, app, CONNECTIONS_MAX, |_| (), stop).await;
    Ok(())
}

async fn render(State(page): State<Page>, headers: HeaderMap) -> Response {
    if page.token.is_some_and(|token| !token.is_in(&headers)) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "a bearer token is needed\n")
            .into_response();
    }
    match page.engine.ask(Input::Page).await.and_then(|page| page) {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

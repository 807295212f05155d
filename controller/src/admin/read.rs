//! Questions that change nothing.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::admin::Admin;
use crate::admin::document;
use crate::admin::named::Named;
use crate::api::{Overview, Problem, ServiceStatus};
use crate::engine::Input;

/// Everything at a glance.
#[utoipa::path(get, path = "/services", tag = "questions", responses((status = OK, body = Overview)))]
pub(super) async fn overview(State(admin): State<Admin>) -> Result<Json<Overview>, Problem> {
    admin.engine.ask(Input::Overview).await.map(Json)
}

/// One service.
#[utoipa::path(get, path = "/services/{name}", tag = "questions", params(Named),
    responses((status = OK, body = ServiceStatus)))]
pub(super) async fn service(State(admin): State<Admin>, Named(service): Named) -> Result<Json<ServiceStatus>, Problem> {
    admin.engine.ask(|reply| Input::Status(service, reply)).await?.map(Json)
}

/// This document.
#[utoipa::path(get, path = "/openapi", tag = "questions",
    responses((status = OK, body = serde_json::Value, content_type = "application/json")))]
pub(super) async fn openapi() -> ([(http::HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/json")], document::text())
}

/// This document, where tools look for it.
#[utoipa::path(get, path = "/openapi.json", tag = "questions",
    responses((status = OK, body = serde_json::Value, content_type = "application/json")))]
pub(super) async fn openapi_json() -> ([(http::HeaderName, &'static str); 1], &'static str) {
    openapi().await
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses(
    (status = OK, body = String, content_type = "text/plain", description = "The process answers.")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Every service has somebody to answer for it.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = OK, body = String, content_type = "text/plain", description = "Every service has a ready backend."),
    (status = SERVICE_UNAVAILABLE, body = String, content_type = "text/plain",
        description = "Services without a ready backend, by name.")))]
pub(super) async fn readyz(State(admin): State<Admin>) -> Result<(StatusCode, String), Problem> {
    let unready = admin.engine.ask(Input::Unready).await?;
    if unready.is_empty() {
        return Ok((StatusCode::OK, "ok\n".into()));
    }
    let names = unready.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Ok((StatusCode::SERVICE_UNAVAILABLE, format!("no ready backend: {names}\n")))
}

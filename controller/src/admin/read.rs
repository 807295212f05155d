//! Questions that change nothing.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::admin::named::Named;
use crate::admin::query::Asked;
use crate::api::{History, Overview, Problem, ProblemKind, ServiceStatus};
use crate::engine::Input;
use crate::store::StoreError;

pub(super) async fn overview(State(admin): State<Admin>) -> Result<Json<Overview>, Problem> {
    admin.engine.ask(Input::Overview).await.map(Json)
}

pub(super) async fn service(State(admin): State<Admin>, Named(service): Named) -> Result<Json<ServiceStatus>, Problem> {
    admin.engine.ask(|reply| Input::Status(service, reply)).await?.map(Json)
}

pub(super) async fn history(State(admin): State<Admin>, Asked(query): Asked) -> Result<Json<History>, Problem> {
    let (reply, answer) = oneshot::channel();
    let asked = admin.store.history(query, move |result| {
        // Whoever asked may have gone away.
        let _ = reply.send(result);
    });
    let unavailable = |error: StoreError| Problem { kind: ProblemKind::StoreUnavailable, message: error.to_string() };
    asked.map_err(unavailable)?;
    let entries = answer.await.unwrap_or(Err(StoreError::Gone)).map_err(unavailable)?;
    Ok(Json(History { entries }))
}

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Every service has somebody to answer for it.
pub(super) async fn readyz(State(admin): State<Admin>) -> Result<(StatusCode, String), Problem> {
    let unready = admin.engine.ask(Input::Unready).await?;
    if unready.is_empty() {
        return Ok((StatusCode::OK, "ok\n".into()));
    }
    let names = unready.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Ok((StatusCode::SERVICE_UNAVAILABLE, format!("no ready backend: {names}\n")))
}

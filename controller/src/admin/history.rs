//! The audit trail, asked for without troubling the engine.

use std::num::NonZeroUsize;

use axum::Json;
use axum::extract::State;
use canary_config::name::ServiceName;
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::admin::Admin;
use crate::admin::query::Asked;
use crate::api::{History, HistoryEntry, Problem, schema};
use crate::engine::Input;
use crate::store::{HISTORY_LIMIT_MAX, HistoryQuery, Order, StoreError};

/// Entries that are given if nobody says how many.
const HISTORY_LIMIT_DEFAULT: usize = 50;

/// Where the store puts its answer.
type Done<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Written {
    /// Of this service only.
    #[param(value_type = schema::ServiceName, required = false)]
    service: Option<ServiceName>,
    /// At most so many entries; 50 if nothing is said.
    #[param(value_type = u32, required = false, minimum = 1, maximum = 1000)]
    limit: Option<NonZeroUsize>,
}

/// What changed, and who changed it; the newest first.
#[utoipa::path(get, path = "/history", tag = "questions", params(Written), responses(
    (status = OK, body = History),
    (status = NOT_FOUND, body = Problem, description = "There is no such service, and there never was.")))]
pub(super) async fn history(
    State(admin): State<Admin>,
    Asked(Written { service, limit }): Asked<Written>,
) -> Result<Json<History>, Problem> {
    let limit = limit_of(limit)?;
    let query = HistoryQuery { service: service.clone(), generation: None, order: Order::NewestFirst, limit };
    let entries = admin.history(query).await?;
    if let (Some(service), true) = (service, entries.is_empty()) {
        admin.must_know(service).await?;
    }
    Ok(Json(History { entries }))
}

/// How many are wanted.
///
/// # Errors
/// More than can be had at once.
pub(super) fn limit_of(written: Option<NonZeroUsize>) -> Result<usize, Problem> {
    let limit = written.map_or(HISTORY_LIMIT_DEFAULT, NonZeroUsize::get);
    if limit > HISTORY_LIMIT_MAX {
        let message = format!("query: limit {limit} is too large; ask for at most {HISTORY_LIMIT_MAX}");
        return Err(Problem::bad_request(message));
    }
    Ok(limit)
}

// === impl Admin ===

impl Admin {
    pub(super) async fn history(&self, query: HistoryQuery) -> Result<Vec<HistoryEntry>, Problem> {
        self.stored(|done| self.store.history(query, done)).await
    }

    /// What the store says, when it does.
    ///
    /// # Errors
    /// It cannot be read, or too many ask.
    pub(super) async fn stored<T: Send + 'static>(
        &self,
        ask: impl FnOnce(Done<T>) -> Result<(), StoreError>,
    ) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        ask(Box::new(move |result| {
            // Whoever asked may have gone away.
            let _ = reply.send(result);
        }))?;
        Ok(answer.await.unwrap_or(Err(StoreError::Gone))?)
    }

    /// # Errors
    /// There is no such service now.
    pub(super) async fn must_know(&self, service: ServiceName) -> Result<(), Problem> {
        self.engine.ask(|reply| Input::Status(service, reply)).await?.map(drop)
    }
}

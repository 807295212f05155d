//! A copy of the store, as it is between two records.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::admin::Admin;
use crate::api::Problem;

/// The whole store as a file, for `canaryctl restore`. Whoever has it knows everything that the store knows.
#[utoipa::path(get, path = "/backup", tag = "questions", responses(
    (status = OK, body = [u8], content_type = "application/vnd.sqlite3", description = "A file of SQLite.")))]
pub(super) async fn backup(State(admin): State<Admin>) -> Result<Response, Problem> {
    let bytes = admin.stored(|done| admin.store.backup(done)).await?;
    Ok(([(CONTENT_TYPE, "application/vnd.sqlite3"), (CACHE_CONTROL, "no-store")], bytes).into_response())
}

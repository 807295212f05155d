//! What stands behind the question mark of a request.

use axum::extract::{FromRequestParts, MatchedPath, Query, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::api::Problem;

/// The pages that take a query. Those for health take any: a prober may add what it likes.
const TAKING: [&str; 7] = [
    "/healthz",
    "/readyz",
    "/v1/events",
    "/v1/history",
    "/v1/services/{name}/forecast",
    "/v1/services/{name}/rollouts",
    "/v1/why",
];

/// A query that was understood. One that cannot be is answered with what is wrong in it.
pub(super) struct Asked<T>(pub(super) T);

// === impl Asked ===

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(written)| Self(written))
            .map_err(|error| Problem::bad_request(format!("query: {}", error.body_text())))
    }
}

/// Lets a request pass whose query somebody will read. Whoever writes `abort?generation=3` must not be taken for
/// somebody who means any generation.
pub(super) async fn only_where_it_is_read(request: Request, next: Next) -> Result<Response, Problem> {
    let is_asked = request.uri().query().is_some_and(|query| !query.is_empty());
    let page = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if is_asked && page.is_some_and(|page| !TAKING.contains(&page)) {
        return Err(Problem::bad_request("query: this page takes none; a command has all it says in its body"));
    }
    Ok(next.run(request).await)
}

//! What a history is asked for.

use std::num::NonZeroUsize;

use axum::extract::{FromRequestParts, Query};
use canary_config::name::ServiceName;
use http::request::Parts;
use serde::Deserialize;

use crate::api::Problem;
use crate::store::{HISTORY_LIMIT_MAX, HistoryQuery, Order};

/// Entries that are given if nobody says how many.
const HISTORY_LIMIT_DEFAULT: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    service: Option<ServiceName>,
    limit: Option<NonZeroUsize>,
}

/// A query that was understood.
pub(super) struct Asked(pub(super) HistoryQuery);

// === impl Asked ===

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let written = Query::<Written>::from_request_parts(parts, state).await;
        let Query(written) = written.map_err(|error| Problem::bad_request(format!("query: {}", error.body_text())))?;
        let limit = written.limit.map_or(HISTORY_LIMIT_DEFAULT, NonZeroUsize::get);
        if limit > HISTORY_LIMIT_MAX {
            let message = format!("query: limit {limit} is too large; ask for at most {HISTORY_LIMIT_MAX}");
            return Err(Problem::bad_request(message));
        }
        Ok(Self(HistoryQuery { service: written.service, generation: None, order: Order::NewestFirst, limit }))
    }
}

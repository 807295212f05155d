//! The service that a path names.

use axum::extract::{FromRequestParts, Path};
use canary_config::name::ServiceName;
use http::request::Parts;

use crate::api::Problem;

/// A name that a service can have; whether there is one of that name, the engine says.
pub(super) struct Named(pub(super) ServiceName);

// === impl Named ===

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|error| Problem::bad_request(format!("path: {}", error.body_text())))?;
        text.parse().map(Self).map_err(|error| Problem::bad_request(format!("path: {error}")))
    }
}

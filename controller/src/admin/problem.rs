//! A problem as an HTTP answer.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::api::{Problem, ProblemKind};

// === impl Problem ===

impl Problem {
    pub(super) fn bad_request(message: String) -> Self {
        Self { kind: ProblemKind::BadRequest, message }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = match self.kind {
            ProblemKind::BadRequest => StatusCode::BAD_REQUEST,
            ProblemKind::NotFound => StatusCode::NOT_FOUND,
            ProblemKind::Refused => StatusCode::CONFLICT,
            ProblemKind::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(self)).into_response()
    }
}

//! Answers to what is not there.

use http::{Method, Uri};

use crate::api::{Problem, ProblemKind};

pub(super) async fn not_found(uri: Uri) -> Problem {
    let message = format!("there is no page {}; begin at /v1/services", uri.path());
    Problem { kind: ProblemKind::NotFound, message }
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let other = if method == Method::POST { "GET" } else { "POST" };
    Problem::bad_request(format!("{method} {}: this page takes {other}", uri.path()))
}

//! Answers to what is not there.

use http::{Method, Uri};

use crate::api::{Problem, ProblemKind};

pub(super) async fn not_found(uri: Uri) -> Problem {
    Problem::new(ProblemKind::NotFound, format!("there is no page {}; begin at /v1/services", uri.path()))
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    let message = format!("{method} {}: this page takes other methods; the field Allow names them", uri.path());
    Problem::new(ProblemKind::MethodNotAllowed, message)
}

//! What an Engine's refusals mean, and what helps.

use std::io;

use bollard::errors::Error;
use canary_config::quoted::Excerpt;

/// Whether somebody between canaryd and the Engine does not let a question pass.
pub(super) fn is_forbidden(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 401 | 403 | 404 | 405, .. })
}

/// What went wrong, and what helps.
pub(in crate::docker) fn words(error: &Error) -> String {
    match error {
        Error::SocketNotFoundError(_) => "its socket does not exist; start Docker, or correct docker.host".into(),
        Error::RequestTimeoutError => "no answer in time; look at its log, or restart Docker".into(),
        Error::DockerResponseServerError { status_code: status @ (401 | 403 | 405), .. } => format!(
            "refused with {status}; let the socket proxy allow GET of _ping, version, events, containers, images and \
             networks"
        ),
        Error::DockerResponseServerError { status_code, message } => {
            format!("it answered {status_code}: {}; look at its log", Excerpt(message.trim()))
        }
        Error::JsonDataError { message, .. } => format!("its answer is not understood: {}", Excerpt(message)),
        Error::JsonSerdeError { err } => format!("its answer is not understood: {}", Excerpt(&err.to_string())),
        error => by_source(error),
    }
}

/// By the innermost cause: those around it only say that something was asked.
fn by_source(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let kind = innermost.downcast_ref::<io::Error>().map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::PermissionDenied) => {
            "permission denied; let the user that canaryd runs as into the group of its socket".into()
        }
        Some(io::ErrorKind::ConnectionRefused) => "nobody listens there; start Docker, or correct docker.host".into(),
        Some(io::ErrorKind::NotFound) => "its socket does not exist; start Docker, or correct docker.host".into(),
        _ => Excerpt(&innermost.to_string()).to_string(),
    }
}

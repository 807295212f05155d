//! What an error of pingora's means: how the attempt ended, and what the client is told.

use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};

use crate::outcome::Outcome;

/// What an error in connecting says of the attempt. A socket that we could not even open says nothing of the backend.
pub(super) fn of_connecting(error: &Error) -> Outcome {
    match error.etype() {
        ErrorType::SocketError | ErrorType::BindError | ErrorType::InternalError => Outcome::Internal,
        _ => Outcome::ConnectFailed,
    }
}

/// What an error says of the attempt that it ended.
pub(super) fn outcome_of(error: &Error) -> Outcome {
    match (error.esource(), error.etype()) {
        (ErrorSource::Downstream, _) => Outcome::ClientGone,
        (ErrorSource::Upstream, ErrorType::ReadTimedout | ErrorType::WriteTimedout) => Outcome::TimedOut,
        (ErrorSource::Upstream, _) => Outcome::Reset,
        _ => Outcome::Internal,
    }
}

/// What a client is told of an error; nothing, if it is no longer there.
pub(super) fn status_of(error: &Error) -> Option<StatusCode> {
    match (error.esource(), error.etype()) {
        (_, ErrorType::HTTPStatus(code)) => StatusCode::from_u16(*code).ok(),
        (ErrorSource::Downstream, ErrorType::ReadError | ErrorType::WriteError | ErrorType::ConnectionClosed) => None,
        (ErrorSource::Downstream, ErrorType::ReadTimedout) => Some(StatusCode::REQUEST_TIMEOUT),
        (ErrorSource::Downstream, ErrorType::WriteTimedout) => None,
        (ErrorSource::Downstream, _) => Some(StatusCode::BAD_REQUEST),
        (
            ErrorSource::Upstream,
            ErrorType::ConnectTimedout
            | ErrorType::ReadTimedout
            | ErrorType::WriteTimedout
            | ErrorType::TLSHandshakeTimedout,
        ) => Some(StatusCode::GATEWAY_TIMEOUT),
        (ErrorSource::Upstream, _) => Some(StatusCode::BAD_GATEWAY),
        _ => Some(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

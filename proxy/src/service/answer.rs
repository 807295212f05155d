//! The answers that are ours. They say what happened and nothing about what is inside.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::request_id::RequestId;
use crate::service::forwarded::REQUEST_ID;

/// When a client may ask again after a 503: a probe or two later.
const RETRY_AFTER_UNREADY: Duration = Duration::from_secs(5);

/// Answers a request with a short text of ours.
pub(super) async fn write(session: &mut Session, status: StatusCode, id: &RequestId) -> Result<()> {
    let reason = status.canonical_reason().unwrap_or("Error");
    let body = Bytes::from(format!("{} {reason}\nrequest {id}\n", status.as_u16()));
    let mut head = ResponseHeader::build(status, Some(5))?;
    head.insert_header(CONTENT_TYPE, "text/plain; charset=utf-8")?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    head.insert_header(CACHE_CONTROL, "no-store")?;
    head.insert_header(REQUEST_ID, id.to_string())?;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        head.insert_header(RETRY_AFTER, RETRY_AFTER_UNREADY.as_secs())?;
    }
    session.write_response_header(Box::new(head), false).await?;
    session.write_response_body(Some(body), true).await
}

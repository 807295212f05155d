//! The three ways in which a connection ends on our side.

use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use pingora::protocols::Stream;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::fill;
use crate::head::Refusal;

/// How long an ending may take. What the client has not taken by then, it loses.
const LINGER_TIMEOUT: Duration = Duration::from_millis(500);

/// How much is read, and thrown away, from a client that goes on sending.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// Says goodbye where nothing is under way.
pub(super) async fn leave(mut stream: Stream) {
    let _ = timeout(LINGER_TIMEOUT, AsyncWriteExt::shutdown(&mut stream)).await;
}

/// Says goodbye, and then reads on until the client does so too. To close a socket while data is coming in is a reset,
/// and a reset takes away from the client the answer that it has not read yet.
pub(super) async fn linger(mut stream: Stream) {
    let _ = timeout(LINGER_TIMEOUT, until_client_ends(&mut stream)).await;
}

/// Answers and lingers.
pub(super) async fn refuse(mut stream: Stream, refusal: Refusal) {
    tracing::debug!(status = refusal.status.as_u16(), why = refusal.why, "request head refused");
    let answer = answer(refusal);
    let _ = timeout(LINGER_TIMEOUT, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        until_client_ends(&mut stream).await
    })
    .await;
}

async fn until_client_ends(stream: &mut Stream) -> std::io::Result<()> {
    AsyncWriteExt::shutdown(stream).await?;
    let mut bytes = BytesMut::new();
    let mut total = 0;
    while total < LINGER_BYTES_MAX {
        match fill(stream, &mut bytes).await? {
            0 => break,
            read => total += read,
        }
        bytes.clear();
    }
    Ok(())
}

fn answer(Refusal { status, why }: Refusal) -> String {
    let reason = status.canonical_reason().unwrap_or("Refused");
    let allow = match status {
        // RFC 9110, 15.5.6: the answer must name what is allowed.
        StatusCode::METHOD_NOT_ALLOWED => "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n",
        _ => "",
    };
    let body = format!("{} {reason}: {why}\n", status.as_u16());
    format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n{allow}Connection: close\r\n\r\n{body}",
        status.as_u16(),
        body.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_was_wrong_and_that_it_is_the_last() {
        assert_eq!(
            answer(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "TRACE and CONNECT are not served")),
            "HTTP/1.1 405 Method Not Allowed\r\n\
             Content-Type: text/plain\r\n\
             Content-Length: 57\r\n\
             Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n\
             Connection: close\r\n\
             \r\n\
             405 Method Not Allowed: TRACE and CONNECT are not served\n"
        );
    }
}

//! The body of a command, parsed once.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::api::{Problem, ProblemKind};

/// The largest body of a command, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// So much of what is too large is read all the same: a client that writes before it reads hears what was wrong.
const EXCESS_MAX: usize = 4 * 1024 * 1024;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// A JSON body. An empty one is an empty object, as every field of most commands has a default.
pub(super) struct Body<T>(pub(super) T);

// === impl Body ===

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = Kind::of(request.headers());
        if kind == Kind::Other {
            return Err(not_json());
        }
        let too_slow = |_elapsed| {
            let message = format!("body: it was not complete within {}s; send it at once", BODY_TIMEOUT.as_secs());
            Problem::new(ProblemKind::TooSlow, message)
        };
        let bytes = timeout(BODY_TIMEOUT, read(request.into_body())).await.map_err(too_slow)??;
        if bytes.is_empty() {
            return parse(b"{}");
        }
        // A page of another site can send a body without a type and not ask first whether it may.
        if kind == Kind::None { Err(not_json()) } else { parse(&bytes) }
    }
}

/// What the head says of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Other,
    None,
}

// === impl Kind ===

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let mut fields = headers.get_all(CONTENT_TYPE).iter();
        match (fields.next(), fields.next()) {
            (None, _) => Self::None,
            (Some(field), None) if is_json(field) => Self::Json,
            _ => Self::Other,
        }
    }
}

fn is_json(field: &HeaderValue) -> bool {
    let essence = field.to_str().ok().and_then(|kind| kind.split(';').next());
    essence.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<Body<T>, Problem> {
    // A list of the fields' values would be taken for the fields.
    if text.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::bad_request("body: invalid type: sequence, expected an object at line 1 column 1"));
    }
    serde_json::from_slice(text).map(Body).map_err(|error| Problem::bad_request(format!("body: {error}")))
}

fn not_json() -> Problem {
    Problem::new(ProblemKind::UnsupportedMediaType, "content-type: a body is `application/json`")
}

async fn read(mut body: axum::body::Body) -> Result<Vec<u8>, Problem> {
    let (mut bytes, mut excess) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Problem::bad_request(format!("body: it is not whole: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if excess == 0 && bytes.len() + data.len() <= BODY_LIMIT {
            bytes.extend_from_slice(&data);
            continue;
        }
        excess += data.len();
        if excess > EXCESS_MAX {
            break;
        }
    }
    if excess == 0 {
        return Ok(bytes);
    }
    let message = format!("body: it is larger than {} KiB; send less", BODY_LIMIT / 1024);
    Err(Problem::new(ProblemKind::TooLarge, message))
}

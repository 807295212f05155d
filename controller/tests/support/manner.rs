//! How a backend treats the requests that are no probes.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use tokio::task::yield_now;
use tokio::time::sleep;

/// The body of an answer, which may end before its end.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A good answer.
    Well,
    /// An answer of 500, to one request in so many; to the others a good one.
    FailsEvery(u64),
    /// Nothing, for as long as the connection lasts.
    Hangs,
    /// A reset in place of an answer.
    Resets,
    /// A reset within the body of a good answer.
    CutsShort,
    /// A good answer after so long.
    Thinks(Duration),
    /// One after the other.
    InTurn(&'static [Manner]),
}

// === impl Manner ===

impl Manner {
    /// What comes of the request of this number, counted from 1: an answer, or the end of its connection.
    pub(super) async fn answer(self, number: u64) -> io::Result<(StatusCode, Body)> {
        match self.towards(number) {
            Self::Hangs => pending().await,
            Self::Resets => Err(broken()),
            Self::CutsShort => Ok((StatusCode::OK, cut_short())),
            Self::FailsEvery(_) => Ok((StatusCode::INTERNAL_SERVER_ERROR, whole("its own words\n"))),
            Self::Thinks(time) => {
                sleep(time).await;
                Ok((StatusCode::OK, whole("an origin\n")))
            }
            Self::Well | Self::InTurn(_) => Ok((StatusCode::OK, whole("an origin\n"))),
        }
    }

    /// The same for one request alone.
    fn towards(self, number: u64) -> Self {
        match self {
            Self::FailsEvery(requests) if !number.is_multiple_of(requests) => Self::Well,
            Self::InTurn(manners) => manners[usize::try_from(number).unwrap_or_default() % manners.len()],
            one => one,
        }
    }
}

/// A body that is there.
pub(super) fn whole(text: &'static str) -> Body {
    Full::from(text).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A body that breaks off when its first half is on its way.
fn cut_short() -> Body {
    let halves = stream::unfold(false, |is_sent| async move {
        if is_sent {
            // What is written before is sent while this waits.
            yield_now().await;
            return Some((Err(broken()), true));
        }
        Some((Ok(Frame::data(Bytes::from_static(b"half"))), true))
    });
    StreamBody::new(halves).boxed_unsync()
}

fn broken() -> io::Error {
    io::Error::other("the origin breaks off")
}

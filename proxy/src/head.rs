//! The strict look at the head of an HTTP/1 request, before anything else sees it. Pure: bytes in, a verdict out.
//!
//! What passes has exactly one meaning for everybody behind us. Where RFC 9112 lets a recipient choose between repair and
//! refusal, we refuse: a repaired message is where two parsers begin to disagree. Nothing is rewritten here.
//! The request line is in `line`, the fields and the framing in `field`, hosts in `host`.

mod class;
mod field;
mod host;
mod line;
#[cfg(test)]
pub(crate) mod tests;

use canary_config::daemon::Limits;
use http::StatusCode;

use field::Fields;

const BARE_LF: Refusal = Refusal::bad("a line ends with LF instead of CRLF");
const NO_REQUEST_LINE: Refusal = Refusal::bad("there is no request line");

/// What the bytes read so far amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Nothing is wrong yet, and the end is missing.
    Partial,
    /// A whole head that means one thing only.
    Whole(Framed),
    /// Not to be served. More bytes cannot change it.
    Refused(Refusal),
}

/// Where a head ends, and what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framed {
    /// The length of the head in bytes, with the empty line that ends it and the one that may precede it.
    pub len: usize,
    /// What comes after the head.
    pub body: Body,
}

/// How much belongs to the request after its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Exactly so many bytes.
    Known(u64),
    /// As much as the body itself says: it is chunked, or the client asks for another protocol.
    Open,
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// The reason, for the client and for the log. It holds nothing that the client sent.
    pub why: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: StatusCode, why: &'static str) -> Self {
        Self { status, why }
    }

    const fn bad(why: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }
}

/// Looks at the beginning of a request. `seen` is how many of the bytes an earlier call has found to be
/// [`Head::Partial`]; they are not searched again, so that a head that drips in costs no more than one that does not.
///
/// The verdict depends on the bytes alone, not on how they were cut into calls.
#[must_use]
pub fn check(bytes: &[u8], seen: usize, limits: &Limits) -> Head {
    let window = &bytes[..bytes.len().min(limits.head_bytes)];
    let verdict = match end_of_head(window, seen.min(window.len())) {
        Ok(Some(end)) => framed(window, end, limits).map(Head::Whole),
        Ok(None) if bytes.len() > limits.head_bytes => Err(too_long(window)),
        Ok(None) => Ok(Head::Partial),
        Err(refusal) => Err(refusal),
    };
    verdict.unwrap_or_else(Head::Refused)
}

/// One empty line before the request line is what old clients send after a body (RFC 9112, 2.2).
pub(crate) fn leading_line(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\r\n") { 2 } else { 0 }
}

/// The offset after the empty line that ends the head, if it has come.
///
/// A line feed of its own is refused as soon as it is seen: some parsers would end the head there, others would not.
fn end_of_head(window: &[u8], seen: usize) -> Result<Option<usize>, Refusal> {
    let start = leading_line(window);
    for at in memchr::memchr_iter(b'\n', &window[seen..]).map(|at| at + seen).filter(|at| *at >= start) {
        if at == 0 || window[at - 1] != b'\r' {
            return Err(BARE_LF);
        }
        if at == start + 1 {
            return Err(NO_REQUEST_LINE);
        }
        if window[at - 2] == b'\n' {
            return Ok(Some(at + 1));
        }
    }
    Ok(None)
}

fn too_long(window: &[u8]) -> Refusal {
    if memchr::memchr(b'\n', &window[leading_line(window)..]).is_none() {
        return Refusal::new(StatusCode::URI_TOO_LONG, "the request line is too long");
    }
    Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long")
}

fn framed(window: &[u8], end: usize, limits: &Limits) -> Result<Framed, Refusal> {
    let mut lines = Lines(&window[leading_line(window)..end - 2]);
    let request_line = lines.next().ok_or(NO_REQUEST_LINE)??;
    let version = line::check(request_line, limits.target_bytes)?;
    let mut fields = Fields::default();
    for (index, line) in lines.enumerate() {
        if index >= limits.head_fields {
            return Err(Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many fields"));
        }
        fields.add(line?)?;
    }
    Ok(Framed { len: end, body: fields.framing(version)? })
}

/// The lines of a head, without their line ends.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = Result<&'a [u8], Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = memchr::memchr(b'\n', self.0)?;
        let line = self.0[..at].strip_suffix(b"\r").ok_or(BARE_LF);
        self.0 = &self.0[at + 1..];
        Some(line)
    }
}

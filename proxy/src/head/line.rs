//! The request line: method, target, version.

use http::StatusCode;

use super::Refusal;
use super::class::{TARGET, TOKEN, all};
use super::host::is_host;

/// The longest method, in bytes. The longest one that is registered, `BASELINE-CONTROL`, has 16.
const METHOD_LENGTH_MAX: usize = 24;

/// The length of ` HTTP/1.1`.
const VERSION_LENGTH: usize = 9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http10,
    Http11,
}

/// Checks `method SP target SP version`, with single spaces.
pub(super) fn check(line: &[u8], target_bytes: usize) -> Result<Version, Refusal> {
    const SHAPE: Refusal = Refusal::bad("the request line is not `method target version`");
    let space = memchr::memchr(b' ', line).ok_or(SHAPE)?;
    let (method, rest) = (&line[..space], &line[space + 1..]);
    let cut = rest.len().checked_sub(VERSION_LENGTH).ok_or(SHAPE)?;
    let (target, version) = rest.split_at(cut);
    let version = check_version(version)?;
    check_method(method)?;
    check_target(method, target, target_bytes)?;
    Ok(version)
}

fn check_version(text: &[u8]) -> Result<Version, Refusal> {
    match text {
        b" HTTP/1.1" => Ok(Version::Http11),
        b" HTTP/1.0" => Ok(Version::Http10),
        [b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.0 and HTTP/1.1 are spoken here"))
        }
        _ => Err(Refusal::bad("the request line does not end with a version")),
    }
}

fn check_method(method: &[u8]) -> Result<(), Refusal> {
    if method.is_empty() || method.len() > METHOD_LENGTH_MAX || !all(method, TOKEN) {
        return Err(Refusal::bad("the method is not a token"));
    }
    // TRACE shows a page what the browser hides from it; CONNECT would make an open proxy of us.
    if matches!(method, b"TRACE" | b"CONNECT") {
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "TRACE and CONNECT are not served"));
    }
    Ok(())
}

fn check_target(method: &[u8], target: &[u8], target_bytes: usize) -> Result<(), Refusal> {
    if target.len() > target_bytes {
        return Err(Refusal::new(StatusCode::URI_TOO_LONG, "the request target is too long"));
    }
    if !all(target, TARGET) {
        return Err(Refusal::bad("the request target holds a forbidden character"));
    }
    match target {
        [b'/', ..] => Ok(()),
        b"*" if method == b"OPTIONS" => Ok(()),
        _ if authority(target).is_some_and(is_host) => Ok(()),
        _ => Err(Refusal::bad("the request target is neither a path nor an http URL")),
    }
}

/// The authority of an absolute target.
fn authority(target: &[u8]) -> Option<&[u8]> {
    let scheme = memchr::memchr(b':', target)?;
    if !target[..scheme].eq_ignore_ascii_case(b"http") && !target[..scheme].eq_ignore_ascii_case(b"https") {
        return None;
    }
    let rest = target[scheme + 1..].strip_prefix(b"//")?;
    let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
    Some(&rest[..end])
}

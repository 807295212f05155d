//! Hosts, as they stand in a `Host` field or in the target of an absolute request.

use super::class::{HOST, IPV6, all};

/// The longest host, in bytes: a DNS name has 253, a port adds six.
const HOST_LENGTH_MAX: usize = 259;

pub(super) const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// Whether this is a host name, an IPv4 address or a bracketed IPv6 address, with or without a port. No user, no path,
/// no list, no percent-encoding: what is routed by must not need to be interpreted.
pub(super) fn is_host(text: &[u8]) -> bool {
    if text.len() > HOST_LENGTH_MAX {
        return false;
    }
    if let Some(inner) = text.strip_prefix(b"[") {
        let Some(end) = memchr::memchr(b']', inner) else { return false };
        return end > 0 && all(&inner[..end], IPV6) && is_port(&inner[end + 1..]);
    }
    let end = memchr::memchr(b':', text).unwrap_or(text.len());
    end > 0 && all(&text[..end], HOST) && is_port(&text[end..])
}

/// Nothing, or a colon and one to five digits.
fn is_port(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b':', digits @ ..] => (1..=5).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

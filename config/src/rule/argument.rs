//! What stands between a matcher's quotes: a host or a path that a request can have.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::quoted::Quoted;

/// The longest host name that DNS allows, in bytes.
const HOST_LENGTH_MAX: usize = 253;

/// A host in lower case, as requests are compared with it.
pub(super) fn host(text: &str) -> Result<Box<str>, String> {
    let host = text.to_ascii_lowercase();
    let literal = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    if literal.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()) || host.parse::<Ipv4Addr>().is_ok() {
        return Ok(host.into());
    }
    let quoted = Quoted(text);
    if host.is_empty() {
        return Err("the host is empty; write one, such as Host(`example.com`)".into());
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("{quoted} is an IPv6 address without brackets; write Host(`[{host}]`)"));
    }
    if let Some((name, port)) = host.rsplit_once(':')
        && !name.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(format!("{quoted} has a port, and hosts are compared without; write Host({})", Quoted(name)));
    }
    if let Some(name) = host.strip_suffix('.') {
        return Err(format!("{quoted} ends with a dot, and hosts are compared without; write Host({})", Quoted(name)));
    }
    if host.contains('*') {
        return Err(format!("{quoted} has a wildcard, which is not available yet; write each host in full"));
    }
    if !host.is_ascii() {
        return Err(format!("{quoted} is not ASCII; write the host as clients send it, with xn--"));
    }
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if host.len() > HOST_LENGTH_MAX || !host.split('.').all(is_label) {
        return Err(format!("{quoted} is not a host; write a name alone, such as Host(`example.com`)"));
    }
    Ok(host.into())
}

/// A path, or the beginning of one, byte for byte as clients send it.
pub(super) fn path(text: &str) -> Result<Box<str>, String> {
    let quoted = Quoted(text);
    if !text.starts_with('/') {
        let with_slash = format!("/{text}");
        return Err(format!("{quoted} does not begin with a slash; write {}", Quoted(&with_slash)));
    }
    if text.contains(['?', '#']) {
        return Err(format!("{quoted} has a query or a fragment, and only the path is compared; write the path alone"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{quoted} has a character that no path is sent with; write it in percent-encoding"));
    }
    Ok(text.into())
}

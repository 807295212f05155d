//! A host that a request can have, or a family of them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::condition::Fault;
use super::super::matcher::Matcher;
use super::pattern::no_placeholder;
use crate::quoted::Quoted;

/// The longest host name that DNS allows, in bytes.
const HOST_LENGTH_MAX: usize = 253;

/// A host in lower case, as requests are compared with it. A star stands for exactly one label, or for every host.
pub(in super::super) fn read(text: &str) -> Result<Matcher, Fault> {
    if text == "*" {
        return Ok(Matcher::AnyHost);
    }
    let host = text.to_ascii_lowercase();
    if is_address(&host) {
        return Ok(Matcher::Host(host.into()));
    }
    no_placeholder(text, "HostRegexp")?;
    Ok(match host.strip_prefix("*.") {
        Some(parent) if !is_address(parent) => Matcher::HostWildcard(name(text, parent, "*.")?),
        _ => Matcher::Host(name(text, &host, "")?),
    })
}

/// Whether this is an IP address, as it stands in a URL.
fn is_address(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
    literal.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok()) || host.parse::<Ipv4Addr>().is_ok()
}

/// The name of a host: what of `text` stands behind the `star`.
fn name(text: &str, host: &str, star: &str) -> Result<Box<str>, String> {
    let quoted = Quoted(text);
    if host.is_empty() {
        return Err("the host is empty; write one, such as Host(`example.com`)".into());
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return Err(format!("{quoted} is an IPv6 address without brackets; write Host(`[{host}]`)"));
    }
    let write = |name: &str| format!("write Host({})", Quoted(&format!("{star}{name}")));
    if let Some((name, port)) = host.rsplit_once(':')
        && !name.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(format!("{quoted} has a port, and hosts are compared without; {}", write(name)));
    }
    if let Some(name) = host.strip_suffix('.') {
        return Err(format!("{quoted} ends with a dot, and hosts are compared without; {}", write(name)));
    }
    if host.contains('*') {
        let message =
            "has a star that is not its first label, alone; write Host(`*.example.com`), or HostRegexp(`...`)";
        return Err(format!("{quoted} {message}"));
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

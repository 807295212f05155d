//! What stands between a matcher's quotes: texts that a request can have.

pub(super) mod host;
pub(super) mod path;
pub(super) mod pattern;

use std::net::IpAddr;

use http::HeaderName;
use ipnet::{IpNet, Ipv4Net};

use super::condition::Fault;
use crate::quoted::Quoted;

/// A method, as clients send it.
pub(super) fn method(text: &str) -> Result<Box<str>, Fault> {
    let quoted = Quoted(text);
    if http::Method::from_bytes(text.as_bytes()).is_err() {
        return Err(format!("{quoted} is not a method; write one, such as Method(`GET`)").into());
    }
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        let upper = text.to_ascii_uppercase();
        return Err(format!("{quoted} is not in capitals, as methods are sent; write Method(`{upper}`)").into());
    }
    Ok(text.into())
}

/// The name of a field.
pub(super) fn header(text: &str) -> Result<HeaderName, Fault> {
    let refused = |_| format!("{} is not the name of a header; write one, such as `X-Version`", Quoted(text)).into();
    HeaderName::from_bytes(text.as_bytes()).map_err(refused)
}

/// The value of a field, as it is after reading.
pub(super) fn value(text: &str) -> Result<Box<str>, Fault> {
    if text != text.trim_ascii() || text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        let message = "has space around it or a control character, and no header is read with; write the value alone";
        return Err(format!("{} {message}", Quoted(text)).into());
    }
    Ok(text.into())
}

/// The name of a parameter of the query, decoded.
pub(super) fn key(text: &str) -> Result<Box<str>, Fault> {
    if text.is_empty() {
        return Err("the parameter has no name; write one, such as Query(`version`, `2`)".to_owned().into());
    }
    match text.split_once('=') {
        Some((key, value)) => {
            let instead = format!("Query(`{key}`, `{value}`)");
            Err(format!("{} is two texts in one, as Traefik 2 had it; write {instead}", Quoted(text)).into())
        }
        None => Ok(text.into()),
    }
}

/// The network of a client, or its address alone.
pub(super) fn client(text: &str) -> Result<IpNet, Fault> {
    let quoted = Quoted(text);
    let Some(network) = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)) else {
        let message = format!("{quoted} is not a network; write one, such as ClientIP(`10.0.0.0/8`), or an IP address");
        return Err(message.into());
    };
    if network != network.trunc() {
        return Err(format!("{quoted} has bits behind its prefix; write ClientIP(`{}`)", network.trunc()).into());
    }
    Ok(canonical(network))
}

/// A client of IPv4 is one whichever way its address is written.
fn canonical(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else { return network };
    let inner = mapped.prefix_len().checked_sub(96).zip(mapped.addr().to_ipv4_mapped());
    let inner = inner.and_then(|(length, address)| Ipv4Net::new(address, length).ok());
    inner.map_or(network, IpNet::V4)
}

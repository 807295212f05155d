//! Addresses as they are written: an IP address and a port, never a host name.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use serde_spanned::Spanned;

use super::key::Key;
use super::problems::{Placed, Section};
use crate::quoted::Quoted;

/// What an address is for. It decides whether the system may choose the port, and which example is given.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Listen,
    Metrics,
    Admin,
    Backend,
}

// === impl Section ===

impl Section<'_, '_> {
    /// The address that a key of this table gives.
    pub(super) fn address(
        &mut self,
        name: &str,
        written: &Spanned<String>,
        purpose: Purpose,
    ) -> Option<Placed<SocketAddr>> {
        let (key, span) = (self.key().child(name), written.span());
        self.placed_address(key, span, written.get_ref(), purpose)
    }

    /// The address that an element of an array of this table gives.
    pub(super) fn address_item(
        &mut self,
        name: &str,
        index: usize,
        written: &Spanned<String>,
        purpose: Purpose,
    ) -> Option<Placed<SocketAddr>> {
        let (key, span) = (self.key().child(name).item(index), written.span());
        self.placed_address(key, span, written.get_ref(), purpose)
    }

    fn placed_address(
        &mut self,
        key: Key,
        span: Range<usize>,
        text: &str,
        purpose: Purpose,
    ) -> Option<Placed<SocketAddr>> {
        match purpose.read(text) {
            Ok(value) => Some(Placed { key, span, value }),
            Err(message) => {
                self.report_at(&key, &span, message);
                None
            }
        }
    }
}

// === impl Purpose ===

impl Purpose {
    /// An address and port such as somebody might mean.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Listen => "0.0.0.0:8080",
            Self::Metrics => "127.0.0.1:9901",
            Self::Admin => "127.0.0.1:9902",
            Self::Backend => "127.0.0.1:9001",
        }
    }

    fn read(self, text: &str) -> Result<SocketAddr, String> {
        let (quoted, example) = (Quoted(text), self.example());
        let Ok(address) = text.parse::<SocketAddr>() else {
            return Err(format!("{quoted} {}; write an IP address and a port, such as \"{example}\"", fault(text)));
        };
        if !matches!(self, Self::Backend) {
            return Ok(address);
        }
        if address.port() == 0 {
            return Err(format!("{quoted} has port 0, which nobody answers on; write the port that the backend has"));
        }
        if address.ip().is_unspecified() {
            return Err(format!(
                "{quoted} means every address of a host; write the one of the backend, such as \"{example}\""
            ));
        }
        Ok(address)
    }
}

/// What keeps a text from being an address.
fn fault(text: &str) -> &'static str {
    let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() {
        return "has no port";
    }
    if text.contains("://") {
        return "is a URL";
    }
    match text.rsplit_once(':') {
        Some(("", _)) => "has no IP address",
        Some((_, "")) => "has no port",
        Some((host, port)) if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            if is_number && port.parse::<u16>().is_ok() {
                "has an IPv6 address without brackets"
            } else {
                "has a port outside 0 to 65535"
            }
        }
        Some(_) => "has a host name in place of an IP address",
        None => "is not an address",
    }
}

/// Whether a socket bound to `listener` takes what is sent to `address`, as far as that can be known from here.
pub(super) fn takes(listener: &SocketAddr, address: &SocketAddr) -> bool {
    let (bound, to) = (listener.ip().to_canonical(), address.ip().to_canonical());
    let is_everywhere = bound.is_unspecified() && to.is_loopback() && (bound.is_ipv6() || to.is_ipv4());
    // The system gives every port 0 a port of its own.
    listener.port() == address.port() && listener.port() != 0 && (bound == to || is_everywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_every_address_takes_what_is_sent_to_loopback() {
        let takes = |listener: &str, address: &str| takes(&listener.parse().unwrap(), &address.parse().unwrap());
        assert!(takes("127.0.0.1:80", "127.0.0.1:80"));
        assert!(takes("0.0.0.0:80", "127.0.0.1:80"));
        assert!(takes("[::]:80", "127.0.0.1:80"));
        assert!(takes("127.0.0.1:80", "[::ffff:127.0.0.1]:80"));
        assert!(!takes("0.0.0.0:80", "[::1]:80"));
        assert!(!takes("0.0.0.0:80", "10.0.0.1:80"));
        assert!(!takes("127.0.0.1:80", "127.0.0.1:81"));
        assert!(!takes("127.0.0.1:0", "127.0.0.1:0"));
    }
}

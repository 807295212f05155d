//! The client's address: the peer's, or the one that trusted proxies in front of us name.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use pingora::http::RequestHeader;

use crate::service::forwarded::{FORWARDED_FOR, Trust};

/// The address of whoever asked. Each trusted proxy is believed about the one before it: the last address on the way
/// that is not a trusted proxy's is the client's, and what the client says of the way before it counts for nothing.
pub(super) fn address(head: &RequestHeader, peer: Option<IpAddr>, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut client = peer?.to_canonical();
    let fields = head.headers.get_all(&FORWARDED_FOR).iter().rev();
    let mut named = fields.flat_map(|field| field.as_bytes().rsplit(|byte| *byte == b','));
    while Trust::of(Some(client), trusted) == Trust::Proxy {
        // A proxy that hides the one before it, or says nothing sensible, is the last that is known.
        let Some(before) = named.next().and_then(read) else { break };
        client = before;
    }
    Some(client)
}

/// An address as proxies write it: alone, or with a port.
fn read(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, fields: &[&'static str]) -> String {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        for field in fields {
            head.append_header(FORWARDED_FOR, *field).unwrap();
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        address(&head, Some(peer.parse().unwrap()), &trusted).unwrap().to_string()
    }

    #[test]
    fn a_peer_that_is_not_trusted_is_the_client() {
        assert_eq!(client("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
        assert_eq!(client("::ffff:203.0.113.7", &[]), "203.0.113.7");
    }

    #[test]
    fn the_last_address_that_is_not_a_trusted_proxys_is_the_client() {
        for (fields, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["1.1.1.1, 198.51.100.1, 10.2.2.2"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1,10.2.2.2", "10.3.3.3"], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["[2001:db8::1]:80"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["10.2.2.2, 10.3.3.3"], "10.2.2.2"),
            (&[], "10.1.1.1"),
        ] {
            assert_eq!(client("10.1.1.1", fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_way() {
        for fields in
            [&["198.51.100.1, unknown"][..], &[""], &["198.51.100.1, , 10.2.2.2"], &["_hidden"], &["\u{fffd}"]]
        {
            let found = client("10.1.1.1", fields);
            assert!(found.starts_with("10."), "{found} for {fields:?}");
        }
    }
}

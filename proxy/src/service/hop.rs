//! Fields that belong to one connection and must not travel on.

use http::header::{CONNECTION, HeaderName, TE, TRAILER, UPGRADE};
use pingora::http::ResponseHeader;

/// Fields of an answer that speak about the connection it came on. Pingora writes `Connection` and
/// `Transfer-Encoding` itself and strips requests before our filter.
const HOP_BY_HOP: [HeaderName; 5] =
    [HeaderName::from_static("keep-alive"), HeaderName::from_static("proxy-connection"), TE, TRAILER, UPGRADE];

/// Takes from an answer what belonged to the backend's connection, and what that backend's `Connection` names.
pub(super) fn strip(head: &mut ResponseHeader) {
    // The answer to an upgrade is about the connection and nothing else.
    if head.status.as_u16() == 101 {
        return;
    }
    for name in nominated(head) {
        head.remove_header(&name);
    }
    for name in &HOP_BY_HOP {
        head.remove_header(name);
    }
}

/// The fields that `Connection` names, but for those that frame the message.
fn nominated(head: &ResponseHeader) -> Vec<HeaderName> {
    let tokens = head.headers.get_all(CONNECTION).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens
        .filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
        .filter(|name| *name != http::header::CONTENT_LENGTH && *name != http::header::TRANSFER_ENCODING)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(status: u16, fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut head = ResponseHeader::build(status, None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        strip(&mut head);
        head.headers.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn what_belongs_to_the_connection_stays_behind() {
        let fields = [
            ("Connection", "close, X-Private"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Trailer", "X-Sum"),
            ("Upgrade", "h2c"),
            ("X-Private", "1"),
            ("Content-Length", "0"),
        ];
        assert_eq!(stripped(200, &fields), ["connection", "content-length"]);
        assert_eq!(stripped(200, &[("Connection", "content-length"), ("Content-Length", "0")]).len(), 2);
    }

    #[test]
    fn an_upgrade_keeps_its_fields() {
        assert_eq!(stripped(101, &[("Connection", "Upgrade"), ("Upgrade", "websocket")]), ["connection", "upgrade"]);
    }
}

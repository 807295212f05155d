//! The parameters of a query. Nothing is decoded that need not be.

use std::borrow::Cow;

/// The values, as they were sent, of every parameter whose decoded name is this one.
pub(super) fn values<'a>(query: Option<&'a str>, key: &str) -> impl Iterator<Item = &'a str> {
    let pairs = query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    // Nothing between two signs is no parameter.
    pairs.filter(move |(name, _)| !name.is_empty() && is(name, key)).map(|(_, value)| value)
}

/// Whether a part of a query is this text after decoding.
pub(super) fn is(sent: &str, wanted: &str) -> bool {
    if is_plain(sent) { sent == wanted } else { Decoded(sent.as_bytes()).eq(wanted.bytes()) }
}

/// A part of a query after decoding.
pub(super) fn decoded(sent: &str) -> Cow<'_, [u8]> {
    if is_plain(sent) { sent.as_bytes().into() } else { Decoded(sent.as_bytes()).collect::<Vec<_>>().into() }
}

fn is_plain(sent: &str) -> bool {
    memchr::memchr2(b'%', b'+', sent.as_bytes()).is_none()
}

/// The bytes that are meant: `+` is a space, and `%` begins a byte in two hexadecimal digits. Any other `%` is itself.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match self.0 {
            [] => return None,
            [b'+', rest @ ..] => (b' ', rest),
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (nibble(*high) << 4 | nibble(*low), rest)
            }
            [byte, rest @ ..] => (*byte, rest),
        };
        self.0 = rest;
        Some(byte)
    }
}

/// What a hexadecimal digit stands for.
fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_their_decoded_names() {
        let query = Some("a=1&b&%61=2&&=x&a=a=b&A=3&c+d=%2B");
        let found = |key| values(query, key).collect::<Vec<_>>();
        assert_eq!(found("a"), ["1", "2", "a=b"]);
        assert_eq!(found("b"), [""]);
        assert_eq!(found("c d"), ["%2B"]);
        assert_eq!(found(""), [""; 0]);
        assert_eq!(values(None, "a").count(), 0);
    }

    #[test]
    fn a_value_is_compared_as_it_is_meant() {
        for (sent, meant) in
            [("x", "x"), ("a+b", "a b"), ("%C3%a9", "é"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%2541", "%41")]
        {
            assert!(is(sent, meant), "{sent}");
            assert_eq!(*decoded(sent), *meant.as_bytes(), "{sent}");
        }
        assert!(!is("%41B", "A"));
        assert!(!is("A", "AB"));
        assert!(matches!(decoded("plain"), Cow::Borrowed(_)));
    }
}

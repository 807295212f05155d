//! Which bytes may stand where, as one table.

use super::host;

/// A method or a field name (RFC 9110, 5.6.2).
pub(super) const TOKEN: u8 = 1;
/// A field value: no control character but the tab. Bytes above 0x7f are opaque, and passed on.
pub(super) const VALUE: u8 = 2;
/// A request target: visible ASCII. A fragment is for the client alone, so `#` has no place in it.
pub(super) const TARGET: u8 = 4;
/// A host name or an IPv4 address. Docker's names may hold an underscore.
pub(super) const HOST: u8 = 8;
/// The inside of the brackets around an IPv6 address.
pub(super) const IPV6: u8 = 16;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = classes(byte);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

const fn classes(byte: u8) -> u8 {
    let mut classes = 0;
    let punctuation = matches!(
        byte,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
    );
    if byte.is_ascii_alphanumeric() || punctuation {
        classes |= TOKEN;
    }
    if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
        classes |= VALUE;
    }
    if byte.is_ascii_graphic() && byte != b'#' {
        classes |= TARGET;
    }
    if host::is_name_byte(byte) {
        classes |= HOST;
    }
    if byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.') {
        classes |= IPV6;
    }
    classes
}

/// Whether every byte is of the class. True of nothing at all.
pub(super) fn all(bytes: &[u8], class: u8) -> bool {
    // No early end: without a branch in the loop, the common case, which is a good head, is the fastest.
    bytes.iter().fold(class, |all, byte| all & CLASS[usize::from(*byte)]) == class
}

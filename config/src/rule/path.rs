//! The one form in which rules compare a path.

use std::borrow::Cow;

/// The path of a request in the one form in which rules compare it.
///
/// Visible characters that mean nothing by themselves are decoded (`/%61` is `/a`; `%2F` stays), what stays encoded is
/// in capitals, `.` and `..` are resolved, and of several slashes one is left. Otherwise an origin that does all this
/// could be reached around the rules. It is for comparison only: what is forwarded is what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalPath<'a>(Cow<'a, str>);

// === impl NormalPath ===

impl<'a> NormalPath<'a> {
    /// The form of this path. It allocates only if that is another one. What does not begin with a slash, as `*`, has
    /// no other form.
    #[must_use]
    pub fn of(path: &'a str) -> Self {
        if !path.starts_with('/') {
            return Self(path.into());
        }
        let decoded = decoded(path);
        if is_clean(&decoded) {
            return Self(decoded);
        }
        Self(clean(&decoded).into())
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn decoded(path: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'%', path.as_bytes()) else { return path.into() };
    let (mut out, mut rest) = (String::with_capacity(path.len()), path);
    out.push_str(&rest[..first]);
    rest = &rest[first..];
    while let Some(behind) = rest.strip_prefix('%') {
        rest = match behind.get(..2).and_then(byte_of) {
            Some(byte) => {
                if is_plain(byte) {
                    out.push(char::from(byte));
                } else {
                    out.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
                }
                &behind[2..]
            }
            None => {
                // A percent sign of its own is read as one. As it stands, it could join what is decoded behind it.
                out.push_str("%25");
                behind
            }
        };
        let end = memchr::memchr(b'%', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    out.into()
}

/// The byte that two hexadecimal digits stand for.
fn byte_of(digits: &str) -> Option<u8> {
    // `from_str_radix` would take a sign.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

fn hex_digit(nibble: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(nibble & 15)])
}

/// Whether a byte means the same with and without its encoding: a visible character that is not reserved (RFC 3986,
/// 2.2). A control character stays encoded, so that no `.` of a regular expression stops at it.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b":/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// Whether no segment but the last is empty, and none is `.` or `..`.
fn is_clean(path: &str) -> bool {
    let bytes = path.as_bytes();
    memchr::memchr_iter(b'/', bytes).all(|slash| {
        let behind = &bytes[slash + 1..];
        !matches!(behind, [b'/', ..] | [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..])
    })
}

fn clean(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut is_open = false;
    for segment in path.split('/').skip(1) {
        is_open = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    if is_open {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_form_for_comparison() {
        for (path, form) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("/%61dmin", "/admin"),
            ("/%7Euser/%2e", "/~user/"),
            ("/public/../admin", "/admin"),
            ("/public/%2E%2e/admin", "/admin"),
            ("/public%2f..%2Fadmin", "/public%2F..%2Fadmin"),
            ("//admin//x", "/admin/x"),
            ("/./a/./", "/a/"),
            ("/../../a", "/a"),
            ("/..", "/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/a//../b", "/b"),
            ("/.well-known/..x/...", "/.well-known/..x/..."),
            ("/%", "/%25"),
            ("/%4", "/%254"),
            ("/%zz%+1", "/%25zz%25+1"),
            ("/%%36%31", "/%2561"),
            ("/%2561", "/%2561"),
            ("/caf%c3%a9%20%0a%00", "/caf%C3%A9%20%0A%00"),
            ("/%3c%7b%22", "/<{\""),
            ("/a;b=%3B", "/a;b=%3B"),
            ("*", "*"),
            ("", ""),
        ] {
            assert_eq!(NormalPath::of(path).as_str(), form, "{path}");
            assert_eq!(NormalPath::of(form).as_str(), form, "the form of a form is itself");
        }
    }

    #[test]
    fn an_ordinary_path_is_not_copied() {
        for path in ["/", "/a/b.css", "/.well-known/x", "/a..b/", "*"] {
            assert!(matches!(NormalPath::of(path).0, Cow::Borrowed(_)), "{path}");
        }
    }
}

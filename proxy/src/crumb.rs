//! The pairs of a `Cookie` field, and which of them are ours.

use http::header::{COOKIE, HeaderValue};
use pingora::Result;
use pingora::http::RequestHeader;

use crate::{cohort, preview};

/// What each cookie of ours has in its name. Most requests have none, and are looked through for nothing else.
const MARK: &[u8] = b"canaryd";

/// The names and values of a field.
pub(crate) fn all(field: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    field.split(|byte| *byte == b';').filter_map(pair)
}

/// Takes ours out of a request, so that no backend sees them. The others stay as they are, byte by byte.
pub(crate) fn strip(head: &mut RequestHeader) -> Result<()> {
    let is_marked = |field: &HeaderValue| memchr::memmem::find(field.as_bytes(), MARK).is_some();
    if !head.headers.get_all(COOKIE).iter().any(is_marked) {
        return Ok(());
    }
    let fields: Vec<HeaderValue> = head.headers.get_all(COOKIE).iter().cloned().collect();
    head.remove_header(&COOKIE);
    for field in fields {
        match without_ours(field.as_bytes()) {
            None => head.append_header(COOKIE, field)?,
            Some(rest) if rest.is_empty() => continue,
            Some(rest) => head.append_header(COOKIE, rest)?,
        };
    }
    Ok(())
}

/// The field without ours; nothing, if it has none of them.
fn without_ours(field: &[u8]) -> Option<Vec<u8>> {
    let is_ours = |crumb: &&[u8]| pair(crumb).is_some_and(|(name, _)| is_our_name(name));
    let crumbs = || field.split(|byte| *byte == b';');
    if !crumbs().any(|crumb| is_ours(&crumb)) {
        return None;
    }
    let rest = crumbs().filter(|crumb| !is_ours(crumb)).collect::<Vec<_>>().join(&b';');
    Some(rest.trim_ascii_start().to_vec())
}

fn is_our_name(name: &[u8]) -> bool {
    name.starts_with(cohort::COOKIE_PREFIX.as_bytes()) || name == preview::COOKIE.as_bytes()
}

fn pair(crumb: &[u8]) -> Option<(&[u8], &[u8])> {
    let crumb = crumb.trim_ascii();
    let equals = memchr::memchr(b'=', crumb)?;
    Some((&crumb[..equals], &crumb[equals + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(fields: &[&'static str]) -> Vec<String> {
        let mut head = RequestHeader::build("GET", b"/", None).unwrap();
        for field in fields {
            head.append_header(COOKIE, *field).unwrap();
        }
        strip(&mut head).unwrap();
        let text = |field: &HeaderValue| String::from_utf8(field.as_bytes().to_vec()).unwrap();
        head.headers.get_all(COOKIE).iter().map(text).collect()
    }

    #[test]
    fn ours_are_taken_out_wherever_they_stand() {
        for (field, rest) in [
            ("__canaryd_web=1", ""),
            ("__canaryd_web=1; a=b", "a=b"),
            ("a=b; __canaryd_web=1", "a=b"),
            ("a=b; __canaryd_web=1; c=d", "a=b; c=d"),
            ("a=b;canaryd-preview=s;c=d", "a=b;c=d"),
            ("canaryd-preview=s; __canaryd_web=1", ""),
        ] {
            let expected: Vec<_> = Some(rest.to_owned()).filter(|rest| !rest.is_empty()).into_iter().collect();
            assert_eq!(stripped(&[field]), expected, "{field}");
        }
        assert_eq!(stripped(&["a=b", "__canaryd_web=1", "c=d"]), ["a=b", "c=d"]);
    }

    #[test]
    fn the_others_stay_byte_by_byte() {
        for field in [
            "a=b",
            "",
            ";;",
            " a = b ;c",
            "x=__canaryd_web=1",
            "canaryd-previews=1",
            "a__canaryd_web=1",
            "\u{e9}=\"q\"",
        ] {
            assert_eq!(stripped(&[field]), [field]);
        }
        assert_eq!(stripped(&[" a = b ;;__canaryd_web=1; c=\"d\" "]), ["a = b ;; c=\"d\" "]);
    }
}

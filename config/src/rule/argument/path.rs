//! A path, or the beginning of one.

use super::super::condition::Fault;
use super::super::path::NormalPath;
use super::pattern::no_placeholder;
use crate::quoted::Quoted;

/// A path, in the form in which paths are compared.
pub(in super::super) fn whole(text: &str) -> Result<Box<str>, Fault> {
    read(text, |text| NormalPath::of(text).as_str().to_owned())
}

/// The beginning of a path, in the form in which paths are compared.
pub(in super::super) fn prefix(text: &str) -> Result<Box<str>, Fault> {
    // What ends in the middle of a segment may go on: `/.` is how `/.well-known` begins.
    read(text, |text| {
        let longer = format!("{text}x");
        let form = NormalPath::of(&longer);
        form.as_str().strip_suffix('x').unwrap_or_default().to_owned()
    })
}

fn read(text: &str, form_of: impl Fn(&str) -> String) -> Result<Box<str>, Fault> {
    let quoted = Quoted(text);
    if !text.starts_with('/') {
        let with_slash = format!("/{text}");
        return Err(format!("{quoted} does not begin with a slash; write {}", Quoted(&with_slash)).into());
    }
    if text.contains(['?', '#']) {
        let message = "has a query or a fragment, and only the path is compared; write the path alone";
        return Err(format!("{quoted} {message}").into());
    }
    no_placeholder(text, "PathRegexp")?;
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let (encoded, message) = (encoded(text), "has a character that no path is sent with");
        return Err(format!("{quoted} {message}; write {}", Quoted(&form_of(&encoded))).into());
    }
    let form = form_of(text);
    if form != text {
        return Err(format!("{quoted} is not how paths are compared; write {}", Quoted(&form)).into());
    }
    Ok(text.into())
}

/// The text with what no path is sent with in percent-encoding.
fn encoded(text: &str) -> String {
    let one = |byte: u8| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

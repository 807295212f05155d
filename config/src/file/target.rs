//! Paths of requests as they are written.

use serde_spanned::Spanned;

use super::problems::Section;
use crate::quoted::Quoted;

// === impl Section ===

impl Section<'_, '_> {
    /// The path, perhaps with a query, that a key of this table gives.
    pub(super) fn target(&mut self, name: &str, written: Spanned<String>) -> Option<Box<str>> {
        let span = written.span();
        let text = written.into_inner();
        if !is_target(&text) {
            let quoted = Quoted(&text);
            let message = format!("{quoted} is not a path; write a slash and visible ASCII, such as \"/healthz\"");
            self.report(name, &span, message);
            return None;
        }
        Some(text.into())
    }
}

/// Whether a text can stand in a request line: a line break there would begin a request of its own.
fn is_target(text: &str) -> bool {
    text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

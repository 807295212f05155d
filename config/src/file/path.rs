//! Paths as they are written, and what to do about a file that cannot be read.

use std::io;
use std::path::PathBuf;

use serde_spanned::Spanned;

use super::problems::Section;
use crate::quoted::Quoted;

/// The longest path that a Unix socket can have, in bytes, without its final zero.
pub(super) const SOCKET_PATH_BYTES_MAX: usize = 107;

// === impl Section ===

impl Section<'_, '_> {
    /// The path that a key of this table gives, or its default. A relative one begins at the folder of the file.
    pub(super) fn path(&mut self, name: &str, written: Option<Spanned<String>>, default: PathBuf) -> PathBuf {
        let Some(written) = written else { return default };
        let text = written.get_ref();
        if text.is_empty() || text.contains('\0') {
            self.report(
                name,
                &written.span(),
                format_args!("{} is no path; write one, such as {default:?}", Quoted(text)),
            );
        }
        self.source().resolve(text)
    }
}

/// Why a file cannot be read, and what helps.
pub(super) fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist; create it or give the path of another".into(),
        io::ErrorKind::PermissionDenied => "permission denied; let the user that canaryd runs as read it".into(),
        io::ErrorKind::IsADirectory => "it is a folder; give the path of a file in it".into(),
        io::ErrorKind::InvalidData => "it is not UTF-8; save it as UTF-8".into(),
        _ => format!("{error}; check the path and its file system"),
    }
}

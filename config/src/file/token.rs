//! The bearer token of the metrics page, from a file of its own. No message ever shows what is in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_spanned::Spanned;

use super::path::advice;
use super::problems::Section;
use crate::quoted::Quoted;
use crate::secret::Secret;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4 * 1024;

// === impl Section ===

impl Section<'_, '_> {
    /// The token in the file that a key of this table names.
    pub(super) fn token(&mut self, name: &str, written: Option<Spanned<String>>) -> Option<Secret> {
        let written = written?;
        let path = self.source().resolve(written.get_ref());
        read(&path)
            .map_err(|message| {
                let shown = Quoted(written.get_ref());
                self.report(name, &written.span(), format_args!("the file {shown} {message}"));
            })
            .ok()
    }
}

fn read(path: &Path) -> Result<Secret, String> {
    let text = content(path).map_err(|error| format!("cannot be read: {}", advice(&error)))?;
    let token = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if token.is_empty() {
        return Err("is empty; write the token into it".into());
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(format!("holds more than {TOKEN_BYTES_MAX} bytes; write a shorter token into it"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("holds more than one word of ASCII; write the token alone into it".into());
    }
    Ok(Secret::new(token))
}

fn content(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // One byte more than a token and its line end shows that the file is too long.
    File::open(path)?.take(TOKEN_BYTES_MAX as u64 + 3).read_to_string(&mut text)?;
    Ok(text)
}

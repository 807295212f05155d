//! The bearer tokens of the metrics page and of the control interface, each from a file of its own. No message ever shows what is in it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_spanned::Spanned;

use super::path::advice;
use super::problems::Section;
use crate::quoted::Quoted;
use crate::secret::Secret;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4 * 1024;
/// The permission of those who are neither a file's owner nor in its group.
const OTHERS_MAY_READ: u32 = 0o004;

/// Who may read a file.
enum Readers {
    Some,
    All,
}

// === impl Section ===

impl Section<'_, '_> {
    /// The token in the file that a key of this table names.
    pub(super) fn token(&mut self, name: &str, written: Option<Spanned<String>>) -> Option<Secret> {
        let written = written?;
        let path = self.source().resolve(written.get_ref());
        let shown = Quoted(written.get_ref());
        match read(&path) {
            Ok((token, Readers::Some)) => Some(token),
            Ok((token, Readers::All)) => {
                let message = format!("every user of this host may read the file {shown}; chmod it to 0600 or 0640");
                self.warn(name, &written.span(), message);
                Some(token)
            }
            Err(message) => {
                self.report(name, &written.span(), format_args!("the file {shown} {message}"));
                None
            }
        }
    }
}

fn read(path: &Path) -> Result<(Secret, Readers), String> {
    let (text, readers) = content(path).map_err(|error| format!("cannot be read: {}", advice(&error)))?;
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
    Ok((Secret::new(token), readers))
}

fn content(path: &Path) -> io::Result<(String, Readers)> {
    let mut text = String::new();
    let file = File::open(path)?;
    let is_for_all = file.metadata()?.permissions().mode() & OTHERS_MAY_READ != 0;
    // One byte more than a token and its line end shows that the file is too long.
    file.take(TOKEN_BYTES_MAX as u64 + 3).read_to_string(&mut text)?;
    Ok((text, if is_for_all { Readers::All } else { Readers::Some }))
}

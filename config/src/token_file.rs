//! A bearer token in a file of its own, as canaryd and canaryctl both read it. No message ever shows what is in it.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::secret::Secret;

/// The longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// The longest end of a line, in bytes.
const LINE_END_BYTES_MAX: usize = 2;
/// The permission of those who are neither a file's owner nor in its group.
const OTHERS_MAY_READ: u32 = 0o004;

/// What is in the file of a token.
#[derive(Debug)]
pub struct TokenFile {
    /// The token: one word of visible ASCII.
    pub token: Secret,
    /// Who may read the file.
    pub readers: Readers,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner and its group at most.
    Some,
    /// Every user of this host.
    All,
}

/// What is wrong with the file of a token. It goes on from the name of the file.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The system does not give it.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// There is nothing in it.
    #[error("is empty; write the token into it")]
    Empty,
    /// It is longer than any token.
    #[error("holds more than {TOKEN_BYTES_MAX} bytes; write a shorter token into it")]
    TooLong,
    /// No header field can carry it.
    #[error("holds more than one word of ASCII; write the token alone into it")]
    NotOneWord,
}

// === impl TokenFile ===

impl TokenFile {
    /// Reads the token: all that the file holds, without the one line end that may close it.
    ///
    /// # Errors
    /// When the file cannot be read, or does not hold one word of at most [`TOKEN_BYTES_MAX`] bytes.
    pub fn read(path: &Path) -> Result<Self, TokenError> {
        let (text, readers) = content(path)?;
        let token = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        match token.len() {
            0 => Err(TokenError::Empty),
            length if length > TOKEN_BYTES_MAX => Err(TokenError::TooLong),
            _ if token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Self { token: Secret::new(token), readers }),
            _ => Err(TokenError::NotOneWord),
        }
    }
}

fn content(path: &Path) -> io::Result<(String, Readers)> {
    let mut text = String::new();
    let file = File::open(path)?;
    let is_for_all = file.metadata()?.permissions().mode() & OTHERS_MAY_READ != 0;
    // One byte more than a token and its line end shows that the file is too long.
    file.take((TOKEN_BYTES_MAX + LINE_END_BYTES_MAX + 1) as u64).read_to_string(&mut text)?;
    Ok((text, if is_for_all { Readers::All } else { Readers::Some }))
}

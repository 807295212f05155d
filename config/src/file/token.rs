//! The secrets that clients send, each from a file of its own: the bearer tokens of the metrics page and of the control
//! interface, and what opens a preview.

use serde_spanned::Spanned;

use super::path::advice;
use super::problems::Section;
use crate::quoted::Quoted;
use crate::secret::Secret;
use crate::token_file::{Readers, TokenError, TokenFile};

/// A shorter one can be found by trying, in bytes.
const TOKEN_BYTES_GOOD: usize = 16;

// === impl Section ===

impl Section<'_, '_> {
    /// The token in the file that a key of this table names.
    pub(super) fn token(&mut self, name: &str, written: Option<Spanned<String>>) -> Option<Secret> {
        let written = written?;
        let shown = Quoted(written.get_ref());
        let TokenFile { token, readers } = match TokenFile::read(&self.source().resolve(written.get_ref())) {
            Ok(file) => file,
            Err(error) => {
                let wrong = match error {
                    TokenError::Unreadable(error) => format!("cannot be read: {}", advice(&error)),
                    error => error.to_string(),
                };
                self.report(name, &written.span(), format_args!("the file {shown} {wrong}"));
                return None;
            }
        };
        if readers == Readers::All {
            let message = format!("every user of this host may read the file {shown}; chmod it to 0600 or 0640");
            self.warn(name, &written.span(), message);
        }
        if token.expose().len() < TOKEN_BYTES_GOOD {
            let message = format!(
                "the secret in the file {shown} is short enough to be guessed; write one of at least \
                 {TOKEN_BYTES_GOOD} letters and digits"
            );
            self.warn(name, &written.span(), message);
        }
        Some(token)
    }
}

//! `[services.NAME.preview]`: who may look at a release on trial before it has a share.

use serde::Deserialize;
use serde_spanned::Spanned;

use super::problems::Section;
use crate::quoted::Quoted;
use crate::secret::Secret;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenPreview {
    secret_file: Option<Spanned<String>>,
}

// === impl WrittenPreview ===

impl WrittenPreview {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> Option<Secret> {
        let (name, file) = ("secret_file", self.secret_file?);
        let (place, shown) = (file.span(), Quoted(file.get_ref()).to_string());
        let secret = section.token(name, Some(file))?;
        if secret.expose().contains(['"', ',', ';', '\\']) {
            let message = format!(
                "the file {shown} holds a quote, comma, semicolon or backslash, which a cookie cannot carry; write a \
                 secret of letters and digits into it"
            );
            section.report(name, &place, message);
        }
        Some(secret)
    }
}

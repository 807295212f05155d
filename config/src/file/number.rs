//! Numbers that may be written as text, too, as some have a unit or are a word.

use std::fmt;

use serde::de::Visitor;

/// Takes the text of a number, whichever way it was written. It is a number of this.
pub(super) struct NumberVisitor(pub(super) &'static str);

// === impl NumberVisitor ===

impl Visitor<'_> for NumberVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // `Debug` gives a huge or tiny number its exponent, where `Display` would give hundreds of digits.
        Ok(format!("{number:?}"))
    }
}

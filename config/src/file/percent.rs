//! Weights as they are written: percent, as a number or as text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// A weight's text, whichever way it was written. `Weight` reads it.
pub(super) struct WrittenPercent(pub(super) String);

pub(super) struct PercentVisitor;

// === impl WrittenPercent ===

impl<'de> Deserialize<'de> for WrittenPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PercentVisitor)
    }
}

// === impl PercentVisitor ===

impl Visitor<'_> for PercentVisitor {
    type Value = WrittenPercent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a weight")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(WrittenPercent(text.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(WrittenPercent(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // `Debug` gives a huge or tiny number its exponent, where `Display` would give hundreds of digits.
        Ok(WrittenPercent(format!("{number:?}")))
    }
}

//! Weights as they are written: percent, as a number or as text.

use serde::de::{Deserialize, Deserializer};

use super::number::NumberVisitor;

pub(super) const WEIGHT: NumberVisitor = NumberVisitor("a weight");

/// A weight's text, whichever way it was written. `Weight` reads it.
pub(super) struct WrittenPercent(pub(super) String);

// === impl WrittenPercent ===

impl<'de> Deserialize<'de> for WrittenPercent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WEIGHT).map(Self)
    }
}

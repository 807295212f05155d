//! Whole numbers as they are written, between two bounds.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_spanned::Spanned;

use super::problems::Section;

/// A whole number as it is written.
pub(super) struct WrittenCount(i128);

struct CountVisitor;

// === impl Section ===

impl Section<'_, '_> {
    /// The number that a key of this table gives, or its default.
    pub(super) fn count<T: Copy + PartialOrd + TryFrom<i128> + fmt::Display>(
        &mut self,
        name: &str,
        written: Option<&Spanned<WrittenCount>>,
        allowed: &RangeInclusive<T>,
        default: T,
    ) -> T {
        let Some(written) = written else { return default };
        let WrittenCount(number) = *written.get_ref();
        if let Ok(count) = T::try_from(number)
            && allowed.contains(&count)
        {
            return count;
        }
        let (least, most) = (allowed.start(), allowed.end());
        self.report(name, &written.span(), format_args!("`{number}` is out of range; write {least} to {most}"));
        default
    }
}

// === impl WrittenCount ===

impl<'de> Deserialize<'de> for WrittenCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

// === impl CountVisitor ===

impl Visitor<'_> for CountVisitor {
    type Value = WrittenCount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(WrittenCount(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Self::Value, E> {
        Ok(WrittenCount(number))
    }
}

//! Durations as they are written: text with units, such as `"250ms"` or `"1m30s"`.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use humantime::{format_duration, parse_duration};
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_spanned::Spanned;

use super::problems::Section;
use crate::quoted::Quoted;

/// The longest duration. It keeps every sum of a few durations and a clock's time from overflowing.
pub(super) const DURATION_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The shortest wait that is not zero in disguise.
pub(super) const WAIT_MIN: Duration = Duration::from_millis(1);

/// For what waits: a zero would be a wait that is over before it began.
pub(super) const WAIT: RangeInclusive<Duration> = WAIT_MIN..=DURATION_MAX;
/// For what may also be none at all.
pub(super) const WAIT_OR_NONE: RangeInclusive<Duration> = Duration::ZERO..=DURATION_MAX;

/// A duration as it is written. A number without a unit is kept, to be refused with advice.
pub(super) enum WrittenDuration {
    Text(String),
    Number(String),
}

struct DurationVisitor;

// === impl Section ===

impl Section<'_, '_> {
    /// The duration that a key of this table gives, or its default.
    pub(super) fn duration(
        &mut self,
        name: &str,
        written: Option<Spanned<WrittenDuration>>,
        allowed: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let Some(written) = written else { return default };
        written.get_ref().meant(&allowed).unwrap_or_else(|message| {
            self.report(name, &written.span(), message);
            default
        })
    }
}

// === impl WrittenDuration ===

impl WrittenDuration {
    fn meant(&self, allowed: &RangeInclusive<Duration>) -> Result<Duration, String> {
        let (Self::Text(text) | Self::Number(text)) = self;
        let quoted = Quoted(text);
        let is_number = text.trim().parse::<f64>().is_ok();
        if is_number || matches!(self, Self::Number(_)) {
            return Err(format!("{quoted} has no unit; write a unit, such as \"10s\""));
        }
        let too_long = || format!("{quoted} is too long; write at most \"{}\"", format_duration(*allowed.end()));
        let duration = match parse_duration(text) {
            Ok(duration) => duration,
            Err(humantime::DurationError::NumberOverflow) => return Err(too_long()),
            Err(_) => return Err(format!("{quoted} is not a duration; write one such as \"250ms\" or \"1m30s\"")),
        };
        if duration > *allowed.end() {
            return Err(too_long());
        }
        if duration < *allowed.start() {
            return Err(format!("{quoted} is too short; write at least \"{}\"", format_duration(*allowed.start())));
        }
        Ok(duration)
    }
}

impl<'de> Deserialize<'de> for WrittenDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

// === impl DurationVisitor ===

impl Visitor<'_> for DurationVisitor {
    type Value = WrittenDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(WrittenDuration::Text(text.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(WrittenDuration::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(WrittenDuration::Number(format!("{number:?}")))
    }
}

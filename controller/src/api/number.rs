//! Numbers on the wire.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROSECONDS_PER_MILLISECOND: f64 = 1e3;

/// The greatest whole number that every JSON parser reads exactly.
pub(crate) const WHOLE_MAX: u64 = (1 << 53) - 1;

/// A whole number, or nothing. JSON makes no difference between 7 and 7.0.
pub(super) fn whole_if_any<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let Some(number) = Option::<serde_json::Number>::deserialize(deserializer)? else { return Ok(None) };
    let whole = number.as_u64().or_else(|| number.as_f64().and_then(whole_of)).filter(|whole| *whole <= WHOLE_MAX);
    let none = || de::Error::custom(format_args!("{number} is no whole number from 0 to {WHOLE_MAX}"));
    serde_json::from_value(whole.ok_or_else(none)?.into()).map(Some).map_err(de::Error::custom)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what has no fraction loses none")]
fn whole_of(number: f64) -> Option<u64> {
    let fits = number.fract() == 0.0 && (0.0..=WHOLE_MAX as f64).contains(&number);
    fits.then_some(number as u64)
}

/// Milliseconds, to the microsecond: what lies behind that was not measured.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn in_microseconds<S: Serializer>(ms: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    ms.map(rounded).serialize(serializer)
}

/// A rate: what lies behind a thousandth is noise.
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn in_thousandths<S: Serializer>(rate: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    rate.map(rounded).serialize(serializer)
}

/// JSON has no infinity: what is beyond every number is the greatest one.
pub(super) fn finite<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    clamped(*value).serialize(serializer)
}

/// See [`finite`].
#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn finite_if_any<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(clamped).serialize(serializer)
}

fn rounded(ms: f64) -> f64 {
    (ms * MICROSECONDS_PER_MILLISECOND).round() / MICROSECONDS_PER_MILLISECOND
}

fn clamped(value: f64) -> f64 {
    value.clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let read = |text| whole_if_any::<_, u64>(&mut serde_json::Deserializer::from_str(text));
        for (text, whole) in [("null", None), ("0", Some(0)), ("7.0", Some(7)), ("9007199254740991", Some(WHOLE_MAX))] {
            assert_eq!(read(text).expect(text), whole);
        }
        for text in ["-1", "0.5", "9007199254740992", "1e30", "\"7\"", "true"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn noise_of_the_arithmetic_is_not_shown() {
        for (ms, text) in [(0.671_999_9, "0.672"), (12.0, "12.0"), (0.000_4, "0.0"), (1_234.567_849, "1234.568")] {
            assert_eq!(serde_json::to_string(&rounded(ms)).expect("a number"), text);
        }
    }

    #[test]
    fn what_is_beyond_every_number_can_be_read_again() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, 0.5] {
            let text = serde_json::to_string(&clamped(value)).expect("a number");
            assert!(serde_json::from_str::<f64>(&text).is_ok(), "{text}");
        }
    }
}

//! Floats as their bits, so that evidence that was kept is the evidence that is taken up, to the last digit.

use serde::{Deserialize, Deserializer, Serializer, de};

pub(super) fn serialize<S: Serializer, const N: usize>(numbers: &[f64; N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(numbers.map(f64::to_bits))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(deserializer: D) -> Result<[f64; N], D::Error> {
    let bits = Vec::<u64>::deserialize(deserializer)?;
    let numbers = bits.into_iter().map(f64::from_bits).collect::<Vec<_>>();
    if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
        return Err(de::Error::custom(format_args!("{number} is no evidence")));
    }
    let wrong = |numbers: Vec<f64>| de::Error::custom(format_args!("{} numbers instead of {N}", numbers.len()));
    <[f64; N]>::try_from(numbers).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pair(#[serde(with = "super")] [f64; 2]);

    #[test]
    fn what_is_read_is_what_was_written_to_the_last_bit() {
        for pair in [[0.1 + 0.2, -0.0], [f64::MIN_POSITIVE / 3.0, f64::MAX], [1e100 / 3.0, -700.000_000_1]] {
            let text = serde_json::to_string(&Pair(pair)).expect("plain");
            let read: Pair = serde_json::from_str(&text).expect("what was written");
            assert_eq!(read.0.map(f64::to_bits), pair.map(f64::to_bits), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_many_is_refused() {
        for text in ["[1]".to_owned(), "[1,2,3]".to_owned(), format!("[0,{}]", f64::NAN.to_bits())] {
            serde_json::from_str::<Pair>(&text).expect_err(&text);
        }
    }
}

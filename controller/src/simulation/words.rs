//! Traffic in words: `40rps`, and `errors=5% latency=x2 after=25%`.

use std::time::Duration;

use canary_config::weight::Weight;
use thiserror::Error;

use super::behaviour::{Behaviour, ErrorRate};
use super::latency::{Course, Latency};
use super::onset::Onset;
use crate::traffic::{Proportion, Rate, RateError};

/// The most requests a second that are simulated.
const RATE_MAX: f64 = 10_000.0;

/// The fewest: ten an hour.
const RATE_MIN: f64 = 10.0 / 3_600.0;

/// So many times as slow, at the most.
const FACTOR_MAX: f64 = 1_000.0;

/// No latency is longer.
const LATENCY_MAX: Duration = Duration::from_mins(1);

/// A word that says nothing, and what to write in its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what}; {hint}")]
pub struct WordError {
    what: String,
    hint: String,
}

/// Requests per second: `40rps`, `40/s`, `2400/min`, `9000/h`.
///
/// # Errors
/// It is no number of requests, or one that cannot be simulated.
pub fn rate(words: &str) -> Result<f64, WordError> {
    let hint = "write requests per second as 40rps, or 2400/min or 9000/h";
    let rate = match words.parse().map(Rate::get) {
        Ok(rate) => rate,
        Err(RateError::NotARate) => return Err(bad(words, "is no rate", hint)),
        Err(RateError::OutOfRange) => f64::NAN,
    };
    if (RATE_MIN..=RATE_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(bad(words, "cannot be simulated", "write at least 10/h, and at most 10000rps"))
    }
}

/// A release that answers like this from the first request on: `errors=0.1%`, `latency=80ms`.
///
/// # Errors
/// A word that is none of these.
pub fn behaviour(words: &str) -> Result<Behaviour, WordError> {
    let hint = "write errors=0.1%, or latency=80ms for its median";
    let mut behaviour = Behaviour::failing(0.0);
    for (key, value, word) in pairs(words, hint)? {
        match key {
            "errors" => behaviour.errors = ErrorRate::constant(share(value, word)?),
            "latency" => {
                let median = duration(value, word)?;
                behaviour.latency = Course::constant(Latency { median, ..Latency::USUAL });
            }
            _ => return Err(bad(word, "is no word for stable", hint)),
        }
    }
    Ok(behaviour)
}

/// A canary beside such a stable, and when it begins to be so: `errors=5%`, `latency=x2`, `latency=+100ms`, `after=25%`,
/// `after=90s`. What is not said is as it is of stable.
///
/// # Errors
/// A word that is none of these.
pub fn canary(words: &str, stable: &Behaviour) -> Result<(Behaviour, Onset), WordError> {
    let hint = "write errors=5%, latency=x2 or latency=+100ms, after=25% or after=90s";
    let (mut canary, mut onset) = (stable.clone(), Onset::AtOnce);
    for (key, value, word) in pairs(words, hint)? {
        match key {
            "errors" => canary.errors = ErrorRate::constant(share(value, word)?),
            "latency" => canary.latency = Course::constant(slower(*stable.latency.at(Duration::ZERO), value, word)?),
            "after" => onset = self::onset(value, word)?,
            _ => return Err(bad(word, "is no word for the canary", hint)),
        }
    }
    Ok((canary, onset))
}

/// `KEY=VALUE` words, each once.
fn pairs<'a>(words: &'a str, hint: &str) -> Result<Vec<(&'a str, &'a str, &'a str)>, WordError> {
    let mut pairs: Vec<(&str, &str, &str)> = Vec::new();
    for word in words.split([' ', ',']).filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').ok_or_else(|| bad(word, "has no value", hint))?;
        if pairs.iter().any(|(known, _, _)| *known == key) {
            return Err(bad(word, "is said twice", "say it once"));
        }
        pairs.push((key, value, word));
    }
    Ok(pairs)
}

fn share(value: &str, word: &str) -> Result<f64, WordError> {
    let hint = "write a percentage from 0% to 100%, such as 5% or 0.1%";
    value.parse().map(Proportion::get).map_err(|_| bad(word, "is no share of the requests", hint))
}

fn duration(value: &str, word: &str) -> Result<Duration, WordError> {
    let duration = humantime::parse_duration(value).ok().filter(|time| !time.is_zero() && *time <= LATENCY_MAX);
    duration.ok_or_else(|| bad(word, "is no latency", "write a time above 0 and up to 1m, such as 80ms"))
}

fn slower(stable: Latency, value: &str, word: &str) -> Result<Latency, WordError> {
    if let Some(more) = value.strip_prefix('+') {
        return Ok(stable.plus(duration(more, word)?));
    }
    let factor = value.strip_prefix('x').and_then(|factor| factor.parse::<f64>().ok());
    let factor = factor.filter(|factor| *factor > 0.0 && *factor <= FACTOR_MAX);
    let hint = "write x2 for twice as slow, or +100ms for so much more";
    Ok(stable.times(factor.ok_or_else(|| bad(word, "does not say how much slower", hint))?))
}

fn onset(value: &str, word: &str) -> Result<Onset, WordError> {
    let hint = "write the share at which it turns, such as after=25%, or a time, such as after=90s";
    if value.ends_with('%') {
        let weight = value.parse::<Weight>().ok().filter(|weight| *weight > Weight::ZERO);
        return weight.map(Onset::AtWeight).ok_or_else(|| bad(word, "is no share", hint));
    }
    humantime::parse_duration(value).map(Onset::After).map_err(|_| bad(word, "is no moment", hint))
}

fn bad(word: &str, what: &str, hint: &str) -> WordError {
    WordError { what: format!("'{}' {what}", word.escape_debug()), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_unit() {
        assert_eq!(["40rps", "40/s", "2400/min", " 144000 /h "].map(rate), [Ok(40.0), Ok(40.0), Ok(40.0), Ok(40.0)]);
        for word in ["", "40", "rps", "-1rps", "0rps", "1/h", "1e9rps", "NaNrps", "infrps"] {
            assert!(rate(word).is_err(), "{word}");
        }
    }

    #[test]
    fn a_canary_is_stable_but_for_what_is_said() {
        let stable = behaviour("errors=0.1% latency=80ms").expect("good words");
        assert_eq!(canary("", &stable), Ok((stable.clone(), Onset::AtOnce)));
        let (bad, onset) = canary("errors=5%, latency=x2 after=25%", &stable).expect("good words");
        assert_eq!(bad.errors, ErrorRate::constant(0.05));
        assert_eq!(*bad.latency.at(Duration::ZERO), stable.latency.at(Duration::ZERO).times(2.0));
        assert_eq!(onset, Onset::AtWeight(Weight::from_bp(2_500).expect("a share")));
        let (slow, onset) = canary("latency=+100ms after=90s", &stable).expect("good words");
        assert_eq!(slow.latency.at(Duration::ZERO).plus, Duration::from_millis(100));
        assert_eq!((slow.errors, onset), (stable.errors, Onset::After(Duration::from_secs(90))));
    }

    #[test]
    fn every_bad_word_gets_a_hint() {
        let stable = Behaviour::failing(0.0);
        for words in [
            "errors",
            "errors=",
            "errors=5",
            "errors=-1%",
            "errors=101%",
            "errors=NaN%",
            "latency=2",
            "latency=x0",
            "latency=xinf",
            "latency=+0ms",
            "latency=+9h",
            "after=",
            "after=0%",
            "after=soon",
            "error=5%",
            "errors=1% errors=2%",
            "after=101%",
            "\u{7f}=1",
        ] {
            let error = canary(words, &stable).expect_err(words).to_string();
            assert!(error.contains("; ") && !error.contains('\u{7f}'), "{error}");
        }
        assert_eq!(
            canary("errors=5", &stable).expect_err("no unit").to_string(),
            "'errors=5' is no share of the requests; write a percentage from 0% to 100%, such as 5% or 0.1%"
        );
        assert!(behaviour("after=5s").is_err() && behaviour("latency=x2").is_err());
    }
}

//! `[services.NAME.docker.limits]`: how much more of its host a release may use than stable does.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde_spanned::Spanned;

use super::duration::WrittenDuration;
use super::number::NumberVisitor;
use super::problems::Section;
use crate::quoted::Quoted;
use crate::usage::{Factor, UsageLimits};

/// What is shorter is looked at too rarely, and what is longer is over when the rollout is.
const SUSTAINED: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60 * 60);

/// No limit.
const OFF: &str = "off";

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenUsageLimits {
    memory: Option<Spanned<WrittenFactor>>,
    processor: Option<Spanned<WrittenFactor>>,
    sustained: Option<Spanned<WrittenDuration>>,
}

/// A factor's text, whichever way it was written.
struct WrittenFactor(String);

// === impl WrittenUsageLimits ===

impl WrittenUsageLimits {
    pub(super) fn meant(self, section: &mut Section<'_, '_>) -> UsageLimits {
        let default = UsageLimits::default();
        UsageLimits {
            memory: section.factor("memory", self.memory.as_ref(), default.memory),
            processor: section.factor("processor", self.processor.as_ref(), default.processor),
            sustained: section.duration("sustained", self.sustained, SUSTAINED, default.sustained),
        }
    }
}

// === impl Section ===

impl Section<'_, '_> {
    /// The factor that a key of this table gives, or its default; nothing, where there shall be no limit.
    fn factor(
        &mut self,
        name: &str,
        written: Option<&Spanned<WrittenFactor>>,
        default: Option<Factor>,
    ) -> Option<Factor> {
        let Some(written) = written else { return default };
        let WrittenFactor(text) = written.get_ref();
        if text == OFF {
            return None;
        }
        match factor(text) {
            Ok(factor) => Some(factor),
            Err(message) => {
                self.report(name, &written.span(), message);
                default
            }
        }
    }
}

fn factor(text: &str) -> Result<Factor, String> {
    let quoted = Quoted(text);
    let Some(times) = text.parse::<f64>().ok().filter(|times| !times.is_nan()) else {
        return Err(format!("{quoted} is no factor; write how many times as much as stable, such as 2, or \"{OFF}\""));
    };
    let (least, most) = (Factor::MIN, Factor::MAX);
    if times <= 1.0 {
        return Err(format!(
            "{quoted} would send back a release that uses as much as stable; write {least} to {most}, or \"{OFF}\""
        ));
    }
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "it is positive; the cast saturates")]
    let milli = (times * 1_000.0).round() as u32;
    Factor::from_milli(milli).ok_or_else(|| format!("{quoted} is out of range; write {least} to {most}, or \"{OFF}\""))
}

// === impl WrittenFactor ===

impl<'de> Deserialize<'de> for WrittenFactor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor("a factor")).map(Self)
    }
}

//! Rates of failure as they are written: percent, as weights are.

use serde_spanned::Spanned;

use super::percent::WrittenPercent;
use super::problems::Section;
use crate::quoted::Quoted;
use crate::weight::{Weight, WeightError};

// === impl Section ===

impl Section<'_, '_> {
    /// The rate between none and all, both excluded, that a key of this table gives.
    pub(super) fn rate(&mut self, name: &str, written: Option<&Spanned<WrittenPercent>>) -> Option<f64> {
        let written = written?;
        let WrittenPercent(text) = written.get_ref();
        let quoted = Quoted(text);
        let message = match text.parse::<Weight>() {
            Ok(Weight::ZERO) => format!("{quoted} would refuse a release at its first failure; write more than 0%"),
            Ok(Weight::FULL) => format!("{quoted} is never exceeded; write less than 100%"),
            Ok(rate) => return Some(rate.ratio()),
            Err(WeightError::NotANumber(_)) => format!("{quoted} is not a rate; write percent, such as 1 or \"0.5%\""),
            Err(WeightError::OutOfRange(_)) => format!("{quoted} is not between 0% and 100%"),
            Err(WeightError::TooFine(_)) => format!("{quoted} is finer than 0.01%, the smallest rate there is"),
        };
        self.report(name, &written.span(), message);
        None
    }
}

//! `pause` and `deadline`: whether a human opens the way out of a step, and for how long they are waited for.

use std::ops::Range;
use std::time::Duration;

use serde_spanned::Spanned;

use super::duration::{WAIT, WrittenDuration};
use super::problems::Section;
use crate::defaults::APPROVAL_DEADLINE;
use crate::plan::Gate;
use crate::quoted::Quoted;

/// Whose word a step waits for, as far as the tables say that have been read.
#[derive(Clone, Copy)]
pub(super) struct Approval {
    word: Word,
    deadline: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Nobodys,
    AHumans,
}

/// The two keys as a table has them.
pub(super) struct WrittenApproval {
    pub(super) pause: Option<Spanned<String>>,
    pub(super) deadline: Option<Spanned<WrittenDuration>>,
}

// === impl Approval ===

impl Approval {
    /// Where nothing is written.
    pub(super) const DEFAULT: Self = Self { word: Word::Nobodys, deadline: APPROVAL_DEADLINE };

    /// The gate of a step that nobody's word opens if this one does not.
    pub(super) fn gate(self, otherwise: Gate) -> Gate {
        match self.word {
            Word::Nobodys => otherwise,
            Word::AHumans => Gate::Manual { deadline: self.deadline },
        }
    }

    /// The same with what a table for several steps says. Its deadline may be for those that pause themselves.
    pub(super) fn by_default(self, written: WrittenApproval, section: &mut Section<'_, '_>) -> Self {
        if let Some(pause) = written.pause.as_ref().filter(|pause| pause.get_ref() != "manual") {
            let quoted = Quoted(pause.get_ref());
            let message = format!("{quoted} is not a way to pause; write \"manual\" or leave it out");
            section.report("pause", &pause.span(), message);
        }
        let word = if written.pause.is_some() { Word::AHumans } else { self.word };
        Self { word, deadline: section.duration("deadline", written.deadline, WAIT, self.deadline) }
    }

    /// The same with what the table of one step says.
    pub(super) fn changed(self, written: WrittenApproval, section: &mut Section<'_, '_>) -> Self {
        let deadline = written.deadline.as_ref().map(Spanned::span);
        let changed = self.by_default(written, section);
        if changed.word == Word::Nobodys {
            section.no_human(deadline);
        }
        changed
    }
}

// === impl Section ===

impl Section<'_, '_> {
    /// Nobody is waited for here, so a deadline would end nothing.
    pub(super) fn no_human(&mut self, deadline: Option<Range<usize>>) {
        if let Some(place) = deadline {
            self.report("deadline", &place, "nobody is waited for; write pause = \"manual\" too, or remove this");
        }
    }
}

//! How a phase looks: a glyph and its word.

use crate::render::paint::Style;
use crate::rollout::PhaseName;

/// The columns of the longest one.
pub(super) const PHASE_COLUMNS: usize = 13;

/// The glyph alone.
pub(super) const fn glyph(phase: PhaseName) -> &'static str {
    match phase {
        PhaseName::Idle => "✔",
        PhaseName::Draining => "◍",
        PhaseName::Preparing => "◌",
        PhaseName::Progressing => "▶",
        PhaseName::Held => "⚠",
        PhaseName::Paused => "॥",
        PhaseName::Probation => "◷",
        PhaseName::Aborted => "✖",
    }
}

/// The glyph and the word.
pub(super) fn phase(phase: PhaseName) -> String {
    format!("{} {}", glyph(phase), phase.label())
}

/// Its style.
pub(super) const fn style(phase: PhaseName) -> Style {
    match phase {
        PhaseName::Idle => Style::Good,
        PhaseName::Draining | PhaseName::Preparing | PhaseName::Progressing | PhaseName::Probation => Style::Moving,
        PhaseName::Held | PhaseName::Paused => Style::Warning,
        PhaseName::Aborted => Style::Bad,
    }
}

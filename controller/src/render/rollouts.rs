//! The rollouts of a service, and one of them whole.

use crate::api::{RolloutStory, RolloutSummary, Rollouts};
use crate::render::NOTHING;
use crate::render::fields::Fields;
use crate::render::history::{entries, to_seconds};
use crate::render::paint::{Color, Style};
use crate::render::phase::{PHASE_COLUMNS, phase, style};
use crate::render::reason::sentence;
use crate::render::table::{Cell, Column, table};
use crate::rollout::PhaseName;

const COLUMNS_OF_ROLLOUTS: [Column; 6] = [
    Column::of_numbers("ROLLOUT", 7),
    Column::of_names("RELEASE", 20),
    Column::of_words("PHASE", PHASE_COLUMNS),
    Column::of_numbers("AT MOST", 7),
    Column::of_words("BEGAN", 20),
    Column::of_names("WHY", 20),
];

/// A line for each rollout, the newest first.
#[must_use]
pub fn rollouts(rollouts: &Rollouts, color: Color) -> String {
    if rollouts.rollouts.is_empty() {
        return "no rollouts\n".to_owned();
    }
    let rows: Vec<_> = rollouts.rollouts.iter().map(row).collect();
    table(&COLUMNS_OF_ROLLOUTS, &rows, color)
}

/// One rollout: what became of it, and every change on the way, the oldest first.
#[must_use]
pub fn story(story: &RolloutStory, color: Color) -> String {
    let RolloutSummary { generation, canary, phase: at, reason, weight_max_bp, .. } = &story.summary;
    let canary = canary.as_ref().map_or(NOTHING, |canary| canary.as_str());
    let head = Fields::new(color)
        .styled("rollout", &format!("{generation} of {canary}"), Style::Heading)
        .styled("phase", &ended(*at), style(*at))
        .plain("why", sentence(reason))
        .plain("at most", &weight_max_bp.to_string());
    head.into_text() + "\n" + &entries(&story.entries, color)
}

fn row(rollout: &RolloutSummary) -> [Cell; 6] {
    [
        Cell::plain(rollout.generation.to_string()),
        Cell::plain(rollout.canary.as_ref().map_or(NOTHING, |canary| canary.as_str())),
        Cell::styled(ended(rollout.phase), style(rollout.phase)),
        Cell::plain(rollout.weight_max_bp.to_string()),
        Cell::plain(rollout.began_at.as_deref().map_or_else(|| NOTHING.to_owned(), to_seconds)),
        Cell::plain(&rollout.reason),
    ]
}

/// What became of a rollout: it is idle only if its release has become stable.
fn ended(at: PhaseName) -> String {
    if at == PhaseName::Idle { "✔ stable".to_owned() } else { phase(at) }
}

//! The two roles side by side.

use crate::api::{ServiceStatus, TrackStatus};
use crate::render::NOTHING;
use crate::render::fields::LABEL_COLUMNS;
use crate::render::number::{count, latency, percent, ratio};
use crate::render::paint::{Color, Style};
use crate::render::table::{Cell, Column, table};

/// A line for each role; nothing if there is none.
pub(super) fn tracks(service: &ServiceStatus, color: Color) -> String {
    if service.tracks.is_empty() {
        return String::new();
    }
    // Beside evidence the numbers are what it was drawn from, not everything that was answered.
    let requests = if service.evidence.is_some() { "SCORED" } else { "REQUESTS" };
    let columns = [
        Column::of_words("TRACK", LABEL_COLUMNS),
        Column::of_names("RELEASE", 28),
        Column::of_numbers("READY", 9),
        Column::of_numbers(requests, 9),
        Column::of_numbers("ERRORS", 9),
        Column::of_numbers("", 6),
        Column::of_numbers("P50", 7),
        Column::of_numbers("P99", 7),
    ];
    let rows: Vec<_> = service.tracks.iter().map(row).collect();
    "\n".to_owned() + &table(&columns, &rows, color)
}

fn row(track: &TrackStatus) -> [Cell; 8] {
    let readiness = match (track.ready, track.backends) {
        (0, _) => Style::Bad,
        (ready, backends) if ready < backends => Style::Warning,
        _ => Style::Plain,
    };
    let time = |ms: Option<f64>| Cell::plain(ms.map_or_else(|| NOTHING.to_owned(), latency));
    [
        Cell::plain(&track.track),
        Cell::plain(track.release.as_str()),
        Cell::styled(ratio(track.ready, track.backends), readiness),
        Cell::plain(count(track.requests)),
        Cell::plain(count(track.errors)),
        Cell::plain(percent(track.errors, track.requests)),
        time(track.p50_ms),
        time(track.p99_ms),
    ]
}

//! What the containers of the releases use, each on the average, side by side.

use crate::api::{ServiceStatus, UsageStatus};
use crate::render::fields::Fields;
use crate::render::number::{mebibytes, thousandths};
use crate::render::paint::Color;

/// A line for each release that is compared; nothing before its containers have been looked at.
pub(super) fn usage(service: &ServiceStatus, color: Color) -> String {
    let mut fields = Fields::new(color);
    let mut label = "usage";
    for track in &service.tracks {
        let own = service.containers.iter().filter(|container| container.release == track.release);
        let looks: Vec<_> = own.filter_map(|container| container.usage).collect();
        if !looks.is_empty() {
            let each = if looks.len() == 1 { "" } else { ", each on the average" };
            fields = fields.plain(label, &format!("{}: {}{each}", track.track, mean(&looks)));
            label = "";
        }
    }
    fields.into_text()
}

/// `24.1 MiB of memory, 0.12 processors`.
fn mean(looks: &[UsageStatus]) -> String {
    let memory: u64 = looks.iter().map(|look| look.memory_bytes / looks.len() as u64).sum();
    let known: Vec<_> = looks.iter().filter_map(|look| look.processor_milli).collect();
    let processors = known.iter().sum::<u64>().checked_div(known.len() as u64);
    let processors = processors.map(|milli| format!(", {} processors", thousandths(milli))).unwrap_or_default();
    format!("{} of memory{processors}", mebibytes(memory))
}

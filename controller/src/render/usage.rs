//! What the containers of the releases use, each on the average, side by side, and what that is beside the limits.

use canary_config::usage::Factor;

use crate::api::{LimitStatus, ServiceStatus, UsageStatus};
use crate::render::fields::Fields;
use crate::render::number::{duration, mebibytes, microseconds, thousandths};
use crate::render::paint::{Color, Style};

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
    limits(fields, &service.limits).into_text()
}

/// A line for each limit of the release on trial.
fn limits(fields: Fields, limits: &[LimitStatus]) -> Fields {
    limits.iter().enumerate().fold(fields, |fields, (index, limit)| {
        let style = if limit.exceeded_ms.is_some() { Style::Warning } else { Style::Plain };
        fields.styled(if index == 0 { "limits" } else { "" }, &standing(limit), style)
    })
}

/// `processor time of a request: 5.0ms, and stable's 2.0ms: 2.50 times as much, and at most 2 times is allowed`.
fn standing(status: &LimitStatus) -> String {
    let LimitStatus { resource, limit_milli, stable, canary, not_judged, exceeded_ms } = status;
    let is_memory = resource == "memory";
    let what = if is_memory { "memory of a container" } else { "processor time of a request" };
    let amount = |amount: u64| if is_memory { mebibytes(amount) } else { microseconds(amount / 1_000) };
    let most = Factor::from_milli(*limit_milli).map_or_else(|| thousandths((*limit_milli).into()), |it| it.to_string());
    let said = match (not_judged, stable.zip(*canary)) {
        (Some(why), _) => format!("not judged, as {why}"),
        (None, None) => "not judged yet".to_owned(),
        (None, Some((stable, canary))) => {
            let times = canary.saturating_mul(1_000).checked_div(stable).map(thousandths);
            let times = times.map_or_else(String::new, |times| format!(", {times} times as much"));
            format!("{} beside {}{times}", amount(canary), amount(stable))
        }
    };
    let time = exceeded_ms.map(|ms| format!(", exceeded for {}", duration(ms))).unwrap_or_default();
    format!("{what}: {said}; at most {most} times stable's{time}")
}

/// `24.1 MiB of memory, 0.12 processors`.
fn mean(looks: &[UsageStatus]) -> String {
    let memory: u64 = looks.iter().map(|look| look.memory_bytes / looks.len() as u64).sum();
    let known: Vec<_> = looks.iter().filter_map(|look| look.processor_milli).collect();
    let processors = known.iter().sum::<u64>().checked_div(known.len() as u64);
    let processors = processors.map(|milli| format!(", {} processors", thousandths(milli))).unwrap_or_default();
    format!("{} of memory{processors}", mebibytes(memory))
}

//! One service: the full picture.

use canary_config::weight::Weight;

use crate::api::{Missing, ServiceStatus, StepStatus};
use crate::render::evidence::evidence;
use crate::render::fields::Fields;
use crate::render::number::{count, duration, share};
use crate::render::paint::{Color, Style};
use crate::render::phase::{phase, style};
use crate::render::store;
use crate::render::text::columns;
use crate::render::tracks::tracks;
use crate::render::why::why;
use crate::rollout::PhaseName;

/// Where a service stands and why, what its roles have to show, what the judge has seen, and what comes next.
#[must_use]
pub fn status(service: &ServiceStatus, color: Color) -> String {
    let sections = [
        store::trouble(service.store_trouble.as_deref(), color),
        head(service, color),
        tracks(service, color),
        evidence(service, color),
        outlook(service, color),
    ];
    sections.concat()
}

fn head(service: &ServiceStatus, color: Color) -> String {
    let since = service.in_phase_ms.map(|ms| format!(" for {}", duration(ms))).unwrap_or_default();
    let canary = service.canary.as_ref().map(|canary| format!("{canary} (rollout {})", service.generation));
    Fields::new(color)
        .styled("service", service.name.as_str(), Style::Heading)
        .styled("phase", &(phase(service.phase) + &since), style(service.phase))
        .plain_if("why", service.reason.as_deref().map(why))
        .plain("rule", &service.rule)
        .plain("stable", service.stable.as_str())
        .plain_if("canary", canary.as_deref())
        .plain("weight", &weight(service))
        .plain_if("step", service.step.as_ref().map(step).as_deref())
        .into_text()
}

/// The share that is set beside the share that is measured.
fn weight(service: &ServiceStatus) -> String {
    match (service.weight, service.measured_bp) {
        (Weight::ZERO, None) => Weight::ZERO.to_string(),
        (weight, None) => format!("{weight} set, nothing measured yet"),
        (weight, Some(bp)) => format!("{weight} set, {} measured", share(bp)),
    }
}

fn step(step: &StepStatus) -> String {
    let end = if step.gate == "manual" { "; ends with a human's word" } else { "" };
    let (min, max) = (duration(step.min_ms), duration(step.max_ms));
    format!("{} of {}, at least {min} and at most {max}{end}", step.number, step.of)
}

/// What is missing, and what a human can do about it.
fn outlook(service: &ServiceStatus, color: Color) -> String {
    let mut fields = Fields::new(color);
    if let Some(missing) = &service.missing {
        fields = waits_for(fields, missing);
    }
    let command_columns = "promote ".len() + columns(service.name.as_str());
    for (index, (verb, effect)) in commands(service.phase).iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        let command = format!("{verb} {}", service.name);
        fields = fields.plain(label, &format!("canaryctl {command:command_columns$}   {effect}"));
    }
    match fields.into_text() {
        text if text.is_empty() => text,
        text => "\n".to_owned() + &text,
    }
}

fn waits_for(fields: Fields, missing: &Missing) -> Fields {
    const LABEL: &str = "waits for";
    let what = &missing.what;
    let time = missing.eta_ms.map(|ms| format!(", in about {}", duration(ms)));
    let Some(requests) = missing.canary_requests.map(count) else {
        return fields.plain(LABEL, &format!("{what}{}", time.unwrap_or_default()));
    };
    let time = time.map(|time| time + " at the present rate").unwrap_or_default();
    fields.plain(LABEL, what).plain("", &format!("about {requests} more canary requests{time}"))
}

/// What is worth doing by hand in this phase.
const fn commands(phase: PhaseName) -> &'static [(&'static str, &'static str)] {
    match phase {
        PhaseName::Held => &[("promote", "goes on to the next step"), ("abort", "sends the canary back")],
        PhaseName::Probation => &[("undo", "takes the release back"), ("promote", "ends the probation")],
        PhaseName::Idle
        | PhaseName::Draining
        | PhaseName::Preparing
        | PhaseName::Progressing
        | PhaseName::Paused
        | PhaseName::Aborted => &[],
    }
}

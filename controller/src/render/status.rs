//! One service: the full picture.

use canary_config::weight::Weight;

use crate::api::{Missing, Rollback, ServiceStatus, StepStatus};
use crate::render::checks::checks;
use crate::render::containers::containers;
use crate::render::deployment::{deployment, kept};
use crate::render::evidence::evidence;
use crate::render::fields::Fields;
use crate::render::last_words::last_words;
use crate::render::next::next;
use crate::render::number::{count, duration, microseconds, share};
use crate::render::paint::{Color, Style};
use crate::render::phase::{phase, style};
use crate::render::reason::sentence;
use crate::render::text::columns;
use crate::render::tracks::tracks;
use crate::render::usage::usage;
use crate::render::{freeze, park, store};
use crate::rollout::PhaseName;

/// Where a service stands and why, what its roles have to show, what the judge has seen, and what comes next.
#[must_use]
pub fn status(service: &ServiceStatus, color: Color) -> String {
    let sections = [
        store::trouble(service.store_trouble.as_deref(), color),
        frozen(service, color),
        parked(service, color),
        head(service, color),
        tracks(service, color),
        deployment(service, color),
        containers(service, color),
        usage(service, color),
        kept(service, color),
        words(service, color),
        checks(service, color),
        evidence(service, color),
        outlook(service, color),
    ];
    sections.concat()
}

/// Why the service stands where it stands, in words.
pub(super) fn cause(service: &ServiceStatus) -> Option<&str> {
    match (service.phase, service.pause.as_deref()) {
        (PhaseName::Paused, Some("command")) => Some("an operator has paused it"),
        (PhaseName::Paused, Some("both")) => Some("an operator has paused it, and stable has no ready backend"),
        (PhaseName::Paused, Some("stable-unready")) => Some(sentence("stable-unready")),
        _ => service.reason.as_deref().map(sentence),
    }
}

fn frozen(service: &ServiceStatus, color: Color) -> String {
    let lines = |freeze| freeze::lines(std::slice::from_ref(freeze), color) + "\n";
    service.freeze.as_ref().map(lines).unwrap_or_default()
}

fn parked(service: &ServiceStatus, color: Color) -> String {
    match park::lines(service, color) {
        lines if lines.is_empty() => lines,
        lines => lines + "\n",
    }
}

fn head(service: &ServiceStatus, color: Color) -> String {
    let critical = if service.critical { " (critical)" } else { "" };
    let since = service.in_phase_ms.map(|ms| format!(" for {}", duration(ms))).unwrap_or_default();
    let canary = service.canary.as_ref().map(|canary| format!("{canary} (rollout {})", service.generation));
    let is_plain = matches!(service.strategy.as_str(), "" | "canary");
    Fields::new(color)
        .styled("service", &format!("{}{critical}", service.name), Style::Heading)
        .styled("phase", &(phase(service.phase) + &since), style(service.phase))
        .plain_if("why", cause(service))
        .plain_if("too much", service.excess.as_deref())
        .plain_if("rollback", service.rollback.as_ref().map(left).as_deref())
        .plain("rule", &service.rule)
        .plain_if("priority", priority(service).as_deref())
        .plain_if("strategy", (!is_plain).then_some(&service.strategy))
        .plain("stable", service.stable.as_str())
        .plain_if("canary", canary.as_deref())
        .plain_if("together", list(&service.peers).map(|peers| format!("with {peers}")).as_deref())
        .plain_if("queue", list(&service.queue).as_deref())
        .plain_if("waiting", park::waiting(service).as_deref())
        .plain("weight", &weight(service))
        .plain_if("step", service.step.as_ref().map(|step| place(step, service.weight)).as_deref())
        .into_text()
}

/// How a canary left that was sent back.
pub(super) fn left(rollback: &Rollback) -> String {
    let Rollback { to_last_pick_us, in_flight, to_drained_ms } = rollback;
    let last = match to_last_pick_us {
        0 => "no pick after it".to_owned(),
        us => format!("last pick {} after it", microseconds(*us)),
    };
    let end = match (in_flight, to_drained_ms) {
        (0, _) => String::new(),
        (_, None) => ", not all ended".to_owned(),
        (_, Some(ms)) => format!(", ended {} after it", duration(*ms)),
    };
    format!("{last}; {} in flight{end}", count(*in_flight))
}

/// The priority, if it is not the one that follows from the rule.
fn priority(service: &ServiceStatus) -> Option<String> {
    let is_derived = usize::try_from(service.priority).is_ok_and(|priority| priority == service.rule.len());
    (service.priority > 0 && !is_derived).then(|| service.priority.to_string())
}

fn list(names: &[impl ToString]) -> Option<String> {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The share that is set beside the share that is measured.
fn weight(service: &ServiceStatus) -> String {
    match (service.weight, service.measured_bp) {
        (Weight::ZERO, None) => Weight::ZERO.to_string(),
        (weight, None) => format!("{weight} set, nothing measured yet"),
        (weight, Some(bp)) => format!("{weight} set, {} measured", share(bp)),
    }
}

/// Which step it is, and what opens the way out of it.
fn place(step: &StepStatus, weight: Weight) -> String {
    let (min, max) = (duration(step.min_ms), duration(step.max_ms));
    let deadline = step.deadline_ms.map(|ms| format!(" within {}", duration(ms))).unwrap_or_default();
    let how = match step.gate.as_str() {
        "time" => format!("for {min}"),
        // Without a request there is nothing to wait for before the human.
        "manual" if weight == Weight::ZERO => format!("until a human's word{deadline}"),
        "manual" => format!("at least {min} and at most {max}, then a human's word{deadline}"),
        _ => format!("at least {min} and at most {max}"),
    };
    format!("{} of {}, {how}", step.number, step.of)
}

/// What is missing, and what a human can do about it.
fn outlook(service: &ServiceStatus, color: Color) -> String {
    let mut fields = Fields::new(color);
    if let Some(missing) = &service.missing {
        fields = waits_for(fields, missing, time_to_approve(service));
    }
    let commands = next(service);
    let command_columns = commands.iter().map(|(command, _)| columns(command)).max().unwrap_or_default();
    for (index, (command, effect)) in commands.iter().enumerate() {
        let label = if index == 0 { "next" } else { "" };
        fields = fields.plain(label, &format!("canaryctl {command:command_columns$}   {effect}"));
    }
    match fields.into_text() {
        text if text.is_empty() => text,
        text => "\n".to_owned() + &text,
    }
}

/// The end of what the canary's containers said, and who tells the rest.
fn words(service: &ServiceStatus, color: Color) -> String {
    let ServiceStatus { name, last_words: all, .. } = service;
    let rest = format!("canaryctl explain {name}   all that was kept");
    match last_words(Fields::new(color), all) {
        _ if all.is_empty() => String::new(),
        fields => "\n".to_owned() + &fields.plain("", &rest).into_text(),
    }
}

/// How long a human still has for a word that the rollout waits for.
fn time_to_approve(service: &ServiceStatus) -> Option<u64> {
    let deadline = service.step.as_ref().filter(|_| service.phase == PhaseName::Held)?.deadline_ms?;
    let is_waiting = service.reason.as_deref() == Some("approval");
    is_waiting.then(|| deadline.saturating_sub(service.in_phase_ms.unwrap_or_default()))
}

/// What a rollout waits for; where that is a human's word, how long it waits.
pub(super) fn waits_for(fields: Fields, missing: &Missing, to_approve_ms: Option<u64>) -> Fields {
    const LABEL: &str = "waits for";
    let what = &missing.what;
    if let Some(ms) = to_approve_ms {
        return fields.plain(LABEL, &format!("{what}, within {}; else it is aborted", duration(ms)));
    }
    let time = missing.eta_ms.map(|ms| format!(", in about {}", duration(ms)));
    let Some(requests) = missing.canary_requests.map(count) else {
        return fields.plain(LABEL, &format!("{what}{}", time.unwrap_or_default()));
    };
    let time = missing.eta_ms.map(|ms| format!(", about {} at the present rate", duration(ms))).unwrap_or_default();
    fields.plain(LABEL, what).plain("", &format!("about {requests} more canary requests{time}"))
}

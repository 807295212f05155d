//! Who would serve a request, and why.

use crate::api::{BackendStatus, Why, WhyPassedOver, WhyServed, WhyTrack};
use crate::render::fields::Fields;
use crate::render::paint::{Color, Style};

/// The service and the conditions that are met, its roles and their backends, and who was passed over.
#[must_use]
pub fn why(why: &Why, color: Color) -> String {
    let fields = Fields::new(color).plain("request", &format!("{}{}", why.host, why.path));
    let fields = match why.answered_by_health_path.as_slice() {
        [] => fields,
        listeners => {
            let text = format!("canaryd itself at {}: it is the health_path there", listeners.join(", "));
            fields.styled("answered by", &text, Style::Heading)
        }
    };
    let fields = match &why.served_by {
        Some(served) => served_by(fields, served),
        None => fields.styled("served by", "✖ nobody: no rule matches, and the answer is 404", Style::Bad),
    };
    let text = fields.into_text();
    if why.passed_over.is_empty() {
        return text;
    }
    let heading = if why.served_by.is_some() { "passed over" } else { "nearest" };
    let fields = why.passed_over.iter().enumerate().fold(Fields::new(color), |fields, (index, over)| {
        passed_over(fields, if index == 0 { heading } else { "" }, over)
    });
    let fields = if why.unmentioned == 0 { fields } else { fields.plain("", &format!("and {} more", why.unmentioned)) };
    format!("{text}\n{}", fields.into_text())
}

fn served_by(fields: Fields, served: &WhyServed) -> Fields {
    let fields = fields
        .styled("served by", served.service.as_str(), Style::Heading)
        .plain("rule", &served.rule)
        .plain("priority", &served.priority.to_string());
    let fields = served
        .because
        .iter()
        .enumerate()
        .fold(fields, |fields, (index, because)| fields.plain(if index == 0 { "because" } else { "" }, because));
    served.tracks.iter().fold(fields, track)
}

fn track(fields: Fields, track: &WhyTrack) -> Fields {
    let WhyTrack { release, weight_bp, because, .. } = track;
    let fields = fields.blank().plain(&track.track, &format!("{release} has {weight_bp}: {because}"));
    if track.backends.is_empty() {
        return fields.styled("", "✖ no backend", Style::Bad);
    }
    track.backends.iter().fold(fields, backend)
}

fn backend(fields: Fields, backend: &BackendStatus) -> Fields {
    let name = if backend.id == backend.address { String::new() } else { format!(" ({})", backend.id) };
    let why = backend.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let (glyph, style) = if backend.ready { ("✔", Style::Plain) } else { ("✖", Style::Bad) };
    fields.styled("", &format!("{glyph} {}{name}{why}", backend.address), style)
}

fn passed_over(fields: Fields, label: &str, over: &WhyPassedOver) -> Fields {
    let WhyPassedOver { service, priority, because, rule } = over;
    fields.plain(label, &format!("{service} (priority {priority}): {because}")).styled("", rule, Style::Quiet)
}

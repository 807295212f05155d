//! The deployment of a service, and the releases that are kept of it.

use crate::api::{DeploymentStatus, KeptRelease, ServiceStatus};
use crate::render::change::NAME_COLUMNS;
use crate::render::fields::Fields;
use crate::render::history::to_seconds;
use crate::render::number::duration;
use crate::render::paint::{Color, Style};
use crate::render::text::{escape, shorten, wrap};
use crate::render::{COLUMNS, plural};

/// What is shown while a deployment is under way, and when it came to nothing. What has begun is a rollout, and shown as
/// one.
pub(super) fn deployment(service: &ServiceStatus, color: Color) -> String {
    let Some(DeploymentStatus { release, image, stage, in_stage_ms, failure, .. }) = &service.deployment else {
        return String::new();
    };
    let fields = Fields::new(color);
    let time = duration(*in_stage_ms);
    let fields = match (stage.as_str(), failure) {
        ("done", _) => return String::new(),
        (_, Some(why)) => fields
            .styled("deployment", &format!("✖ {release} of {image}: came to nothing {time} ago"), Style::Bad)
            .styled("", why, Style::Bad),
        (stage, None) => fields
            .styled("deployment", &format!("◌ {release} of {image}"), Style::Moving)
            .plain("", &format!("{stage} for {time}; `canaryctl abort {}` calls it off", service.name)),
    };
    "\n".to_owned() + &fields.into_text()
}

/// What a rollback can lead to.
pub(super) fn kept(service: &ServiceStatus, color: Color) -> String {
    let mut fields = Fields::new(color);
    for (index, one) in service.kept.iter().enumerate() {
        let KeptRelease { release, image, containers, since, was_stable } = one;
        let since = since.as_ref().map(|since| format!(", stopped since {}", to_seconds(since))).unwrap_or_default();
        let what = if *was_stable { "" } else { ", never stable or sent back" };
        let text = format!("{release} of {image}: {}{since}{what}", plural(*containers, "container"));
        fields = fields.styled(if index == 0 { "kept" } else { "" }, &text, Style::Quiet);
    }
    match fields.into_text() {
        text if text.is_empty() => text,
        text => "\n".to_owned() + &text,
    }
}

/// `web 0123456789ab: pulling ...`: where a deployment stands, as a line for a log.
#[must_use]
pub fn stage(service: &ServiceStatus) -> String {
    const INDENT: &str = "  ";
    let Some(DeploymentStatus { release, stage, failure, .. }) = &service.deployment else { return String::new() };
    let (name, release) = (shorten(service.name.as_str(), NAME_COLUMNS), shorten(release.as_str(), NAME_COLUMNS));
    let why = failure.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let text = escape(&format!("{name} {release}: {stage}{why}"));
    wrap(&text, COLUMNS - INDENT.len()).join(&format!("\n{INDENT}")) + "\n"
}

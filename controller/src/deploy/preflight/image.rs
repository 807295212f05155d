//! Whether there is such an image, and whether its name means the same one tomorrow.

use crate::api::Finding;
use crate::deploy::facts::{Facts, Model};
use crate::docker::digest::release_of;
use crate::docker::host::Source;

pub(super) fn findings(facts: &Facts, model: &Model) -> Vec<Finding> {
    let reference = match model.reference() {
        Ok(reference) => reference,
        Err(why) => return vec![Finding::refused("image", why, "name it as `docker run` takes it")],
    };
    let resolved = match model.resolved() {
        Ok(resolved) => resolved,
        Err(why) => {
            let (what, remedy) = why.rsplit_once("; ").unwrap_or((why, "push it, or build it on this machine"));
            return vec![Finding::refused("image", what, remedy)];
        }
    };
    let shown = short(&resolved.image);
    let is_here = if model.image().is_some() { "on this machine" } else { "in its registry, to be pulled" };
    let mut findings = Vec::new();
    findings.push(match &resolved.source {
        Source::Registry | Source::Here => Finding::ok("image", format!("{} is {is_here}", facts.asked)),
        Source::Local => Finding::ok("image", format!("{} is on this machine, where it was made", facts.asked)),
        Source::Cached { why } => Finding::warning(
            "image",
            format!("{} is what was pulled once: {why}", facts.asked),
            "see that the registry answers, should its tag mean another image by now",
        ),
    });
    findings.push(if reference.digest().is_some() {
        Finding::ok("pinned", "its name has a digest")
    } else if reference.is_latest() {
        Finding::warning(
            "pinned",
            format!("`latest` means {shown} now, and another image after the next push"),
            "give each version a tag of its own, so that a person knows what runs",
        )
    } else {
        Finding::ok("pinned", format!("it means {shown} now, and that is what runs"))
    });
    findings
}

/// A digest by as many of its digits as people compare.
fn short(pinned: &str) -> String {
    let digest = pinned.rsplit_once('@').map_or(pinned, |(_, digest)| digest);
    match digest.split_once(':') {
        Some((algorithm, _)) => format!("{algorithm}:{}", release_of(digest)),
        None => digest.to_owned(),
    }
}

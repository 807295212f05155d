//! `[services.NAME.releases.NAME]`: the versions of a service, and which of them is stable at first.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::address::Purpose;
use super::problems::{Placed, Section};
use crate::name::ReleaseId;
use crate::nearest::nearest;
use crate::origin::{Declared, Release};
use crate::quoted::{Excerpt, Quoted};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenRelease {
    backends: Option<Spanned<Vec<Spanned<String>>>>,
}

pub(super) type WrittenReleases = BTreeMap<Spanned<String>, WrittenRelease>;

/// The releases, and which of them is stable at first.
pub(super) fn declared(
    stable: Option<&Spanned<String>>,
    releases: WrittenReleases,
    service: &Range<usize>,
    section: &mut Section<'_, '_>,
    listeners: &[Placed<SocketAddr>],
) -> Option<Declared> {
    let stable = first_stable(stable, &releases, service, section);
    let releases = meant(releases, service, section, listeners);
    Some(Declared { stable: stable?, releases })
}

/// The release that is stable at first: the one that is named, or the only one.
fn first_stable(
    written: Option<&Spanned<String>>,
    releases: &WrittenReleases,
    service: &Range<usize>,
    section: &mut Section<'_, '_>,
) -> Option<ReleaseId> {
    let mut names = releases.keys().map(|name| name.get_ref().as_str());
    match (written, releases.len()) {
        // That there is no release is said once, where the releases are read.
        (_, 0) => None,
        (None, 1) => names.next()?.parse().ok(),
        (None, _) => {
            let message = format!("`stable` is missing; write one of {}", listed(names));
            section.report_self(service, message);
            None
        }
        (Some(stable), _) => {
            let text = stable.get_ref().as_str();
            if names.clone().any(|name| name == text) {
                return text.parse().ok();
            }
            let meant = nearest(text, names.clone()).map(|name| format!("did you mean {}? ", Quoted(name)));
            let (quoted, meant) = (Quoted(text), meant.unwrap_or_default());
            let message = format!("{quoted} is not a release of this service; {meant}write one of {}", listed(names));
            section.report("stable", &stable.span(), message);
            None
        }
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| Excerpt(name).to_string()).collect::<Vec<_>>().join(", ")
}

/// The releases by name. An address belongs to one of them only.
fn meant(
    written: WrittenReleases,
    service: &Range<usize>,
    section: &mut Section<'_, '_>,
    listeners: &[Placed<SocketAddr>],
) -> BTreeMap<ReleaseId, Release> {
    if written.is_empty() {
        let example = Purpose::Backend.example();
        let message =
            format!("there is no release; write [{}.releases.v1] with backends = [\"{example}\"]", section.key());
        section.report_self(service, message);
    }
    let (mut releases, mut addresses) = (BTreeMap::new(), Vec::new());
    let mut section = section.child("releases");
    for (name, release) in written {
        let mut section = section.child(name.get_ref());
        let id = section.name(&name);
        let backends = release.backends(&name.span(), &mut section);
        releases.extend(id.map(|id| {
            let backends = backends.iter().map(|backend| backend.value).collect();
            (id, Release { backends })
        }));
        addresses.extend(backends);
    }
    section.backend_once(&addresses.iter().collect::<Vec<_>>());
    section.no_loop(&addresses, listeners);
    releases
}

// === impl WrittenRelease ===

impl WrittenRelease {
    fn backends(&self, release: &Range<usize>, section: &mut Section<'_, '_>) -> Vec<Placed<SocketAddr>> {
        let example = Purpose::Backend.example();
        let Some(written) = &self.backends else {
            section.report_self(release, format_args!("`backends` is missing; write backends = [\"{example}\"]"));
            return Vec::new();
        };
        if written.get_ref().is_empty() {
            let message = format!("a release without a backend serves nobody; write one, such as [\"{example}\"]");
            section.report("backends", &written.span(), message);
        }
        let backends = written.get_ref().iter().enumerate();
        backends
            .filter_map(|(index, backend)| section.address_item("backends", index, backend, Purpose::Backend))
            .collect()
    }
}

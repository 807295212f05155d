//! `[services.NAME]`: what clients call.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::duration::{WAIT, WAIT_MIN, WrittenDuration};
use super::hooks::{Images, WrittenHooks};
use super::listen::Listen;
use super::origin::{WrittenDiscovered, WrittenOrigin};
use super::parking::WrittenParking;
use super::preview::WrittenPreview;
use super::problems::{Placed, Section};
use super::release::WrittenReleases;
use super::rescue::WrittenRescue;
use super::rollout::WrittenRollout;
use super::smoke::{self, WrittenSmoke};
use crate::docker::{Docker, DockerMode};
use crate::name::ServiceName;
use crate::origin::Origin;
use crate::rule::{Priority, Rule};
use crate::service::{Probe, Service, Timeouts};

/// A probe that may take longer tells nothing about now.
const PROBE_TIMEOUT_MAX: Duration = Duration::from_secs(5 * 60);
/// How many probes in a row may be asked for.
const STREAK_MAX: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenService {
    rule: Option<Spanned<String>>,
    priority: Option<Spanned<WrittenCount>>,
    stable: Option<Spanned<String>>,
    #[serde(default)]
    probe: WrittenProbe,
    #[serde(default)]
    timeouts: WrittenTimeouts,
    #[serde(default)]
    releases: WrittenReleases,
    docker: Option<Spanned<WrittenDiscovered>>,
    #[serde(default)]
    rollout: WrittenRollout,
    #[serde(default)]
    rescue: WrittenRescue,
    #[serde(default)]
    parking: WrittenParking,
    #[serde(default)]
    hooks: WrittenHooks,
    smoke: Option<Spanned<WrittenSmoke>>,
    #[serde(default)]
    preview: WrittenPreview,
    critical: Option<Spanned<bool>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
struct WrittenProbe {
    path: Option<Spanned<String>>,
    interval: Option<Spanned<WrittenDuration>>,
    timeout: Option<Spanned<WrittenDuration>>,
    rise: Option<Spanned<WrittenCount>>,
    fall: Option<Spanned<WrittenCount>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
struct WrittenTimeouts {
    connect: Option<Spanned<WrittenDuration>>,
    read: Option<Spanned<WrittenDuration>>,
    keep_alive: Option<Spanned<WrittenDuration>>,
}

/// The services by name.
pub(super) fn meant(
    written: BTreeMap<Spanned<String>, WrittenService>,
    section: &mut Section<'_, '_>,
    listen: &Listen,
    docker: Option<&Docker>,
) -> BTreeMap<ServiceName, Service> {
    if written.is_empty() {
        let message = "there is no service; write [services.web] with a rule and a release";
        section.report_self(&(0..0), message);
    }
    let (mut services, mut rules) = (BTreeMap::new(), Vec::new());
    for (name, service) in written {
        let mut section = section.child(name.get_ref());
        let service_name = section.name(&name);
        let rule = service.rule(&name.span(), &mut section);
        rules.extend(rule.clone());
        let service = service.meant(service_name, rule, &name.span(), &mut section, listen, docker);
        services.extend(service.map(|service| (service.name.clone(), service)));
    }
    section.rule_once(&rules.iter().collect::<Vec<_>>());
    if !services.values().any(|service: &Service| service.critical) {
        for path in &listen.health_paths {
            let message = "no service is critical, so the answer is 200 whatever is ready; write critical = true in \
                           the services that it should be about";
            section.warn_at(&path.key, &path.span, message);
        }
    }
    services
}

// === impl WrittenService ===

impl WrittenService {
    fn rule(&self, place: &Range<usize>, section: &mut Section<'_, '_>) -> Option<Placed<Rule>> {
        let Some(rule) = &self.rule else {
            section.report_self(place, "`rule` is missing; write rule = \"PathPrefix(`/`)\" to take every request");
            return None;
        };
        section.rule("rule", rule)
    }

    fn meant(
        self,
        name: Option<ServiceName>,
        rule: Option<Placed<Rule>>,
        place: &Range<usize>,
        section: &mut Section<'_, '_>,
        listen: &Listen,
        docker: Option<&Docker>,
    ) -> Option<Service> {
        let priority = self.priority(rule.as_ref(), section);
        let origin = WrittenOrigin { stable: self.stable, releases: self.releases, docker: self.docker };
        let origin = origin.meant(place, section, &listen.addresses, docker.is_some());
        let probe = self.probe.meant(&mut section.child("probe"));
        let timeouts = self.timeouts.meant(&mut section.child("timeouts"));
        let releases = origin.as_ref().and_then(Origin::declared).map(|declared| &declared.releases);
        let plan = self.rollout.meant(releases.unwrap_or(&BTreeMap::new()), &mut section.child("rollout"));
        let rescue = self.rescue.meant();
        let parking = self.parking.meant(&mut section.child("parking"));
        let images = images(origin.as_ref(), docker);
        let hooks = self.hooks.meant(images, &mut section.child("hooks"));
        let smoke = smoke::meant(self.smoke, images, &mut section.child("smoke"));
        let preview = self.preview.meant(&mut section.child("preview"));
        let critical = self.critical.filter(|critical| *critical.get_ref());
        if let Some(critical) = critical.as_ref().filter(|_| listen.health_paths.is_empty()) {
            let message = "no listener has a health_path, so nobody is told; write one, such as \"/healthz\"";
            section.warn("critical", &critical.span(), message);
        }
        Some(Service {
            name: name?,
            rule: rule?.value,
            priority,
            origin: origin?,
            probe,
            timeouts,
            plan,
            rescue,
            parking,
            hooks,
            smoke,
            preview,
            critical: critical.is_some(),
        })
    }

    fn priority(&self, rule: Option<&Placed<Rule>>, section: &mut Section<'_, '_>) -> Priority {
        let default = rule.map_or(Priority::LOWEST, |rule| Priority::of(&rule.value));
        let number = section.count("priority", self.priority.as_ref(), &Priority::ALLOWED, default.get());
        Priority::new(number).unwrap_or(default)
    }
}

/// Whether there is an image that a command can be run in.
fn images(origin: Option<&Origin>, docker: Option<&Docker>) -> Images {
    match (origin, docker) {
        (Some(Origin::Declared(_)), _) => Images::None,
        (_, Some(Docker { mode: DockerMode::Discover, .. })) => Images::Untouched,
        // Where the origin is not clear, something else is wrong.
        _ => Images::Some,
    }
}

// === impl WrittenProbe ===

impl WrittenProbe {
    fn meant(self, section: &mut Section<'_, '_>) -> Probe {
        let default = Probe::default();
        let streak = 1..=STREAK_MAX;
        Probe {
            path: self.path.and_then(|path| section.target("path", path)),
            interval: section.duration("interval", self.interval, WAIT, default.interval),
            timeout: section.duration("timeout", self.timeout, WAIT_MIN..=PROBE_TIMEOUT_MAX, default.timeout),
            rise: section.count("rise", self.rise.as_ref(), &streak, default.rise),
            fall: section.count("fall", self.fall.as_ref(), &streak, default.fall),
        }
    }
}

// === impl WrittenTimeouts ===

impl WrittenTimeouts {
    fn meant(self, section: &mut Section<'_, '_>) -> Timeouts {
        let default = Timeouts::default();
        Timeouts {
            connect: section.duration("connect", self.connect, WAIT, default.connect),
            read: section.duration("read", self.read, WAIT, default.read),
            keep_alive: section.duration("keep_alive", self.keep_alive, WAIT, default.keep_alive),
        }
    }
}

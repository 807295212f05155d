//! Where the releases of a service come from, and `[services.NAME.docker]`: what holds for its containers.

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroUsize};
use std::ops::Range;

use serde::Deserialize;
use serde_spanned::Spanned;

use super::count::WrittenCount;
use super::problems::{Placed, Section};
use super::release::{self, WrittenReleases};
use super::usage::WrittenUsageLimits;
use crate::origin::{Aliases, AnonymousVolumes, Discovered, OnReplace, Origin, Warm};
use crate::quoted::Quoted;

/// The most containers that a new release is given.
const INSTANCES_MAX: usize = 64;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct WrittenDiscovered {
    port: Option<Spanned<WrittenCount>>,
    network: Option<Spanned<String>>,
    on_replace: Option<Spanned<String>>,
    instances: Option<Spanned<WrittenCount>>,
    anonymous_volumes: Option<Spanned<String>>,
    aliases: Option<Spanned<String>>,
    warm: Option<Spanned<String>>,
    allow_privileged: bool,
    limits: WrittenUsageLimits,
}

/// All that a service says about where its releases come from.
pub(super) struct WrittenOrigin {
    pub(super) stable: Option<Spanned<String>>,
    pub(super) releases: WrittenReleases,
    pub(super) docker: Option<Spanned<WrittenDiscovered>>,
}

// === impl WrittenOrigin ===

impl WrittenOrigin {
    /// Its containers, where the file speaks of them or of nothing else; else the releases that it names.
    pub(super) fn meant(
        self,
        place: &Range<usize>,
        section: &mut Section<'_, '_>,
        listeners: &[Placed<SocketAddr>],
        has_docker: bool,
    ) -> Option<Origin> {
        let Self { stable, releases, docker } = self;
        let is_declared = !releases.is_empty() || stable.is_some();
        if is_declared || (docker.is_none() && !has_docker) {
            if let Some(docker) = &docker {
                let message = "the service's releases are declared, so its containers are not looked for; remove this, \
                               or `stable` and `releases`";
                section.report("docker", &docker.span(), message);
            }
            return release::declared(stable.as_ref(), releases, place, section, listeners).map(Origin::Declared);
        }
        if let Some(docker) = docker.as_ref().filter(|_| !has_docker) {
            let message =
                "there is no [docker], so no container is looked for; write [docker] with mode = \"discover\"";
            section.report("docker", &docker.span(), message);
        }
        let written = docker.map(Spanned::into_inner).unwrap_or_default();
        Some(Origin::Discovered(written.meant(&mut section.child("docker"))))
    }
}

// === impl WrittenDiscovered ===

impl WrittenDiscovered {
    fn meant(self, section: &mut Section<'_, '_>) -> Discovered {
        let count = self
            .instances
            .as_ref()
            .map(|_| section.count("instances", self.instances.as_ref(), &(1..=INSTANCES_MAX), 1));
        let port = self.port.as_ref().map(|_| section.count("port", self.port.as_ref(), &(1..=u16::MAX), 1));
        Discovered {
            port: port.and_then(NonZeroU16::new),
            network: self.network.and_then(|network| network_name(&network, section)),
            on_replace: chosen(section, "on_replace", self.on_replace, &OnReplace::ALL, OnReplace::as_str),
            instances: count.and_then(NonZeroUsize::new),
            anonymous_volumes: chosen(
                section,
                "anonymous_volumes",
                self.anonymous_volumes,
                &AnonymousVolumes::ALL,
                AnonymousVolumes::as_str,
            ),
            aliases: chosen(section, "aliases", self.aliases, &Aliases::ALL, Aliases::as_str),
            warm: chosen(section, "warm", self.warm, &Warm::ALL, Warm::as_str),
            allow_privileged: self.allow_privileged,
            limits: self.limits.meant(&mut section.child("limits")),
        }
    }
}

fn chosen<T: Copy + Default>(
    section: &mut Section<'_, '_>,
    name: &str,
    written: Option<Spanned<String>>,
    all: &[T],
    word: fn(T) -> &'static str,
) -> T {
    written.and_then(|written| section.choice(name, &written, all, word)).unwrap_or_default()
}

/// The name of a network as Docker allows it.
fn network_name(written: &Spanned<String>, section: &mut Section<'_, '_>) -> Option<Box<str>> {
    let text = written.get_ref().as_str();
    let is_good = text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !is_good {
        let message = format!("{} is not the name of a network; `docker network ls` lists them", Quoted(text));
        section.report("network", &written.span(), message);
    }
    is_good.then(|| text.into())
}

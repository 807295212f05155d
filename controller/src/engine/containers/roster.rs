//! Who belongs to which release of a service, as the file names them or as their containers say.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use canary_config::name::ReleaseId;
use canary_config::origin::{Declared, Origin};
use canary_proxy::pool::BackendId;

use crate::docker::sighting::Sighting;

/// The instances of every release of a service, each release's in an order that stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Roster(BTreeMap<ReleaseId, Vec<Member>>);

/// One instance of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Member {
    /// Who it is.
    pub(in crate::engine) id: BackendId,
    /// Where it listens, as long as it is this one.
    pub(in crate::engine) address: SocketAddr,
}

// === impl Roster ===

impl Roster {
    /// What is known of the instances without looking for containers.
    pub(in crate::engine) fn of(origin: &Origin) -> Self {
        origin.declared().map(Self::of_declared).unwrap_or_default()
    }

    /// The containers that can be sent requests: each release's in the order in which they were made.
    pub(in crate::engine) fn of_containers<'a>(containers: impl Iterator<Item = &'a Sighting>) -> Self {
        let mut containers: Vec<_> = containers.collect();
        containers.sort_by(|a, b| (a.created, &a.container).cmp(&(b.created, &b.container)));
        let mut releases = BTreeMap::<_, Vec<_>>::new();
        for sighting in containers {
            if let Some(address) = sighting.state.address() {
                let member = Member { id: BackendId::container(sighting.container.as_str()), address };
                releases.entry(sighting.release.clone()).or_default().push(member);
            }
        }
        Self(releases)
    }

    fn of_declared(declared: &Declared) -> Self {
        let member = |address: &SocketAddr| Member { id: BackendId::configured(*address), address: *address };
        let releases = declared.releases.iter();
        Self(releases.map(|(id, release)| (id.clone(), release.backends.iter().map(member).collect())).collect())
    }

    /// The instances of a release.
    pub(in crate::engine) fn members(&self, release: &ReleaseId) -> &[Member] {
        self.0.get(release).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where the instances of a release listen.
    pub(in crate::engine) fn addresses(&self, release: &ReleaseId) -> Vec<SocketAddr> {
        self.members(release).iter().map(|member| member.address).collect()
    }

    /// Whether a release has an instance.
    pub(in crate::engine) fn has(&self, release: &ReleaseId) -> bool {
        !self.members(release).is_empty()
    }

    /// Every release that has an instance.
    pub(in crate::engine) fn releases(&self) -> impl Iterator<Item = &ReleaseId> {
        self.0.keys()
    }

    /// Every instance, by release.
    pub(in crate::engine) fn all(&self) -> impl Iterator<Item = (&ReleaseId, &Member)> {
        self.0.iter().flat_map(|(release, members)| members.iter().map(move |member| (release, member)))
    }
}

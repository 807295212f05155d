//! Whose a container is that was made: the id of one canaryd's store. Two of them on one Engine tell their own by it.

use std::fmt;

use ring::hmac;

use crate::docker::sighting::{Managed, Sighting, SwarmService};
use crate::store::Seed;

/// What is derived from the seed for this is good for nothing else.
const PURPOSE: &[u8] = b"canaryd owner of containers";
/// So many bytes of it are enough to tell one from another.
const BYTES: usize = 6;

/// The id by which a canaryd knows what it has made, as long as its store lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner(Box<str>);

// === impl Owner ===

impl Owner {
    /// Whoever has this store.
    #[must_use]
    pub fn of(seed: &Seed) -> Self {
        use fmt::Write as _;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed.expose()), PURPOSE);
        let text = tag.as_ref().iter().take(BYTES).fold(String::with_capacity(2 * BYTES), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a text takes every write");
            text
        });
        Self(text.into())
    }

    /// Whether it has made a container, and no other canaryd that is at the same Engine.
    #[must_use]
    pub fn has_made(&self, container: &Sighting) -> bool {
        self.is_of(container.managed.as_ref())
    }

    /// The same of a service of Swarm.
    #[must_use]
    pub fn has_made_service(&self, service: &SwarmService) -> bool {
        self.is_of(service.managed.as_ref())
    }

    fn is_of(&self, managed: Option<&Managed>) -> bool {
        managed.is_some_and(|managed| managed.owner == self.0)
    }

    /// As the label says it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_known_by_its_store_and_mistaken_for_no_other() {
        let (seed, other) = (Seed::fresh(), Seed::fresh());
        assert_eq!(Owner::of(&seed), Owner::of(&seed));
        assert_ne!(Owner::of(&seed), Owner::of(&other));
        assert_eq!(Owner::of(&seed).as_str().len(), 2 * BYTES);
    }
}

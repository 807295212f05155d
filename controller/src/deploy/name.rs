//! How releases, deployments and containers are called.

use canary_config::name::ReleaseId;
use canary_config::secret::Secret;
use ring::hmac;

use crate::deploy::facts::Maker;
use crate::docker::digest::release_of;
use crate::store::Seed;

/// What is derived from the seed for this is good for nothing else.
const SPEC_PURPOSE: &str = "canaryd release spec";

/// A name that no other deployment has.
pub(super) fn deployment() -> String {
    // Its dice decide nothing, they only keep two deployments apart.
    format!("{:08x}", rand::random::<u32>())
}

/// What tells releases of one image apart.
#[derive(Clone, Copy)]
pub(super) struct Spec<'a> {
    /// The secret of the store. Without it a short value could be found out from the name of the release.
    pub(super) seed: &'a Seed,
    /// Variables that are set over those of stable.
    pub(super) env: &'a [(String, Secret)],
    /// Who makes the containers.
    pub(super) maker: &'a Maker,
}

// === impl Spec ===

impl Spec<'_> {
    /// The release that containers of an image are. `again` tells it from one that is the same.
    pub(super) fn release(&self, pinned: &str, again: Option<&str>) -> Option<ReleaseId> {
        let digest = pinned.rsplit_once('@').map_or(pinned, |(_, digest)| digest);
        let release = release_of(digest);
        if self.env.is_empty() && again.is_none() && *self.maker == Maker::Copy {
            return release.parse().ok();
        }
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.seed.expose()));
        let mut add = |part: &str| {
            // Each part has an end of its own, so that no two lists of them are alike.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        };
        add(SPEC_PURPOSE);
        let mut env: Vec<_> = self.env.iter().collect();
        env.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, value) in env {
            add(name);
            add(value.expose());
        }
        add(again.unwrap_or_default());
        if let Maker::Compose { spec, restart, .. } = self.maker {
            add(spec.expose());
            add(restart);
        }
        let tag = context.sign();
        let [a, b, c, ..] = tag.as_ref() else { return None };
        format!("{release}-{a:02x}{b:02x}{c:02x}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_called_by_its_digest_and_by_what_else_makes_it_another() {
        let pinned = "reg.lan/me/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let (seed, maker) = (Seed::fresh(), Maker::Copy);
        let named = |env: &[(&str, &str)], again| {
            let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(value))).collect();
            Spec { seed: &seed, env: &env, maker: &maker }.release(pinned, again).unwrap().to_string()
        };
        let bare = |seed: &Seed, maker: &Maker| {
            Spec { seed, env: &[], maker }.release("sha256:fedcba9876543210", None).unwrap().to_string()
        };
        assert_eq!(named(&[], None), "0123456789ab");
        assert_eq!(bare(&seed, &maker), "fedcba987654");
        let composed = Maker::Compose { spec: Secret::new("0"), restart: "no".to_owned(), is_started: false };
        assert_eq!(bare(&seed, &composed), bare(&seed, &composed));
        assert_ne!(bare(&seed, &composed), bare(&Seed::fresh(), &composed), "only who has the seed can try values");
        let (one, other) = (named(&[("A", "1"), ("B", "2")], None), named(&[("A", "1"), ("B", "3")], None));
        assert_eq!(one, named(&[("B", "2"), ("A", "1")], None));
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[..13]), (19, "0123456789ab-"));
        assert_ne!(named(&[], Some("a")), named(&[], Some("b")));
    }
}

//! How releases, deployments and containers are called.

use canary_config::name::ReleaseId;
use canary_config::secret::Secret;

use crate::docker::digest::release_of;

/// So many hexadecimal digits tell two specs of an image apart.
const SPEC_DIGITS_MASK: u32 = 0x00ff_ffff;

/// A name that no other deployment has.
pub(super) fn deployment() -> String {
    // Its dice decide nothing, they only keep two deployments apart.
    format!("{:08x}", rand::random::<u32>())
}

/// The release that containers of an image are with these variables over those of stable. `again` tells it from one that
/// is the same.
pub(super) fn release(pinned: &str, env: &[(String, Secret)], again: Option<&str>) -> Option<ReleaseId> {
    let digest = pinned.rsplit_once('@').map_or(pinned, |(_, digest)| digest);
    let release = release_of(digest);
    if env.is_empty() && again.is_none() {
        return release.parse().ok();
    }
    let mut hasher = crc32fast::Hasher::new();
    let mut env: Vec<_> = env.iter().collect();
    env.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, value) in env {
        for part in [name.as_str(), "=", value.expose(), "\0"] {
            hasher.update(part.as_bytes());
        }
    }
    hasher.update(again.unwrap_or_default().as_bytes());
    format!("{release}-{:06x}", hasher.finalize() & SPEC_DIGITS_MASK).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_called_by_its_digest_and_by_what_else_makes_it_another() {
        let pinned = "ghcr.io/me/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        let named = |env: &[(&str, &str)], again| {
            let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(value))).collect();
            release(pinned, &env, again).unwrap().to_string()
        };
        assert_eq!(named(&[], None), "0123456789ab");
        assert_eq!(release("sha256:fedcba9876543210", &[], None).unwrap().as_str(), "fedcba987654");
        let (one, other) = (named(&[("A", "1"), ("B", "2")], None), named(&[("A", "1"), ("B", "3")], None));
        assert_eq!(one, named(&[("B", "2"), ("A", "1")], None));
        assert_ne!(one, other);
        assert_eq!((one.len(), &one[..13]), (19, "0123456789ab-"));
        assert_ne!(named(&[], Some("a")), named(&[], Some("b")));
    }
}

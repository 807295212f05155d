//! The reference of an image, as people write it: `reg.lan/me/web:v2@sha256:...`. Pure.

mod near;

use std::fmt;
use std::str::FromStr;

use canary_config::quoted::Quoted;

/// Where an image without a registry comes from.
pub const HUB: &str = "docker.io";
/// The tag of a reference that says none.
pub const LATEST: &str = "latest";

/// The longest name of a repository, registry included, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// The longest tag, in bytes.
const TAG_BYTES_MAX: usize = 128;
/// Where Docker's registry keeps the images of no user.
const LIBRARY: &str = "library/";
const DIGEST_PREFIX: &str = "sha256:";
const DIGEST_DIGITS: usize = 64;

/// Which image is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    registry: Box<str>,
    repository: Box<str>,
    tag: Option<Box<str>>,
    digest: Option<Box<str>>,
}

/// Why a text is no reference of an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The part before tag and digest is none.
    #[error("{}: {} is no name of an image; write `web`, `me/web` or `reg.lan/me/web`, in lower case", Quoted(.0), Quoted(.1))]
    Name(String, String),
    /// What follows the colon is no tag.
    #[error("{}: {} is no tag; use up to {TAG_BYTES_MAX} letters, digits, `.`, `_` or `-`", Quoted(.0), Quoted(.1))]
    Tag(String, String),
    /// What follows the `@` is no digest.
    #[error("{}: {} is no digest; write `sha256:` and its {DIGEST_DIGITS} digits", Quoted(.0), Quoted(.1))]
    Digest(String, String),
    /// It is the id of an image of one machine.
    #[error("{}: this is the id of an image; give the image a tag (`docker tag ID web:v2`) and name that", Quoted(.0))]
    Id(String),
}

// === impl Reference ===

impl Reference {
    /// The host that is asked for the image.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name without tag and digest, as Docker shows it: without its own registry.
    #[must_use]
    pub fn name(&self) -> String {
        if *self.registry != *HUB {
            return format!("{}/{}", self.registry, self.repository);
        }
        self.repository.strip_prefix(LIBRARY).unwrap_or(&self.repository).to_owned()
    }

    /// The tag that was written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest that was written; it fixes the image for ever.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether it means whatever was pushed last.
    #[must_use]
    pub fn is_latest(&self) -> bool {
        self.digest.is_none() && self.tag().is_none_or(|tag| tag == LATEST)
    }

    /// What a pull asks for: a digest, else a tag. Never neither: an Engine would pull every tag that there is.
    #[must_use]
    pub fn version(&self) -> &str {
        self.digest().or(self.tag()).unwrap_or(LATEST)
    }

    /// The image of this name that has this digest, whatever its tags say later.
    #[must_use]
    pub fn pinned(&self, digest: &str) -> String {
        format!("{}@{digest}", self.name())
    }

    /// The digest of this name among those of an inspected image (`name@sha256:...`).
    #[must_use]
    pub fn digest_among<'a>(&self, repo_digests: &'a [String]) -> Option<&'a str> {
        repo_digests.iter().find_map(|full| {
            let (name, digest) = full.split_once('@')?;
            let reference: Self = name.parse().ok()?;
            (reference.registry == self.registry && reference.repository == self.repository).then_some(digest)
        })
    }

    /// Why there is no such image, with the tags of its repository that are on this machine.
    #[must_use]
    pub fn missing(&self, local: &[String]) -> String {
        near::missing(self, local)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if self.tag.is_some() || self.digest.is_none() {
            write!(f, ":{}", self.tag().unwrap_or(LATEST))?;
        }
        self.digest().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let id = text.strip_prefix(DIGEST_PREFIX).unwrap_or(text);
        if id.len() == DIGEST_DIGITS && is_hex(id) {
            return Err(ReferenceError::Id(text.into()));
        }
        let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
        if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
            return Err(ReferenceError::Digest(text.into(), digest.into()));
        }
        // A colon before a slash is the port of a registry.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag(text.into(), tag.into()));
        }
        let (registry, path) = registry_and_path(name);
        if name.len() > NAME_BYTES_MAX || !is_registry(registry) || !path.split('/').all(is_component) {
            return Err(ReferenceError::Name(text.into(), name.into()));
        }
        let is_official = registry == HUB && !path.contains('/');
        let repository = if is_official { format!("{LIBRARY}{path}") } else { path.to_owned() };
        Ok(Self {
            registry: registry.into(),
            repository: repository.into(),
            tag: tag.map(Into::into),
            digest: digest.map(Into::into),
        })
    }
}

/// The first part is a registry when it looks like a host, as no user of Docker's own registry does.
fn registry_and_path(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some(("index.docker.io", path)) => (HUB, path),
        Some((first, path)) if first == "localhost" || first.contains(['.', ':']) => (first, path),
        _ => (HUB, name),
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = registry.rsplit_once(':').map_or((registry, None), |(host, port)| (host, Some(port)));
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte));
    is_host && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_component(component: &str) -> bool {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    component.bytes().all(|byte| is_alphanumeric(byte) || b"._-".contains(&byte))
        && component.bytes().next().is_some_and(is_alphanumeric)
        && component.bytes().last().is_some_and(is_alphanumeric)
        && !component.contains("..")
}

fn is_tag(tag: &str) -> bool {
    tag.len() <= TAG_BYTES_MAX
        && tag.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_digest(digest: &str) -> bool {
    digest.strip_prefix(DIGEST_PREFIX).is_some_and(|digits| digits.len() == DIGEST_DIGITS && is_hex(digits))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:db4f6a96c0d8044dcba59cb21006eabd18fe85ec2aaea6a69a66cf96166f6912";

    fn read(text: &str) -> Reference {
        text.parse().unwrap()
    }

    #[test]
    fn a_reference_is_read_as_docker_reads_it() {
        let cases = [
            ("web", "docker.io", "web:latest"),
            ("docker.io/library/web:v1", "docker.io", "web:v1"),
            ("index.docker.io/me/web", "docker.io", "me/web:latest"),
            ("me/web:v1", "docker.io", "me/web:v1"),
            ("reg.lan/me/web:v1", "reg.lan", "reg.lan/me/web:v1"),
            ("localhost/web", "localhost", "localhost/web:latest"),
            ("registry:5000/web", "registry:5000", "registry:5000/web:latest"),
            ("registry:5000/web:v1", "registry:5000", "registry:5000/web:v1"),
            ("reg.lan/me/a.b__c-d/e", "reg.lan", "reg.lan/me/a.b__c-d/e:latest"),
        ];
        for (text, registry, shown) in cases {
            let reference = read(text);
            assert_eq!((reference.registry(), reference.to_string().as_str()), (registry, shown), "{text}");
            assert_eq!(read(shown), Reference { tag: Some(reference.version().into()), ..reference }, "{text}");
        }
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let reference = read(&format!("reg.lan/me/web:v1@{DIGEST}"));
        assert_eq!((reference.tag(), reference.digest(), reference.version()), (Some("v1"), Some(DIGEST), DIGEST));
        assert_eq!(reference.to_string(), format!("reg.lan/me/web:v1@{DIGEST}"));
        assert_eq!(reference.pinned(DIGEST), format!("reg.lan/me/web@{DIGEST}"));
        assert_eq!(read(&format!("web@{DIGEST}")).to_string(), format!("web@{DIGEST}"));
    }

    #[test]
    fn only_what_nothing_fixes_is_latest() {
        let are_latest = ["web", "web:latest", "web:v1", &format!("web@{DIGEST}"), &format!("web:latest@{DIGEST}")]
            .map(|text| read(text).is_latest());
        assert_eq!(are_latest, [true, true, false, false, false]);
    }

    #[test]
    fn a_digest_counts_for_its_own_repository_only() {
        let digests = [format!("reg.lan/me/web@{DIGEST}"), format!("me/web@{DIGEST}x")];
        assert_eq!(read("reg.lan/me/web:v2").digest_among(&digests), Some(DIGEST));
        assert_eq!(read("docker.io/me/web").digest_among(&digests), Some(format!("{DIGEST}x").as_str()));
        assert_eq!(read("web").digest_among(&digests), None);
    }

    #[test]
    fn what_is_no_reference_is_told() {
        let cases = [
            ("", "``: `` is no name of an image; write `web`, `me/web` or `reg.lan/me/web`, in lower case"),
            ("Web", "`Web`: `Web` is no name of an image; write `web`, `me/web` or `reg.lan/me/web`, in lower case"),
            ("a//b", "`a//b`: `a//b` is no name of an image; write `web`, `me/web` or `reg.lan/me/web`, in lower case"),
            ("web:", "`web:`: `` is no tag; use up to 128 letters, digits, `.`, `_` or `-`"),
            ("web:a b", "`web:a b`: `a b` is no tag; use up to 128 letters, digits, `.`, `_` or `-`"),
            ("web@sha256:1", "`web@sha256:1`: `sha256:1` is no digest; write `sha256:` and its 64 digits"),
        ];
        for (text, message) in cases {
            assert_eq!(text.parse::<Reference>().unwrap_err().to_string(), message);
        }
        assert!(matches!(DIGEST.parse::<Reference>(), Err(ReferenceError::Id(_))));
    }
}

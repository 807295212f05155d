//! What an image is, whatever it is called. Pure.

/// So many of a digest's digits make the name of a release.
const RELEASE_DIGITS: usize = 12;

/// The digest that registries know an image by, else the Engine's own id of it, which differs from one way of storing
/// images to another. An image that has several is called by the one that it was asked for with.
#[must_use]
pub fn digest<'a>(asked_for: &'a str, id: &'a str, known_as: &'a [String]) -> &'a str {
    if let Some((_, digest)) = asked_for.rsplit_once('@') {
        return digest;
    }
    let mut known: Vec<(&str, &str)> = known_as.iter().filter_map(|known| known.rsplit_once('@')).collect();
    known.sort_unstable();
    let asked_for = familiar(untagged(asked_for));
    let same = known.iter().find(|(repository, _)| familiar(repository) == asked_for);
    same.or(known.first()).map_or(id, |(_, digest)| digest)
}

/// All that an image is known by: what [`digest`] chooses from. A push or a pull adds to it, and it is still the image.
pub fn digests<'a>(asked_for: &'a str, id: &'a str, known_as: &'a [String]) -> impl Iterator<Item = &'a str> {
    let named = known_as.iter().map(String::as_str).chain([asked_for]);
    named.filter_map(|name| Some(name.rsplit_once('@')?.1)).chain([id])
}

/// The name of a release that has no other: the first digits of its image's digest.
#[must_use]
pub fn release_of(digest: &str) -> &str {
    let digits = digest.rsplit_once(':').map_or(digest, |(_, digits)| digits);
    digits.get(..RELEASE_DIGITS).unwrap_or(digits)
}

/// The repository of an image as it was asked for.
fn untagged(image: &str) -> &str {
    match image.rsplit_once(':') {
        // What follows the colon of a registry's port is no tag.
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

/// The repository as the Engine writes it.
fn familiar(repository: &str) -> &str {
    let repository = repository.strip_prefix("docker.io/").unwrap_or(repository);
    repository.strip_prefix("library/").unwrap_or(repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_what_its_registry_says_and_else_what_the_engine_says() {
        let known = ["web@sha256:bb", "reg.lan/me/web@sha256:aa", "reg:5000/web@sha256:cc"].map(str::to_owned);
        for (asked_for, is) in [
            ("reg.lan/me/web:v1", "sha256:aa"),
            ("web", "sha256:bb"),
            ("docker.io/library/web:v1", "sha256:bb"),
            ("reg:5000/web", "sha256:cc"),
            ("reg:5000/web:v1", "sha256:cc"),
            ("other:v1", "sha256:aa"),
            ("sha256:0123", "sha256:aa"),
            ("web:v1@sha256:dd", "sha256:dd"),
        ] {
            assert_eq!(digest(asked_for, "sha256:0123", &known), is, "{asked_for}");
        }
        assert_eq!(digest("web:v1", "sha256:0123", &[]), "sha256:0123");
        let all: Vec<_> = digests("web:v1@sha256:dd", "sha256:0123", &known[..1]).collect();
        assert_eq!(all, ["sha256:bb", "sha256:dd", "sha256:0123"]);
    }

    #[test]
    fn a_release_without_a_name_is_called_by_its_digest() {
        assert_eq!(release_of("sha256:0123456789abcdef"), "0123456789ab");
        assert_eq!(release_of("0123456789abcdef"), "0123456789ab");
        assert_eq!(release_of("sha256:0123"), "0123");
    }
}

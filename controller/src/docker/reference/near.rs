//! What to say of an image that is not there: which of its repository's tags may have been meant.

use super::{LATEST, Reference};

/// So many tags are shown.
const SHOWN_MAX: usize = 5;
/// The digits of a whole commit hash of git.
const COMMIT_DIGITS: usize = 40;
/// With fewer digits a tag may as well be a number.
const SHORT_COMMIT_DIGITS_MIN: usize = 5;

/// `no such image: web:abc12; ...`, of the tags (`name:tag`) that this machine has.
pub(super) fn missing(wanted: &Reference, local: &[String]) -> String {
    let tag = wanted.version();
    let mut tags = tags(wanted, local);
    // One that begins as the other does is likelier meant than any other.
    tags.sort_by_key(|near| (!(near.starts_with(tag) || tag.starts_with(near.as_str())), near.clone()));
    let mut message = format!("no such image: {wanted}");
    if is_short_commit(tag) {
        message += "; a tag is matched whole, so give the commit hash as the build wrote it, not a part of it";
    }
    if tag == LATEST && wanted.tag().is_none() {
        message += "; no tag was given, so `latest` is meant";
    }
    if tags.is_empty() {
        return format!("{message}; push it, or build or load it on this machine");
    }
    let more = tags.len().saturating_sub(SHOWN_MAX);
    tags.truncate(SHOWN_MAX);
    let tags = tags.join(", ");
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{message}; this machine has {}: {tags}{more}", wanted.name())
}

/// The tags of the same repository.
fn tags(wanted: &Reference, local: &[String]) -> Vec<String> {
    let references = local.iter().filter_map(|full| full.parse::<Reference>().ok());
    let same = references.filter(|found| found.registry == wanted.registry && found.repository == wanted.repository);
    same.filter_map(|found| found.tag().map(str::to_owned)).collect()
}

fn is_short_commit(tag: &str) -> bool {
    (SHORT_COMMIT_DIGITS_MIN..COMMIT_DIGITS).contains(&tag.len()) && super::is_hex(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_commit_hash_is_told_which_tags_begin_so() {
        let wanted: Reference = "web:abc12".parse().unwrap();
        let local = ["web:v1", "web:abc1234f", "api:abc12", "reg.lan/me/web:abc12"].map(str::to_owned);
        let message = "no such image: web:abc12; a tag is matched whole, so give the commit hash as the build wrote \
                       it, not a part of it; this machine has web: abc1234f, v1";
        assert_eq!(missing(&wanted, &local), message);
    }

    #[test]
    fn a_missing_tag_is_told_what_is_there_and_at_most_five() {
        let wanted: Reference = "web".parse().unwrap();
        let local = ["web:1", "web:2", "web:3", "web:4", "web:5", "web:6"].map(str::to_owned);
        let message = "no such image: web:latest; no tag was given, so `latest` is meant; this machine has web: \
                       1, 2, 3, 4, 5 and 1 more";
        assert_eq!(missing(&wanted, &local), message);
        let message = "no such image: api:v2; push it, or build or load it on this machine";
        assert_eq!(missing(&"api:v2".parse().unwrap(), &local), message);
    }
}

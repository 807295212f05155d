//! What the canary's containers said last, cut to what an account has room for.

use crate::account::brief::brief;
use crate::api::{ContainerEnd, LastWords};

/// So many containers are told of: those that were heard of first.
pub(super) const CONTAINERS_MAX: usize = 4;
/// What each of them may take in JSON; all of them take 16 KiB.
const WORDS_MAX: usize = 4_096;
/// What of it may be short words.
const NAME_MAX: usize = 256;
const CHECK_MAX: usize = 256;
const TROUBLE_MAX: usize = 512;
/// What stands around a line in JSON.
const QUOTES: usize = 3;

/// Notes what a container said. Of one that has been heard already, only how it ended is news: what it wrote
/// while it left says nothing of why it had to. Gives whether there was news.
pub(super) fn note(told: &mut Vec<LastWords>, words: LastWords) -> bool {
    let words = cut(words);
    if let Some(before) = told.iter_mut().find(|before| before.container == words.container) {
        let ended = words.ended.clone().or_else(|| before.ended.clone());
        let restarts = words.restarts.max(before.restarts);
        let known = if before.trouble.is_some() { words } else { before.clone() };
        let next = LastWords { ended, restarts, ..known };
        let is_news = next != *before;
        *before = next;
        return is_news;
    }
    let has_room = told.len() < CONTAINERS_MAX;
    if has_room {
        told.push(words);
    }
    has_room
}

/// The words, so that they fit: the last lines stay.
fn cut(words: LastWords) -> LastWords {
    let LastWords { container, name, ended, restarts, checks, log, trouble } = words;
    let checks: Vec<_> = checks.iter().map(|check| brief(check, CHECK_MAX)).collect();
    let trouble = trouble.map(|why| brief(&why, TROUBLE_MAX));
    let ended = ended.map(|end| ContainerEnd { error: end.error.map(|error| brief(&error, TROUBLE_MAX)), ..end });
    let around =
        LastWords { container, name: brief(&name, NAME_MAX), ended, restarts, checks, log: Vec::new(), trouble };
    let mut room = WORDS_MAX.saturating_sub(bytes(&around));
    let mut last: Vec<String> = Vec::new();
    for line in log.iter().rev() {
        let line = brief(line, room.saturating_sub(QUOTES).max(QUOTES));
        let used = bytes(&line) + 1;
        if used > room {
            break;
        }
        room -= used;
        last.push(line);
    }
    last.reverse();
    LastWords { log: last, ..around }
}

fn bytes(of: &impl serde::Serialize) -> usize {
    serde_json::to_string(of).map_or(WORDS_MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(container: &str, log: &[&str]) -> LastWords {
        let log = log.iter().map(|line| (*line).to_owned()).collect();
        LastWords { container: container.into(), log, ..LastWords::default() }
    }

    fn ended(exit_code: i64) -> Option<ContainerEnd> {
        Some(ContainerEnd { exit_code, out_of_memory: false, was_told: true, error: None })
    }

    #[test]
    fn what_a_container_wrote_while_it_left_is_no_news() {
        let mut told = Vec::new();
        assert!(note(&mut told, said("a", &["why"])));
        assert!(note(&mut told, LastWords { ended: ended(0), ..said("a", &["why", "bye"]) }));
        assert_eq!(told, [LastWords { ended: ended(0), ..said("a", &["why"]) }]);
        assert!(!note(&mut told, said("a", &["later"])));
        assert_eq!(told[0].ended, ended(0));
    }

    #[test]
    fn what_could_not_be_heard_at_first_may_be_later() {
        let mut told = Vec::new();
        note(&mut told, LastWords { trouble: Some("no answer".into()), ..said("a", &[]) });
        assert!(note(&mut told, said("a", &["why"])));
        assert_eq!(told, [said("a", &["why"])]);
    }

    #[test]
    fn the_longest_words_have_room_and_the_last_lines_stay() {
        let mut told = Vec::new();
        let line = "\"\\é日".repeat(5_000);
        for container in 0..10 {
            let words = LastWords {
                name: line.clone(),
                ended: Some(ContainerEnd {
                    exit_code: i64::MIN,
                    out_of_memory: false,
                    was_told: false,
                    error: Some(line.clone()),
                }),
                restarts: u64::MAX,
                checks: vec![line.clone(); 5],
                trouble: Some(line.clone()),
                ..said(&format!("{container:012}"), &[&line, "the last but one", "the last"])
            };
            note(&mut told, words);
        }
        assert_eq!(told.len(), CONTAINERS_MAX);
        assert!(bytes(&told) <= 16 * 1024, "{}", bytes(&told));
        assert!(
            told.iter().all(|words| words.log.ends_with(&["the last but one".into(), "the last".into()])),
            "{told:?}"
        );
    }
}

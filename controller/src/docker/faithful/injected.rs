//! The files that were put into a container before it was started. No inspection shows them: Compose puts
//! `configs: content:` and `secrets: environment:` there.

use std::time::Duration;

use super::{FROM_COMPOSE, Report};

/// Secrets lie here, and nothing else does: these files are carried over.
pub const SECRETS: &str = "/run/secrets/";
/// Configs lie here by old habit.
pub const CONFIGS: &str = "/run/configs/";
/// An Engine itself puts this into a container that has `init`, and so it does with a copy.
const INIT: &str = "/sbin/docker-init";
/// So many are named in a message.
const NAMED_MAX: usize = 5;
/// What Compose puts into a container it puts there before its first start, which is within this time of its creation.
const FIRST_START_MAX: Duration = Duration::from_secs(60);
/// What is missing of a time in an archive: Compose rounds to a second, and `docker cp` cuts the rest off.
const ROUNDING: Duration = Duration::from_secs(1);
/// An Engine writes down that a container runs when it has run for so long at most.
const START_NOTED_MAX: Duration = Duration::from_secs(1);

/// A file that the image does not have, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Where it is.
    pub path: String,
    /// When it was written, since 1970.
    pub written: Option<Duration>,
}

/// When a container came to be, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// When it was created.
    pub created: Duration,
    /// Since when it had not run when it was started the last time: its creation, if that was the first time.
    pub resting: Duration,
    /// When it was started, the last time.
    pub started: Duration,
}

/// What was put into a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// What a copy is given, too.
    pub carried: Vec<String>,
    /// What must not be missing in a copy, and may be another in the new release.
    pub foreign: Vec<String>,
    /// What may have been put there, or written by the container itself.
    pub doubtful: Vec<String>,
    /// How many files were not looked at, as there are too many.
    pub overlooked: usize,
}

/// Who wrote a file, as far as its time tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Another,
    Unknown,
    Container,
}

// === impl Birth ===

impl Birth {
    /// From what an Engine knows: when it was created, started the last time, and ended the last time.
    #[must_use]
    pub fn new(created: Duration, started: Duration, finished: Option<Duration>) -> Self {
        let resting = match finished {
            Some(finished) if (created..=started).contains(&finished) => finished,
            // It has ended since; whether it ran before that start is not known.
            Some(finished) if finished > started && started > created + FIRST_START_MAX => started,
            _ => created,
        };
        Self { created, resting, started }
    }

    fn writer(self, written: Duration) -> Writer {
        // What is put into a container comes in an archive, which knows whole seconds; who writes has the clock's time.
        if written.subsec_nanos() == 0 {
            let is_since = |then: Duration| written + ROUNDING >= then;
            let is_first = is_since(self.created) && written <= self.created + FIRST_START_MAX;
            let is_last = is_since(self.resting) && written <= self.started + ROUNDING;
            return match is_since(self.created) {
                _ if is_first || is_last => Writer::Another,
                true => Writer::Unknown,
                // As old as an image is, or what an application unpacks.
                false => Writer::Container,
            };
        }
        if written < self.resting || written > self.started {
            Writer::Container
        } else if written + START_NOTED_MAX < self.started {
            // While it does not run, nothing in the container can write.
            Writer::Another
        } else {
            Writer::Unknown
        }
    }
}

// === impl Injected ===

impl Injected {
    /// What was put into a container, of the files that its image does not have so.
    #[must_use]
    pub fn among(changed: &[Changed], birth: Birth) -> Self {
        let mut injected = Self::default();
        for file in changed.iter().filter(|file| file.path != INIT) {
            let writer = file.written.map_or(Writer::Unknown, |written| birth.writer(written));
            let list = match writer {
                _ if file.path.starts_with(SECRETS) => &mut injected.carried,
                _ if file.path.starts_with(CONFIGS) => &mut injected.foreign,
                Writer::Another => &mut injected.foreign,
                Writer::Unknown => &mut injected.doubtful,
                Writer::Container => continue,
            };
            list.push(file.path.clone());
        }
        injected
    }

    pub(super) fn examine(&self, report: &mut Report) {
        if !self.foreign.is_empty() {
            report.refuse(
                format!(
                    "files were put into it before it started, by `configs: content:` or by hand: {}",
                    named(&self.foreign)
                ),
                FROM_COMPOSE,
            );
        }
        if !self.doubtful.is_empty() {
            report.warn(
                format!("a copy will not have files that may have been put into it: {}", named(&self.doubtful)),
                format!("if Compose put them there, {FROM_COMPOSE}"),
            );
        }
        if self.overlooked > 0 {
            report.warn(
                format!(
                    "it has written so many files that {} were not looked at, and a copy has none of them",
                    self.overlooked
                ),
                format!("if Compose puts `configs` or `secrets` into it, {FROM_COMPOSE}; keep the rest in a volume"),
            );
        }
    }
}

fn named(paths: &[String]) -> String {
    let shown = paths.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It was created and started once.
    const FIRST: Birth = Birth { created: at(100), resting: at(100), started: at(102) };
    /// It stood still from 5 000 to 5 010, and runs again.
    const AGAIN: Birth = Birth { created: at(100), resting: at(5_000), started: at(5_010) };

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Put there in an archive.
    fn put(path: &str, seconds: u64) -> Changed {
        Changed { path: path.into(), written: Some(at(seconds)) }
    }

    /// Written by a program that runs, a bit later.
    fn written(path: &str, seconds: u64) -> Changed {
        Changed { path: path.into(), written: Some(at(seconds) + Duration::from_millis(300)) }
    }

    #[test]
    fn secrets_are_carried_and_configs_are_not() {
        let files = [put("/run/secrets/token", 101), put("/run/configs/web", 101), put("/web.conf", 101)];
        let injected = Injected::among(&files, FIRST);
        assert_eq!(injected.carried, ["/run/secrets/token"]);
        assert_eq!(injected.foreign, ["/run/configs/web", "/web.conf"]);
        let mut report = Report::default();
        injected.examine(&mut report);
        let told: Vec<String> = report.refusals.iter().map(ToString::to_string).collect();
        let message = "files were put into it before it started, by `configs: content:` or by hand: /run/configs/web, \
                       /web.conf; deploy it with `--from-compose`";
        assert_eq!(told, [message]);
    }

    #[test]
    fn what_is_put_there_in_the_second_of_the_start_is_not_the_containers() {
        // A moment before the start, rounded: to the second of the start, or to the one after it.
        let files = [put("/a", 102), put("/b", 103), put("/c", 100)];
        let birth = Birth { started: at(102) + Duration::from_millis(700), ..FIRST };
        assert_eq!(Injected::among(&files, birth).foreign, ["/a", "/b", "/c"]);
    }

    #[test]
    fn what_the_container_wrote_itself_is_its_own() {
        let files = [written("/pid", 102), written("/log", 150), put("/unpacked", 5), put(INIT, 101)];
        assert_eq!(Injected::among(&files, FIRST), Injected::default());
        let files = [written("/log", 101), written("/log", 4_999), written("/log", 5_010), put("/unpacked", 5)];
        assert_eq!(Injected::among(&files, AGAIN), Injected::default());
    }

    #[test]
    fn what_was_put_there_before_any_start_is_known_after_the_last() {
        let files = [put("/first", 101), put("/again", 5_009), put("/between", 3_000), written("/by-hand", 5_002)];
        let injected = Injected::among(&files, AGAIN);
        assert_eq!(injected.foreign, ["/first", "/again", "/by-hand"]);
        assert_eq!(injected.doubtful, ["/between"]);
    }

    #[test]
    fn what_is_written_while_a_start_is_noted_is_doubtful() {
        let undated = Changed { path: "/undated".into(), written: None };
        let files = [written("/pid", 101), undated];
        let injected = Injected::among(&files, FIRST);
        assert_eq!(injected, Injected { doubtful: vec!["/pid".into(), "/undated".into()], ..Injected::default() });
    }

    #[test]
    fn what_was_not_looked_at_is_told() {
        let mut report = Report::default();
        Injected { overlooked: 3, ..Injected::default() }.examine(&mut report);
        let told: Vec<String> = report.warnings.iter().map(ToString::to_string).collect();
        let message = "it has written so many files that 3 were not looked at, and a copy has none of them; if Compose \
                       puts `configs` or `secrets` into it, deploy it with `--from-compose`; keep the rest in a volume";
        assert_eq!((told, report.refusals), (vec![message.to_owned()], Vec::new()));
    }

    #[test]
    fn a_container_rests_before_its_last_start() {
        let (created, started) = (at(100), at(5_010));
        assert_eq!(Birth::new(created, started, Some(at(5_000))), AGAIN);
        assert_eq!(Birth::new(created, started, None).resting, created);
        // It has ended since.
        assert_eq!(Birth::new(created, started, Some(at(6_000))).resting, started);
        assert_eq!(Birth::new(created, at(102), Some(at(6_000))), FIRST);
    }
}

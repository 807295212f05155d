//! The files that were put into a container between its creation and its start. No inspection shows them: Compose puts
//! `configs: content:` and `secrets: environment:` there.

use super::{FROM_COMPOSE, Report};

/// Secrets lie here, and nothing else does: these files are carried over.
pub const SECRETS: &str = "/run/secrets/";
/// Configs lie here by old habit.
const CONFIGS: &str = "/run/configs/";
/// An Engine itself puts this into a container that has `init`, and so it does with a copy.
const INIT: &str = "/sbin/docker-init";
/// So many are named in a message.
const NAMED_MAX: usize = 5;
/// A container that starts later than this many seconds after its creation may have run before.
const FIRST_START_SECONDS_MAX: i64 = 60;

/// A file that the image does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Where it is.
    pub path: String,
    /// When it was written, in seconds since 1970.
    pub written: Option<i64>,
}

/// When a container came to be, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// When it was created.
    pub created: i64,
    /// When it was started, the last time.
    pub started: i64,
}

/// What was put into a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Injected {
    /// What a copy is given, too.
    pub carried: Vec<String>,
    /// What must not be missing in a copy, and may be another in the new release.
    pub foreign: Vec<String>,
    /// What may have been put there, or written by the container when it ran before.
    pub doubtful: Vec<String>,
}

// === impl Injected ===

impl Injected {
    /// What was put into a container, of the files that its image does not have.
    #[must_use]
    pub fn among(added: &[Added], birth: Birth) -> Self {
        let mut injected = Self::default();
        let is_first_start = birth.started - birth.created <= FIRST_START_SECONDS_MAX;
        for file in added.iter().filter(|file| file.path != INIT) {
            // Before its start nothing in the container can write.
            let is_older = file.written.is_some_and(|written| written >= birth.created && written < birth.started);
            let list = if file.path.starts_with(SECRETS) {
                &mut injected.carried
            } else if file.path.starts_with(CONFIGS) || (is_older && is_first_start) {
                &mut injected.foreign
            } else if is_older && file.written.is_some_and(|time| time - birth.created <= FIRST_START_SECONDS_MAX) {
                &mut injected.doubtful
            } else {
                continue;
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

    const BIRTH: Birth = Birth { created: 100, started: 102 };

    fn added(path: &str, written: i64) -> Added {
        Added { path: path.into(), written: Some(written) }
    }

    #[test]
    fn secrets_are_carried_and_configs_are_not() {
        let files = [added("/run/secrets/token", 101), added("/run/configs/web", 101), added("/web.conf", 101)];
        let injected = Injected::among(&files, BIRTH);
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
    fn what_the_container_wrote_itself_is_its_own() {
        let files = [added("/tmp/pid", 102), added("/tmp/log", 150), added("/unpacked", 5), added(INIT, 101)];
        assert_eq!(Injected::among(&files, BIRTH), Injected::default());
    }

    #[test]
    fn what_one_that_ran_before_has_is_doubtful() {
        let files = [added("/web.conf", 101), added("/tmp/log", 5_000)];
        let injected = Injected::among(&files, Birth { started: 9_000, ..BIRTH });
        assert_eq!(injected, Injected { doubtful: vec!["/web.conf".into()], ..Injected::default() });
    }
}

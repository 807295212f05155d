//! Compose, as it is called here: `docker compose`, or `docker-compose`.
//!
//! What it reads and says may hold secrets, so that it is given the one by its standard input, and no word of the other
//! is shown that has not been looked through.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use canary_config::secret::Secret;
use serde_json::Value;
use tokio::process::Command;

use crate::compose::{Contents, Dialect, Shadow, read};
use crate::ctl::exit_code::Exit;
use crate::ctl::failure::Failure;
use crate::program::{self, Said};

/// How long it may take to say its version, or to read a file.
const LOOK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to make containers; canaryd waits a little longer.
const MAKE_TIMEOUT: Duration = Duration::from_secs(50);
/// The ways to call it, the first one that answers is taken.
const PROGRAMS: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];

/// A Compose that answers.
#[derive(Debug)]
pub(super) struct Compose {
    words: &'static [&'static str],
    dialect: Dialect,
}

/// What Compose is called for.
#[derive(Clone, Debug)]
pub(super) struct Project {
    /// The name that it goes by, if it is known.
    pub(super) name: Option<String>,
    /// In which relative paths begin.
    pub(super) folder: PathBuf,
    /// In the order in which they are read.
    pub(super) files: Vec<PathBuf>,
    /// From which variables are read, if it was told so; else from where it looks by itself.
    pub(super) env_files: Vec<PathBuf>,
}

/// What a project's files say.
#[derive(Debug)]
pub(super) struct Config {
    /// With every variable put in.
    pub(super) document: Value,
    /// The names of those that are set nowhere, and are empty.
    pub(super) unset: BTreeSet<String>,
}

// === impl Compose ===

impl Compose {
    /// The one that is installed here.
    pub(super) async fn find() -> Result<Self, Failure> {
        for words in PROGRAMS {
            let mut command = called(words);
            command.args(["version", "--short"]);
            if let Ok(Said { is_success: true, output, .. }) = program::run(command, None, LOOK_TIMEOUT).await {
                let is_old = output.trim().trim_start_matches('v').starts_with("1.");
                let dialect = if is_old { Dialect::Yaml } else { Dialect::Json };
                return Ok(Self { words, dialect });
            }
        }
        let what = "neither `docker compose` nor `docker-compose` can be run here";
        Err(Failure::new(Exit::Usage, what, "install Compose where canaryctl runs, or deploy without --from-compose"))
    }

    /// What a project's files say, the services of every profile included.
    pub(super) async fn config(&self, project: &Project) -> Result<Config, Failure> {
        let mut command = called(self.words);
        if let Some(name) = &project.name {
            command.args(["--project-name", name]);
        }
        command.arg("--project-directory").arg(&project.folder);
        for file in &project.files {
            command.arg("--file").arg(file);
        }
        for file in &project.env_files {
            command.arg("--env-file").arg(file);
        }
        if self.dialect == Dialect::Json {
            command.args(["--profile", "*"]);
        }
        command.arg("config").current_dir(&project.folder);
        if self.dialect == Dialect::Json {
            command.args(["--format", "json"]);
        }
        let (shown, program) = (shown(&project.files), self.words.join(" "));
        let said = program::run(command, None, LOOK_TIMEOUT).await;
        let said = said.map_err(|error| Failure::plain(Exit::Usage, format!("{program}: {error}")))?;
        let understood = said.is_success.then(|| read(&said.output, self.dialect)).flatten();
        let document = understood.ok_or_else(|| {
            // What it says may hold values.
            let what = format!("`{program} config` does not accept {shown}");
            Failure::new(Exit::Preflight, what, format!("run `{program} config --quiet` in that folder; it says why"))
        })?;
        Ok(Config { document, unset: unset(&said.errors) })
    }

    /// Whether a container is whole only when Compose has started it: then it writes contents into it and runs its
    /// `post_start`, and version 1 connects it to all networks but the first.
    pub(super) fn has_to_start(&self, shadow: &Shadow) -> bool {
        shadow.contents == Contents::Written
            || shadow.has_post_start()
            || (self.dialect == Dialect::Yaml && shadow.networks() > 1)
    }

    /// Makes the containers of a shadow, and says why if it cannot.
    pub(super) async fn make(&self, made: &Making<'_>) -> Result<(), String> {
        let mut command = self.of_shadow(made);
        let scale = format!("{}={}", made.service, made.instances);
        command.args(["up", "--no-deps", "--no-build"]);
        // Nothing is sent to what it starts before canaryd says so.
        command.arg(if self.has_to_start(made.shadow) { "--detach" } else { "--no-start" });
        command.args(["--scale", &scale, made.service]);
        let said =
            program::run_group(command, Some(made.file), MAKE_TIMEOUT).await.map_err(|error| error.to_string())?;
        if said.is_success {
            return Ok(());
        }
        let last = said.errors.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it says nothing");
        Err(made.shadow.redacted(last))
    }

    /// Removes what is there of a shadow, with its volumes that have no name. Whether that was done.
    pub(super) async fn clear_away(&self, made: &Making<'_>) -> bool {
        let mut command = self.of_shadow(made);
        command.args(["rm", "--force", "--stop", "-v"]);
        program::run_group(command, Some(made.file), MAKE_TIMEOUT).await.is_ok_and(|said| said.is_success)
    }

    fn of_shadow(&self, made: &Making<'_>) -> Command {
        let mut command = called(self.words);
        command.args(["--project-name", &made.project]).arg("--project-directory").arg(made.folder);
        command.args(["--file", "-"]).current_dir(made.folder);
        command
    }
}

/// What is to be made of a shadow.
#[derive(Debug)]
pub(super) struct Making<'a> {
    /// The project that it is.
    pub(super) project: String,
    /// The folder of the project that it is the shadow of.
    pub(super) folder: &'a Path,
    pub(super) shadow: &'a Shadow,
    pub(super) service: &'a str,
    /// What Compose reads.
    pub(super) file: &'a Secret,
    pub(super) instances: usize,
}

fn called(words: &[&str]) -> Command {
    let mut command = Command::new(words.first().copied().unwrap_or_default());
    command.args(words.iter().skip(1));
    command
}

/// The variables that Compose says are not set: `The "FOO" variable is not set. Defaulting to a blank string.`
fn unset(said: &str) -> BTreeSet<String> {
    let before = said.lines().filter_map(|line| line.split_once(" variable is not set").map(|(before, _)| before));
    let names = before.filter_map(|before| Some(before.split_whitespace().next_back()?.trim_matches(['"', '\\'])));
    // What is no name may hold a value.
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    names.filter(is_name).map(str::to_owned).collect()
}

fn shown(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_not_set_are_known_by_their_names() {
        let said = "The FOO variable is not set. Defaulting to a blank string.\n\
                    time=\"x\" level=warning msg=\"The \\\"BAR_2\\\" variable is not set. Defaulting to a blank string.\"\n\
                    level=warning msg=\"the attribute `version` is obsolete\"\nThe a=b variable is not set.\n";
        assert_eq!(unset(said).into_iter().collect::<Vec<_>>(), ["BAR_2", "FOO"]);
    }
}

//! Docker Compose, as a user calls it: what Debian has, and what it is today.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use bollard::query_parameters::ListContainersOptions;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::dockerd::{PROJECT, skip};
use super::{Dockerd, until};

/// Which Compose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compose {
    /// 1.29, by name `docker-compose`.
    Debian,
    /// What `.ci/setup test` has downloaded, if it could.
    Today,
}

/// A folder with a Compose file, and the project of it. What is up stays up: it ends with its Engine.
pub(crate) struct Project {
    program: PathBuf,
    folder: TempDir,
    host: String,
}

// === impl Compose ===

impl Compose {
    /// Where it is; or nothing, and it is said that this is skipped.
    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Debian => {
                let path = env::var_os("PATH").unwrap_or_default();
                let found = env::split_paths(&path).map(|folder| folder.join("docker-compose")).find(|it| it.is_file());
                if found.is_none() {
                    skip("docker-compose is not there; run: .ci/setup test");
                }
                found
            }
            Self::Today => {
                let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/docker-compose");
                let found = place.is_file().then_some(place);
                if found.is_none() {
                    note_that_it_is_missing();
                }
                found
            }
        }
    }
}

/// It is no package of Debian, so that not everybody can have it.
#[expect(clippy::print_stderr, reason = "whoever runs the tests has to know what they do not show")]
fn note_that_it_is_missing() {
    eprintln!("SKIPPED: Docker Compose could not be downloaded; run: .ci/setup test");
}

// === impl Project ===

impl Project {
    /// One with this file, if there is such a Compose.
    pub(crate) fn new(engine: &Dockerd, compose: Compose, file: &str) -> Option<Self> {
        let program = compose.program()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let project = Self { program, folder, host: engine.host.clone() };
        project.write("docker-compose.yml", file);
        Some(project)
    }

    /// Writes a file of the folder anew.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("our own folder takes a file");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds to a command of the user's what finds this Compose, as the only one, and its Engine.
    pub(crate) fn known_to(&self, command: &mut Command) {
        let only = self.path("bin");
        // It is there already if another command has asked before.
        let _there = fs::create_dir(&only).and_then(|()| symlink(&self.program, only.join("docker-compose")));
        command.env("PATH", only).env("DOCKER_HOST", &self.host).env("DOCKER_CONFIG", self.folder.path());
        command.current_dir(self.folder.path()).env_remove("COMPOSE_FILE");
    }

    /// What a command of the user's finds makes nothing before it is let go, and says so when it has been called for it.
    /// Then it makes everything, whether or not anybody listens any more.
    pub(crate) fn hold(&self) {
        let (only, real) = (self.path("bin"), self.program.canonicalize().expect("it is there"));
        let [file, called, go, said, ended] =
            ["file", "called", "go", "said", "ended"].map(|name| self.path(name).display().to_string());
        let held = format!(
            "#!/bin/sh\ncase \"$*\" in *' up '*) ;; *) exec {real} \"$@\" ;; esac\n/bin/cat >{file}\n: >{called}\nwhile \
             [ ! -e {go} ]; do /bin/sleep 0.02; done\n{real} \"$@\" <{file} >{said} 2>&1\n: >{ended}\n",
            real = real.display()
        );
        fs::create_dir(&only).expect("our own folder takes a folder");
        fs::write(only.join("docker-compose"), held).expect("our own folder takes a file");
        fs::set_permissions(only.join("docker-compose"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// Waits until it has been called to make something.
    pub(crate) async fn until_called(&self) {
        let called = self.path("called");
        until("a call of Compose", async || if called.exists() { Ok(()) } else { Err("none".into()) }).await;
    }

    /// Lets it go on, and waits for its end. Returns what it said.
    pub(crate) async fn let_go(&self) -> String {
        self.write("go", "");
        let ended = self.path("ended");
        until("the end of Compose", async || if ended.exists() { Ok(()) } else { Err("none".into()) }).await;
        fs::read_to_string(self.path("said")).expect("it said something")
    }

    /// Runs it with these words to its end, which has to be a good one. Returns what it said.
    pub(crate) async fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new(&self.program);
        command.args(["--project-name", PROJECT]).args(words).current_dir(self.folder.path());
        // Neither the user's settings nor their variables are any part of a test.
        command.env("DOCKER_HOST", &self.host).env("DOCKER_CONFIG", self.folder.path()).env_remove("COMPOSE_FILE");
        let output = spawn_blocking(move || command.output()).await.expect("it does not panic");
        let output = output.expect("it can be run");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{words:?}: {said}");
        said
    }

    /// The containers of one of its services that run, by their ids, the youngest first.
    pub(crate) async fn containers(&self, engine: &Dockerd, service: &str) -> Vec<String> {
        let labels = [format!("com.docker.compose.project={PROJECT}"), format!("com.docker.compose.service={service}")];
        let filters = [("label".to_owned(), labels.to_vec())];
        let options = ListContainersOptions { filters: Some(filters.into()), ..ListContainersOptions::default() };
        let listed = engine.docker.list_containers(Some(options)).await.expect("a list");
        listed.into_iter().filter_map(|container| container.id).collect()
    }
}

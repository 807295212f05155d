//! No value of a variable that a deployment sets is anywhere but in its containers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use age::secrecy::ExposeSecret as _;
use age::x25519::Identity;
use canary_controller::rollout::PhaseName;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use super::yard::Yard;
use crate::support::{Canaryd, with_engine};

/// What nobody may see.
const MARKER: &str = "hunter2-hunter2";
/// All requests at once, of which there need not be any.
const PLAN: &str = "strategy = \"blue-green\"\nprobation = \"300ms\"";
/// How often the processes are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);

/// The same, with a daemon that says all that it can say, and a folder of the user's.
async fn talkative<'a>(yard: &mut Yard<'a>) -> TempDir {
    yard.canaryd.terminate().await;
    let mut command = Command::new("env");
    command.arg("CANARYD_LOG=debug").arg(env!("CARGO_BIN_EXE_canaryd")).arg("--config").arg(&yard.site.config_path);
    yard.canaryd = Canaryd::answering(command, &yard.site).await;
    yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;
    tempfile::tempdir().unwrap()
}

/// The user's command, with what it needs in its environment, while all processes are looked at.
async fn canaryctl(yard: &Yard<'_>, words: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_canaryctl"));
    command.arg("--socket").arg(&yard.site.socket).args(words).env_remove("CANARYD_URL");
    command.envs(environment.iter().copied());
    let is_over = AtomicBool::new(false);
    let run = move || {
        thread::scope(|scope| {
            let looks = scope.spawn(|| {
                let mut seen = Vec::new();
                while !is_over.load(Ordering::SeqCst) {
                    seen.extend(shown_processes());
                    pause();
                }
                seen
            });
            let output = command.output().unwrap();
            is_over.store(true, Ordering::SeqCst);
            assert_eq!(looks.join().unwrap(), Vec::<String>::new());
            output
        })
    };
    spawn_blocking(run).await.unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "nobody is told of processes that come and go; this only paces the looks"
)]
fn pause() {
    thread::sleep(LOOK_INTERVAL);
}

/// The command lines that show it.
fn shown_processes() -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).filter(|line| line.contains(MARKER)).collect()
}

/// It is in the environment of the new containers, and nowhere in what canaryd and canaryctl say and keep.
async fn is_hidden(yard: &Yard<'_>, output: &Output) {
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    let mut all = vec![("canaryctl".to_owned(), said), ("the log".to_owned(), yard.canaryd.all_said())];
    all.push(("the metrics".to_owned(), yard.canaryd.metrics_with(None).await.text));
    for page in ["/v1/services", "/v1/services/web", "/v1/history", "/v1/services/web/rollouts", "/v1/freezes"] {
        all.push((page.to_owned(), yard.canaryd.api.get(page).await.text));
    }
    for path in files(&yard.site.path("state")) {
        all.push((path.display().to_string(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
    }
    assert!(all.len() > 7, "the store has files");
    for (place, text) in all {
        assert!(!text.contains(MARKER), "{place} shows it: {text}");
    }
    let made: Vec<_> = yard.containers().await.into_iter().filter(|one| one.is_made).collect();
    for one in &made {
        let inspected = yard.engine.docker.inspect_container(&one.name, None).await.unwrap();
        let config = inspected.config.unwrap();
        assert!(!format!("{:?}", config.labels).contains(MARKER));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

async fn token_of_new(yard: &Yard<'_>) -> Vec<String> {
    let mut tokens = Vec::new();
    for one in yard.containers().await.into_iter().filter(|one| one.is_made) {
        let inspected = yard.engine.docker.inspect_container(&one.name, None).await.unwrap();
        let env = inspected.config.unwrap().env.unwrap_or_default();
        tokens.extend(env.into_iter().filter(|pair| pair.starts_with("TOKEN=")));
    }
    tokens
}

#[test]
fn what_age_and_sops_decrypt_is_in_the_containers_alone() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, PLAN).await;
        let folder = talkative(&mut yard).await;
        let (v2, path) = (engine.image("v2", &[]).await, |name: &str| folder.path().join(name).display().to_string());
        let identity = Identity::generate();
        let sealed = age::encrypt(&identity.to_public(), format!("TOKEN={MARKER}-1\n").as_bytes()).unwrap();
        fs::write(path("app.env.age"), sealed).unwrap();
        fs::write(path("key.txt"), identity.to_string().expose_secret()).unwrap();
        let words = ["deploy", "web", "--image", &v2, "--wait", "--env-file", &path("app.env.age")];
        let output = canaryctl(&yard, &words, &[("CANARYD_AGE_IDENTITY", &path("key.txt"))]).await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(token_of_new(&yard).await, [format!("TOKEN={MARKER}-1")]);
        is_hidden(&yard, &output).await;

        yard.until_phase(PhaseName::Idle).await;

        // What stands for SOPS here says what SOPS would.
        let sops = format!("#!/bin/sh\necho 'TOKEN={MARKER}-2'\n[ \"$*\" = \"{}\" ]\n", expected(&path("app.env")));
        fs::write(path("sops"), sops).unwrap();
        fs::set_permissions(path("sops"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(path("app.env"), "TOKEN=ENC[AES256_GCM,data:x]\nsops_mac=ENC[y]\n").unwrap();
        let words = ["deploy", "web", "--image", &v2, "--wait", "--env-file", &path("app.env")];
        let with_sops = format!("{}:/usr/bin:/bin", folder.path().display());
        let output = canaryctl(&yard, &words, &[("PATH", &with_sops)]).await;
        assert!(output.status.success(), "{output:?}");
        let mut tokens = token_of_new(&yard).await;
        tokens.sort();
        assert_eq!(tokens, [format!("TOKEN={MARKER}-1"), format!("TOKEN={MARKER}-2")]);
        is_hidden(&yard, &output).await;
    });
}

fn expected(file: &str) -> String {
    format!("--decrypt --output-type dotenv --input-type dotenv {file}")
}

#[test]
fn what_the_environment_has_and_what_a_helper_knows_is_shown_by_no_failure() {
    with_engine(async |engine| {
        let mut yard = Yard::open(engine, 1, PLAN).await;
        // Docker's own helpers are asked by their names.
        let helpers = tempfile::tempdir().unwrap();
        let script = format!("#!/bin/sh\nread -r key\necho '{{\"Username\": \"me\", \"Secret\": \"{MARKER}\"}}'\n");
        let helper = helpers.path().join("docker-credential-hush");
        fs::write(&helper, script).unwrap();
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
        let config = helpers.path().join("config.json");
        fs::write(&config, r#"{"credsStore": "hush"}"#).unwrap();
        let text = fs::read_to_string(&yard.site.config_path).unwrap();
        let named = format!("[docker]\nregistry_auth_file = \"{}\"", config.display());
        yard.site.write(&text.replace("[docker]", &named));
        let path = format!("PATH={}:/usr/bin:/bin", helpers.path().display());
        yard.canaryd.terminate().await;
        let mut command = Command::new("env");
        command.args([&path, "CANARYD_LOG=debug", env!("CARGO_BIN_EXE_canaryd"), "--config"]);
        command.arg(&yard.site.config_path);
        yard.canaryd = Canaryd::answering(command, &yard.site).await;
        yard.until("stable", |status| status.tracks.first().is_some_and(|track| track.ready == 1)).await;

        // Nobody listens there, so that the Engine says what it was asked for.
        let words = ["deploy", "web", "--image", "127.0.0.1:1/me/web:v2", "--env", "TOKEN"];
        let output = canaryctl(&yard, &words, &[("TOKEN", MARKER)]).await;
        assert_eq!(output.status.code(), Some(5), "{output:?}");
        is_hidden(&yard, &output).await;
    });
}

//! A registry of images, which gives and takes nothing without a password.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bollard::auth::DockerCredentials;
use bollard::query_parameters::{PushImageOptions, RemoveImageOptions, TagImageOptions};
use futures_util::TryStreamExt as _;
use serde_json::json;
use tokio::net::TcpStream;

use super::dockerd::skip;
use super::{Dockerd, free_address, until};

/// Who pushes, and by which password.
const PUSHER: (&str, &str) = ("pusher", "plainpass");
/// Both users, with what their passwords come to.
const USERS: &str = "pusher:$2b$05$abcdefghijklmnopqrstuufJ99vAHTQbO2P8wJb8a1vXFcvFxCe86\n\
                     puller:$2b$05$abcdefghijklmnopqrstuuPdKleDCUk7KuVhotUUkXRonxw0MuI4e\n";

/// A process on loopback, until this is dropped.
pub(crate) struct Registry {
    process: Child,
    pub(crate) address: String,
}

// === impl Registry ===

impl Registry {
    /// By what the user `puller` pulls. Base64 has letters for it that two alphabets write in two ways.
    pub(crate) const PASSWORD: &str = "hunter2-hunter2?>?>~~";

    /// One that keeps what it has in this folder, if there is such a program.
    pub(crate) async fn start(folder: &Path) -> Option<Self> {
        let (program, address) = (program()?, free_address().to_string());
        let at = |name: &str| folder.join(name).display().to_string();
        let (images, users) = (at("images"), at("users"));
        fs::write(&users, USERS).expect("our own folder takes a file");
        let config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage:\n  filesystem: {{ rootdirectory: {images} }}\nhttp: {{ addr: \
             {address} }}\nauth:\n  htpasswd: {{ realm: test, path: {users} }}\n",
        );
        fs::write(at("registry.yml"), config).expect("our own folder takes a file");
        let mut command = Command::new(program);
        command.arg("serve").arg(at("registry.yml")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("it can be run");
        let registry = Self { process, address };
        let reached = async || TcpStream::connect(&registry.address).await.map(drop).map_err(|why| why.to_string());
        until("the registry", reached).await;
        Some(registry)
    }

    /// Puts an image of the Engine's there, takes it away from the Engine, and tells its name.
    pub(crate) async fn take(&self, engine: &Dockerd, image: &str, tag: &str) -> String {
        let repo = format!("{}/me/web", self.address);
        let name = format!("{repo}:{tag}");
        let tagged = TagImageOptions { repo: Some(repo.clone()), tag: Some(tag.to_owned()) };
        engine.docker.tag_image(image, Some(tagged)).await.expect("another name");
        let (username, password) = (Some(PUSHER.0.to_owned()), Some(PUSHER.1.to_owned()));
        let pusher = DockerCredentials { username, password, ..DockerCredentials::default() };
        let options = PushImageOptions { tag: Some(tag.to_owned()), ..PushImageOptions::default() };
        let pushed = engine.docker.push_image(&repo, Some(options), Some(pusher));
        pushed.try_collect::<Vec<_>>().await.expect("it takes it");
        for name in [&name, image] {
            engine.docker.remove_image(name, None::<RemoveImageOptions>, None).await.expect("it is there");
        }
        name
    }

    /// Writes a `config.json` of Docker's client, with this password.
    pub(crate) fn write_config(&self, file: &Path, password: &str) {
        let auth = BASE64_STANDARD.encode(format!("puller:{password}"));
        let config = json!({ "auths": { &*self.address: { "auth": auth } } });
        fs::write(file, config.to_string()).expect("our own folder takes a file");
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().expect("it is ours");
        self.process.wait().expect("it was killed");
    }
}

/// Where it is; or nothing, and it is said that this is skipped.
fn program() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/usr/bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let mut places = [ours].into_iter().chain(env::split_paths(&path)).map(|folder| folder.join("docker-registry"));
    let found = places.find(|place| place.is_file());
    if found.is_none() {
        skip("docker-registry is not there; run: .ci/setup test");
    }
    found
}

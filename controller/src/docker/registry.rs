//! What registries ask for before they give an image: the credentials that Docker's client keeps.
//!
//! An Engine does not read them; who asks it for an image sends them along. They come from a `config.json`, or from the
//! helper program that it names. A secret is shown to nobody but the Engine.

mod file;
mod helper;

use std::path::{Path, PathBuf};
use std::{env, io};

use bollard::auth::DockerCredentials;
use canary_config::secret::Secret;

use self::file::ConfigFile;
use super::reference::HUB;

/// How Docker's own registry is called in files and by helpers, for historical reasons.
const HUB_KEY: &str = "https://index.docker.io/v1/";
const FILE_NAME: &str = "config.json";

/// The credentials of all registries, as far as a file knows them.
#[derive(Debug, Default)]
pub struct Registries {
    file: ConfigFile,
    path: PathBuf,
}

/// What one registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A user with a password, or a token that is used like one.
    Password {
        /// Who it is.
        username: String,
        /// What shows it.
        password: Secret,
    },
    /// What the registry gave instead of a password, to be exchanged for a token.
    IdentityToken(Secret),
    /// A token for the registry itself.
    RegistryToken(Secret),
}

/// Why there are no credentials to be had.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file is not to be read.
    #[error("{}: cannot be read: {why}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The file is none of Docker's client. What it holds is never shown.
    #[error("{}: line {line}: this is no config.json of Docker's client; write it anew by `docker login`", .path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Where it goes wrong.
        line: usize,
    },
    /// An entry is not what Docker's client writes.
    #[error("{}: the entry of {registry} is no user and password; write it anew by `docker login {registry}`", .path.display())]
    Entry {
        /// Which file.
        path: PathBuf,
        /// Whose entry.
        registry: String,
    },
    /// The helper did not do what it is for.
    #[error("docker-credential-{helper}: {why}; it is asked for the credentials of {registry}")]
    Helper {
        /// Which helper.
        helper: String,
        /// For which registry.
        registry: String,
        /// What happened, without a word of its output.
        why: String,
    },
}

// === impl Registries ===

impl Registries {
    /// Reads the file that is named; else the one of Docker's client, which need not be there.
    ///
    /// # Errors
    /// When the file that is named is not there, or any of them cannot be read.
    pub fn load(named: Option<&Path>) -> Result<Self, RegistryError> {
        let Some(path) = named.map(Path::to_owned).or_else(default_path) else { return Ok(Self::default()) };
        match std::fs::read(&path) {
            Ok(text) => Ok(Self { file: ConfigFile::parse(&text, &path)?, path }),
            Err(why) if named.is_none() && why.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(why) => Err(RegistryError::Unreadable { path, why }),
        }
    }

    /// What is known of a registry, by its host. `None` when it is asked as anybody.
    ///
    /// # Errors
    /// When the file's entry is none, or the helper fails.
    pub async fn credentials(&self, registry: &str) -> Result<Option<Credentials>, RegistryError> {
        if let Some(helper) = self.file.helper(registry) {
            return helper::get(helper, registry, key(registry)).await;
        }
        self.file.entry(registry, &self.path)
    }
}

// === impl Credentials ===

impl Credentials {
    /// As an Engine is sent them.
    pub(super) fn to_sent(&self, registry: &str) -> DockerCredentials {
        let sent = DockerCredentials { serveraddress: Some(key(registry).to_owned()), ..DockerCredentials::default() };
        match self {
            Self::Password { username, password } => DockerCredentials {
                username: Some(username.clone()),
                password: Some(password.expose().to_owned()),
                ..sent
            },
            Self::IdentityToken(token) => DockerCredentials { identitytoken: Some(token.expose().to_owned()), ..sent },
            Self::RegistryToken(token) => DockerCredentials { registrytoken: Some(token.expose().to_owned()), ..sent },
        }
    }
}

/// How files and helpers call a registry.
fn key(registry: &str) -> &str {
    if registry == HUB { HUB_KEY } else { registry }
}

fn default_path() -> Option<PathBuf> {
    let folder = env::var_os("DOCKER_CONFIG").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")))?;
    Some(folder.join(FILE_NAME))
}
